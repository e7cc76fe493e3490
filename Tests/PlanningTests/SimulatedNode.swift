// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

/// A disk that grows and changes.
struct SimulatedDisk {
    let name: DiskName
    var schedule: DumpSchedule
    var bytes: Double
    /// Of its bytes, each day.
    var growth: Double
    var change: Double
    var ratio: Double
    var info = Info()
    /// Dumps that were stored, with what each builds upon as tar's snapshots have it: known to the simulation alone.
    var dumps: [SimulatedDump] = []

    /// Bytes that differ from what was there some days ago: what changes twice counts once.
    func changed(days: Double) -> Double {
        var unchanged = 1.0
        for _ in 0..<Int(days.rounded()) { unchanged *= 1 - change }
        return bytes * min(1, 1 - unchanged) + bytes * 0.0005
    }

    func nativeBytes(level: Int, now: Int64) -> Int64 {
        guard level > 0, let base = info.base(ofLevel: level) else { return Int64(bytes) }
        return Int64(changed(days: Double(now - base.date) / 86_400))
    }
}

struct SimulatedDump {
    var stored: StoredDump
    var base: Datestamp?
}

/// One node over many nights: planner, volume chooser, tapelist and curinfo in the loop, the disks simulated.
struct SimulatedNode {
    /// What goes wrong in a night.
    enum Night { case good, noVolumeTaken, everyDumpFails, someDumpsFail }

    struct Settings {
        var tapecycle = 15
        var slots = 15
        var dumpcycleDays = 7
        var runsPerCycle = 7
        var capacity = Int64(4) << 40
        /// Sizes come from a walk each night, not from curinfo.
        var walksAlways = false
    }

    struct Record {
        var day: Int
        var storedBytes: Int64 = 0
        var fullBytes: Int64 = 0
        var fulls = 0
        var plan = Plan()
        var isWithoutVolume = false
    }

    static let start: Int64 = 1_767_236_400  // 2026-01-01 03:00 UTC
    let settings: Settings
    var disks: [SimulatedDisk]
    var tapelist = Tapelist()
    var labels: [String?]
    var records: [Record] = []
    /// Days on which a disk went without a full dump for longer than its cycle.
    var missedCycles: [String] = []
    /// Moments in which a disk could not be restored to its newest dump.
    var losses: [String] = []

    init(_ settings: Settings, disks: [SimulatedDisk]) {
        self.settings = settings
        self.disks = disks
        labels = Array(repeating: nil, count: settings.slots)
    }

    mutating func run(day: Int, _ night: Night, failing: (DiskName) -> Bool = { _ in false }) throws {
        var record = Record(day: day)
        defer { records.append(record) }
        let now = Self.start + Int64(day) * 86_400 + Int64(day % 7) * 60
        let run = try #require(Datestamp(localTimeOf: now))
        for index in disks.indices { disks[index].bytes *= 1 + disks[index].growth }
        guard night != .noVolumeTaken else { return }
        let chooser = chooser()
        guard let choice = try? chooser.choose(run: run, slots: slots) else {
            record.isWithoutVolume = true
            return
        }
        let planner = planner(run, now, chooser.rotation(slots: slots, choices: [choice]))
        let plan = planner.plan(estimates(planner, now))
        record.plan = plan
        take(choice, run)
        checkRestorable(day, "after volume '\(choice.label)' was taken")
        guard night != .everyDumpFails else { return }
        for dump in plan.dumps where night == .good || !failing(dump.name) {
            store(dump, run, now, choice.label, &record)
        }
        checkRestorable(day, "after the run")
        if night == .good { checkCycles(day, now) }
    }

    var slots: [SlotContents] {
        labels.enumerated().map { index, label in
            let header = label.map {
                VolumeHeader(datestamp: tapelist.entry(label: $0)?.datestamp, label: $0)
            }
            return SlotContents(
                slot: "slot-\(index + 1)", volume: header.map { .labelled($0) } ?? .unlabelled)
        }
    }

    /// What the catalog lists: whole dumps on volumes that still bear their run's datestamp.
    private func listed(_ disk: SimulatedDisk) -> [StoredDump] {
        disk.dumps.map(\.stored).filter { dump in
            dump.labels.allSatisfy { tapelist.entry(label: $0)?.datestamp == dump.run }
        }
    }

    private func chooser() -> VolumeChooser {
        var chooser = VolumeChooser(
            policy: VolumePolicy(
                configuration: "c", organisation: "o", labelstr: nil, autolabelTemplate: "C-%%%",
                autolabel: .empty, tapecycle: settings.tapecycle),
            tapelist: tapelist)
        chooser.needs = VolumeNeed.volumes(of: disks.compactMap { RestorableChain.newest(of: listed($0)) })
        return chooser
    }

