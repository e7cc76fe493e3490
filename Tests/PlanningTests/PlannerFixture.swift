// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

/// Disks whose past is told in days, on Friday, 2026-11-27, 03:00.
struct PlannerFixture {
    static let now: Int64 = 1_795_748_400
    var settings = PlannerSettings(dumpcycleDays: 7, runsPerCycle: 7, capacityBytes: 1 << 50)
    var disks: [PlannerDisk] = []
    var sizes: [DiskName: [Int: Int64]] = [:]
    var rotation: VolumeRotation?

    /// A past dump of a level.
    struct Past {
        var level: Int
        var daysAgo: Double
        var label: String

        init(_ level: Int, _ daysAgo: Double, on label: String = "") {
            self.level = level
            self.daysAgo = daysAgo
            self.label = label.isEmpty ? "V-\(Int(daysAgo))" : label
        }
    }

    /// Adds a disk; sizes are GiB by level, uncompressed.
    mutating func add(
        _ disk: String, _ past: [Past], gib: [Int: Double], runs: Int = 1, command: Info.Command = [],
        host: String = "h", _ change: (inout DumpSchedule) -> Void = { _ in }
    ) {
        let name = DiskName(host: host, disk: disk)
        var schedule = DumpSchedule()
        schedule.dumpcycleDays = 7
        schedule.isCompressed = false
        change(&schedule)
        var info = Info()
        for dump in past {
            let size = Int64((gib[dump.level] ?? 1) * 1_048_576)
            info.record(
                .init(
                    level: dump.level, originalKiB: size, storedKiB: size, seconds: 100,
                    date: Self.now - Int64(dump.daysAgo * 86_400), fileNumber: 1, label: dump.label),
                isCompressed: false)
        }
        info.consecutiveRuns = past.isEmpty ? 0 : runs
        info.command = command
        let dumps = past.compactMap { dump in
            Datestamp(localTimeOf: Self.now - Int64(dump.daysAgo * 86_400)).map {
                StoredDump(name: name, level: dump.level, run: $0, labels: [dump.label])
            }
        }
        disks.append(PlannerDisk(name: name, schedule: schedule, info: info, dumps: dumps))
        sizes[name] = gib.mapValues { Int64($0 * 1_073_741_824) }
    }

    func planner() throws -> Planner {
        let run = try #require(Datestamp("20261127030000"))
        return Planner(settings: settings, disks: disks, run: run, now: Self.now, rotation: rotation)
    }

    func plan() throws -> Plan {
        try planner().plan(sizes.mapValues { .sizes($0) })
    }

    /// `/a 0` for each dump, in the plan's order.
    func levels() throws -> [String] {
        try plan().dumps.map { "\($0.name.disk) \($0.level)" }
    }

    /// The only dump's level and reason.
    func only() throws -> String {
        let dump = try #require(try plan().dumps.first)
        return "\(dump.level): \(dump.reason)"
    }
}
