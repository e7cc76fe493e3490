// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import TestSupport
import Testing

@testable import Planning

/// Fifty disks, a run each night, volumes taken and overwritten as the chooser says.
@Suite struct PlannerYearTests {
    /// 1 GiB to 200 GiB, 0 to 0.3 % growth and 0.2 % to 8 % change a day.
    static func disks(seed: UInt64, count: Int = 50, dumpcycleDays: Int = 7) -> [SimulatedDisk] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            var schedule = DumpSchedule()
            schedule.dumpcycleDays = dumpcycleDays
            schedule.bump.bytes = 100 << 20
            let exponent = Double.random(in: 0...1, using: &random)
            var size = 1.0
            for _ in 0..<Int(exponent * 100) { size *= 1.0544 }
            return SimulatedDisk(
                name: DiskName(host: index % 2 == 0 ? "localhost" : "node01", disk: "/data\(index)"),
                schedule: schedule,
                bytes: size * 1_073_741_824, growth: Double.random(in: 0...0.003, using: &random),
                change: Double.random(in: 0.002...0.08, using: &random),
                ratio: Double.random(in: 0.2...0.9, using: &random))
        }
    }

    private func check(_ node: SimulatedNode, _ title: String) {
        print("\(title): max/mean \(Double(Int(node.unevenness * 100)) / 100)\n\(node.months)")
        #expect(node.losses.isEmpty, "\(node.losses.prefix(5))")
    }

    @Test(
        .timeLimit(.minutes(9)),
        arguments: LongTests.whole(
            [false, true], or: [true], leavingOut: "a year of PlannerYearTests by curinfo"))
    func `a year of nights is even, misses no cycle and loses nothing`(walksAlways: Bool) throws {
        var settings = SimulatedNode.Settings()
        settings.walksAlways = walksAlways
        var node = SimulatedNode(settings, disks: Self.disks(seed: 1))
        for day in 0..<365 { try node.run(day: day, .good) }
        check(node, "a year, \(walksAlways ? "walks" : "curinfo")")
        #expect(node.missedCycles.isEmpty, "\(node.missedCycles.prefix(5))")
        #expect(!node.records.contains { $0.isWithoutVolume })
        #expect(node.unevenness < 1.3)
    }

    @Test(
        .long, .timeLimit(.minutes(9)),
        arguments: LongTests.whole([8, 9], or: [8], leavingOut: "tapecycle 9 of PlannerYearTests"))
    func `a rotation that is just large enough never stands still and loses nothing`(tapecycle: Int) throws {
        var settings = SimulatedNode.Settings()
        (settings.tapecycle, settings.slots) = (tapecycle, tapecycle)
        var node = SimulatedNode(settings, disks: Self.disks(seed: 2))
        for day in 0..<180 { try node.run(day: day, .good) }
        check(node, "tapecycle \(tapecycle)")
        #expect(node.missedCycles.isEmpty, "\(node.missedCycles.prefix(5))")
        #expect(!node.records.contains { $0.isWithoutVolume })
    }

    @Test(.long, .timeLimit(.minutes(9)))
    func `a year in which runs hardly have room for what is due delays no full dump by more than a day`()
        throws
    {
        var settings = SimulatedNode.Settings()
        settings.capacity = 260 << 30
        var node = SimulatedNode(
            settings,
            disks: Self.disks(seed: 2).map {
                var disk = $0
                disk.growth = 0
                return disk
            })
        for day in 0..<365 { try node.run(day: day, .good) }
        check(node, "260 GiB a run")
        // Where an eighth of the room is left, it takes four cycles to settle; even then none waits longer than a day.
        let late = node.missedCycles.filter { !$0.contains(" inf days") && !$0.contains(" 7.0 days") }
        #expect(late.isEmpty, "\(late)")
        let days = node.missedCycles.compactMap { $0.split(separator: " ").dropFirst().first?.dropLast() }
        #expect((days.compactMap { Int($0) }.max() ?? 0) < 28)
        #expect(node.records.allSatisfy { $0.plan.totalStoredBytes <= settings.capacity })
        #expect(node.records.dropFirst(14).allSatisfy { $0.plan.leftOut.isEmpty })
    }

    @Test(
        .long, .timeLimit(.minutes(9)),
        arguments: LongTests.whole([8, 9, 15], or: [9], leavingOut: "two of the three years of failing runs"))
    func `runs that fail cost time, never a dump`(tapecycle: Int) throws {
        var settings = SimulatedNode.Settings()
        (settings.tapecycle, settings.slots) = (tapecycle, tapecycle)
        var node = SimulatedNode(settings, disks: Self.disks(seed: 3))
        var random = SeededGenerator(seed: 9)
        for day in 0..<365 {
            let night: SimulatedNode.Night =
                switch Int.random(in: 0..<12, using: &random) {
                case 0: .noVolumeTaken
                case 1: .everyDumpFails
                case 2: .someDumpsFail
                default: .good
                }
            let failing = (0..<50).map { _ in Int.random(in: 0..<3, using: &random) == 0 }
            try node.run(day: day, night) { name in
                Int(name.disk.drop { !$0.isNumber }).map { failing[$0] } ?? false
            }
        }
        let without = node.records.filter(\.isWithoutVolume).count
        check(node, "failing runs, tapecycle \(tapecycle), \(without) nights without a volume")
        // With a single volume more than a cycle has runs, failures may bring it to a standstill, though never lose.
        if tapecycle > 8 { #expect(without == 0) }
    }
}