    private func planner(_ run: Datestamp, _ now: Int64, _ rotation: VolumeRotation) -> Planner {
        Planner(
            settings: PlannerSettings(
                dumpcycleDays: settings.dumpcycleDays, runsPerCycle: settings.runsPerCycle,
                capacityBytes: settings.capacity),
            disks: disks.map {
                PlannerDisk(name: $0.name, schedule: $0.schedule, info: $0.info, dumps: listed($0))
            },
            run: run, now: now, rotation: rotation)
    }

    private func estimates(_ planner: Planner, _ now: Int64) -> [DiskName: SizeEstimate] {
        var estimates: [DiskName: SizeEstimate] = [:]
        let byName = Dictionary(uniqueKeysWithValues: disks.map { ($0.name, $0) })
        for request in planner.requests where request.needsWalk || settings.walksAlways {
            guard let disk = byName[request.name] else { continue }
            estimates[request.name] = .sizes(
                Dictionary(
                    uniqueKeysWithValues: request.levels.map {
                        ($0.level, disk.nativeBytes(level: $0.level, now: now))
                    }))
        }
        return estimates
    }

    private mutating func take(_ choice: VolumeChoice, _ run: Datestamp) {
        if let index = slots.firstIndex(where: { $0.slot == choice.slot }) { labels[index] = choice.label }
        tapelist.set(TapelistEntry(datestamp: run, label: choice.label))
        for index in disks.indices {
            disks[index].dumps.removeAll { $0.stored.labels.contains(choice.label) && $0.stored.run != run }
        }
    }

    private mutating func store(
        _ dump: PlannedDump, _ run: Datestamp, _ now: Int64, _ label: String, _ record: inout Record
    ) {
        guard let index = disks.firstIndex(where: { $0.name == dump.name }) else { return }
        let native = disks[index].nativeBytes(level: dump.level, now: now)
        let stored = Int64(Double(native) * disks[index].ratio)
        let base = disks[index].info.base(ofLevel: dump.level)
        disks[index].info.record(
            .init(
                level: dump.level, originalKiB: native >> 10, storedKiB: stored >> 10,
                seconds: max(1, stored / (80 << 20)), date: now, fileNumber: 1, label: label),
            isCompressed: true)
        disks[index].dumps.append(
            SimulatedDump(
                stored: StoredDump(name: dump.name, level: dump.level, run: run, labels: [label]),
                base: dump.level == 0 ? nil : base.flatMap { Datestamp(localTimeOf: $0.date) }))
        record.storedBytes += stored
        if dump.level == 0 {
            record.fulls += 1
            record.fullBytes += stored
        }
    }

    /// By what the simulation itself knows of bases, not by the rule that is tested.
    private mutating func checkRestorable(_ day: Int, _ moment: String) {
        for disk in disks where disk.info.lastLevel >= 0 {
            let byRun = Dictionary(uniqueKeysWithValues: disk.dumps.map { ($0.stored.run, $0) })
            guard let newest = disk.info.statistics(level: disk.info.lastLevel) else { continue }
            var next = Datestamp(localTimeOf: newest.date)
            while let run = next {
                guard let dump = byRun[run] else {
                    losses.append("day \(day), \(moment): \(disk.name) lacks its dump of \(run)")
                    break
                }
                next = dump.base
            }
        }
    }

    private mutating func checkCycles(_ day: Int, _ now: Int64) {
        for disk in disks {
            let age = disk.info.statistics(level: 0).map { Double(now - $0.date) / 86_400 } ?? .infinity
            if age > Double(disk.schedule.dumpcycleDays) - 0.5 {
                missedCycles.append("day \(day): \(disk.name) has no full dump for \(age) days")
            }
        }
    }
}

/// What the nights were like.
extension SimulatedNode {
    /// The heaviest night by the mean of the nights of a cycle before and after it, once the first two cycles are over.
    var unevenness: Double {
        let loads = records.map { Double($0.storedBytes) }
        let cycle = settings.dumpcycleDays
        return loads.indices.dropFirst(2 * cycle).map { index in
            let around = loads[max(cycle, index - cycle)..<min(loads.count, index + cycle + 1)]
            return loads[index] / max(1, around.reduce(0, +) / Double(around.count))
        }.max() ?? 0
    }

    /// One line a month, of thirty nights.
    var months: String {
        stride(from: 0, to: records.count, by: 30).map { first in
            let month = records[first..<min(first + 30, records.count)]
            let loads = month.map { Double($0.storedBytes) / 1_073_741_824 }
            let mean = loads.reduce(0, +) / Double(loads.count)
            let heaviest = month.max { $0.storedBytes < $1.storedBytes }?.day ?? 0
            func text(_ number: Double?) -> String { String(Int((number ?? 0).rounded())) }
            let curve = loads.map { String(Self.bars[min(7, Int($0 / max(1, mean) * 4))]) }.joined()
            return
                "nights \(first)...\(first + month.count - 1): min \(text(loads.min())) mean \(text(mean)) "
                + "max \(text(loads.max())) GiB, heaviest night \(heaviest) \(curve)"
        }.joined(separator: "\n")
    }

    private static let bars = Array("▁▂▃▄▅▆▇█")
}
