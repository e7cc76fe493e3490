// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Planning

/// What a plan is made of: what the catalog and tar's snapshots say of every disk, and which volumes there are.
struct PlanningFacts: Sendable {
    let disks: [PlannerDisk]
    let tapelist: Tapelist

    /// What increments can build on.
    let bases: IncrementBases
    /// By what the dumps will be judged.
    let known: KnownMeasures

    /// Reads files; blocks.
    ///
    /// - Parameters:
    ///   - entries: the disks that the run is to dump.
    ///   - places: nil: the store does not answer.
    ///   - sending: held dumps that the run would send before it dumps anything: they count as if they lay on a volume.
    init(
        _ prepared: PreparedConfiguration, entries: [DisklistEntry], run: Datestamp, places: VolumeSlots?,
        sending: [HeldDump] = [], known records: KnownMeasures = KnownMeasures(),
        _ plausibility: Plausibility = Plausibility()
    ) throws {
        let reader = CatalogReader(prepared.location)
        tapelist = try reader.tapelist()
        let sent = sending.map { CatalogDump(asSent: $0, by: run) }
        let history = try reader.recentHistory(of: prepared.entries.map(\.name), before: run).adding(sent)
        let bases = IncrementBases(
            run: run, history: history, slots: sent.isEmpty ? places : nil,
            recovered: prepared.location.recovered.flatMap(\.dumps))
        self.bases = bases
        let known = records.adding(history) { prepared.plausibility(of: $0, plausibility) }
        self.known = known
        let whole = Dictionary(grouping: try reader.dumps().filter(\.isWhole) + sent, by: \.diskName)
        disks = try entries.map { entry in
            var disk = PlannerDisk(
                name: entry.name, schedule: prepared.schedule(of: entry),
                info: try reader.info(host: entry.host, disk: entry.diskName) ?? Info(),
                dumps: (whole[entry.name] ?? []).map { StoredDump($0).marked(by: known) },
                snapshotLevels: bases.baseLevels(of: entry))
            disk.suspectLevel = known.disk(entry.name).suspectLevel
            return disk
        }
    }
}

extension PreparedConfiguration {
    /// A self-backup is always a full one: an empty machine starts from one archive, and all of it is looked at.
    fileprivate func schedule(of entry: DisklistEntry) -> DumpSchedule {
        var schedule = entry.dumptype.schedule
        guard choice.role == .selfBackup else { return schedule }
        (schedule.strategy, schedule.dumpcycleDays) = (.noIncrements, 0)
        (schedule.skipsFulls, schedule.skipsIncrements) = (false, false)
        return schedule
    }

    /// By which shares a disk's dumps are judged: its dumptype's before the cluster's.
    func plausibility(of name: DiskName, _ common: Plausibility) -> Plausibility {
        let dumptype = entry(name)?.dumptype
        return Plausibility(
            bytes: dumptype?.plausibleByteShare ?? common.bytes,
            names: dumptype?.plausibleNameShare ?? common.names)
    }
}

extension CatalogDump {
    /// A held dump as the logs will know it once `run` has sent it.
    fileprivate init(asSent held: HeldDump, by run: Datestamp) {
        let header = held.header
        self.init(
            name: LogDumpName(
                host: header.host, disk: header.disk, datestamp: header.datestamp.description,
                level: header.level),
            run: run,
            parts: [PartPlace(label: HeldDump.label, fileNumber: 1, byteCount: held.storedByteCount)],
            originalKiB: header.originalKiB)
    }
}
