// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import TestSupport
import Testing

@testable import Planning

/// Whatever a damaged curinfo or an estimate says: a plan comes of it. A trap would end the test program.
@Suite struct AbsurdNumberTests {
    static let numbers: [Int64] = [
        0, 1, -1, 2, 399, 400, 86_400, 1 << 31, -(1 << 31), 1 << 53, 1 << 54, 1 << 62, .max, .min, .max - 1,
        .min + 1,
    ]

    private static func info(_ generator: inout SeededGenerator) -> Info? {
        func number() -> Int64 {
            Bool.random(using: &generator)
                ? Int64.random(in: 0...4_000_000_000, using: &generator)
                : numbers.randomElement(using: &generator) ?? 0
        }
        func level() -> Int64 { Int64.random(in: 0...2, using: &generator) }
        var lines = ["version: 0", "command: \(Int64.random(in: 0...31, using: &generator))"]
        lines.append("full-rate: \(number()).5 1e400 nan")
        lines.append("full-comp: \(number()).0 0.5 inf")
        lines.append("incr-rate: \(number()).000000")
        lines.append("incr-comp: \(number()).000000")
        for statistics in 0...level() {
            lines.append(
                "stats: \(statistics) \(number()) \(number()) \(number()) \(number()) \(number()) V-\(level())"
            )
        }
        lines.append("last_level: \(Bool.random(using: &generator) ? level() : number()) \(number())")
        for _ in 0..<4 {
            lines.append("history: \(level()) \(number()) \(number()) \(number()) \(number())")
        }
        return Info(parsing: (lines + ["//", ""]).joined(separator: "\n"))
    }

    private static func schedule(_ generator: inout SeededGenerator) -> DumpSchedule {
        var schedule = DumpSchedule()
        let whole = [0, 1, 7, Int(Int32.max)]
        schedule.strategy =
            [.standard, .noIncrements, .noFulls, .incrementsOnly].randomElement(using: &generator)
            ?? .standard
        schedule.dumpcycleDays = whole.randomElement(using: &generator) ?? 0
        schedule.bump.percent = [0, 50, 100].randomElement(using: &generator) ?? 0
        schedule.bump.bytes = [0, 1, .max].randomElement(using: &generator) ?? 0
        schedule.bump.days = whole.randomElement(using: &generator) ?? 0
        schedule.bump.multiplier = [0.999, 1.5, 1e300, .infinity].randomElement(using: &generator) ?? 1
        schedule.maxPromoteDays = whole.randomElement(using: &generator) ?? 0
        schedule.skipsFulls = Int.random(in: 0..<5, using: &generator) == 0
        schedule.skipsIncrements = Int.random(in: 0..<5, using: &generator) == 0
        schedule.isCompressed = Bool.random(using: &generator)
        schedule.expectedFullRatio = [0, 0.5, 1e300].randomElement(using: &generator) ?? 0
        return schedule
    }

    @Test(.timeLimit(.minutes(9))) func `a plan comes of any curinfo and any estimate`() throws {
        var generator = SeededGenerator(seed: 9)
        let run = try #require(Datestamp("20261127030000"))
        var planned = 0
        for _ in 0..<(LongTests.areWanted ? 20_000 : 2_000) {
            var fixture = PlannerFixture()
            fixture.settings.capacityBytes = [0, 1 << 30, .max].randomElement(using: &generator) ?? 0
            fixture.settings.overheadBytesPerDump = [0, 32_768, .max].randomElement(using: &generator) ?? 0
            var estimates: [DiskName: SizeEstimate] = [:]
            for number in 0..<3 {
                let name = DiskName(host: "h", disk: "/\(number)")
                let dumps = (0..<2).map {
                    StoredDump(name: name, level: $0, run: run, labels: ["V-\($0)"])
                }
                var disk = PlannerDisk(
                    name: name, schedule: Self.schedule(&generator), info: Self.info(&generator) ?? Info(),
                    dumps: dumps)
                if Bool.random(using: &generator) {
                    disk.suspectLevel = Int.random(in: 0...2, using: &generator)
                }
                fixture.disks.append(disk)
                let sizes = (0..<3).map { ($0, Self.numbers.randomElement(using: &generator) ?? 0) }
                if Bool.random(using: &generator) {
                    estimates[name] = .sizes(Dictionary(uniqueKeysWithValues: sizes).mapValues { max(0, $0) })
                }
            }
            if Bool.random(using: &generator) {
                fixture.rotation = VolumeRotation(
                    reusable: ["V-0", "V-1"], unwrittenCount: Int.random(in: 0...3, using: &generator),
                    retainedCount: Int.random(in: 0...3, using: &generator), tonight: ["V-0"])
            }
            let plan = try fixture.planner().plan(estimates)
            planned += plan.dumps.count
            for dump in plan.dumps { #expect(!"\(dump.reason)".isEmpty) }
            for left in plan.leftOut { #expect(!"\(left)".isEmpty) }
            let night = NightEstimate(
                plan.dumps.map {
                    QueuedDump(
                        name: $0.name, storedBytes: $0.dump.storedBytes,
                        bytesPerSecond: $0.dump.bytesPerSecond,
                        priority: $0.priority)
                }, limits: QueueLimits(inparallel: 2, order: DumpOrder("sS"), netusage: .max),
                capBytesPerSecond: 1, now: PlannerFixture.now)
            _ = night.warnings(available: 60)
        }
        #expect(planned > 100)
    }
}
