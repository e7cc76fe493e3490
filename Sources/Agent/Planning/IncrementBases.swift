// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Files
import Glibc
import Saturation

/// What an increment builds on: the snapshot that tar starts from, and the dumps that a restore needs first.
struct IncrementBase: Sendable {
    /// For `DumpPlan.base`.
    let base: DumpBase
    /// For `DumpRecord.bases`; ascending. nil: the volumes were not looked at.
    let records: [DumpBaseRecord]?
}

/// Which increments a configuration's disks can have: the chain below must still be there, whole, and the snapshot must be
/// that of its topmost dump. Looked up once, before levels are planned.
struct IncrementBases: Sendable {
    /// A run's name may be ahead of the clock by some seconds, for names always rise.
    private static let leadSeconds: Int64 = 120
    /// By which a clock may be put right at any time.
    private static let stepSeconds: Int64 = 60

    /// Whether an increment of a level is possible.
    enum Answer: Sendable {
        case possible(IncrementBase)
        /// Why not, for the plan; a full dump is always possible.
        case impossible(String)
    }

    let run: Datestamp
    let history: DumpHistory
    /// nil: the store does not answer, and the catalog alone counts.
    let slots: VolumeSlots?
    /// Dumps that the catalog would be told of first: a dry run.
    var recovered: [RecoveredRun.Dump] = []

    /// The levels that an increment can build on, for the planner.
    func baseLevels(of entry: DisklistEntry) -> Set<Int> {
        let newest = history.bases(of: entry.name, below: TarSnapshots.greatestLevel, before: run)?.top
        return Set(
            (0..<((newest?.name.level ?? -1) + 1)).filter { level in
                if case .possible(let base) = answer(level + 1, of: entry) {
                    base.base == .level(level)
                } else {
                    false
                }
            })
    }

    /// A disk whose full dumps are made by other means stores everything where there is nothing to build on, as in Amanda.
    ///
    /// - Parameter level: above 0.
    func answer(_ level: Int, of entry: DisklistEntry) -> Answer {
        let answer = known(level, entry)
        guard case .impossible = answer, entry.dumptype.schedule.fullsAreElsewhere else { return answer }
        return .possible(IncrementBase(base: .nothing, records: []))
    }

    private func known(_ level: Int, _ entry: DisklistEntry) -> Answer {
        guard let chain = history.bases(of: entry.name, below: level, before: run), let top = chain.top else {
            return .impossible("no dump below level \(level) is in the catalog")
        }
        guard chain.isRooted || entry.dumptype.schedule.fullsAreElsewhere else {
            return .impossible(
                "the logs know no full dump below level \(top.name.level) of run \(top.name.datestamp)")
        }
        if let lost = chain.firstLost {
            return .impossible("\(LostVolume(label: nil, dump: lost, cause: .notInTapelist))")
        }
        do {
            let records = try slots.map { try chain.records($0) }
            let snapshots = try TarSnapshots(host: entry.host, dle: DLEDescription(entry))
            if let fault = fault(of: snapshots, at: top, entry) { return .impossible(fault) }
            return .possible(IncrementBase(base: .level(top.name.level), records: records))
        } catch {
            return .impossible("\(error)")
        }
    }

    /// A snapshot bears no run's name, only the time when tar began. It is the base's when it lies between the run before
    /// and the run after: a dump that failed late, or whose run was killed, may have left a newer one (stock amgtar
    /// renames before the volume is written), and then the increment would lack what only that dump has. Nor may it be
    /// newer than the run's log: names are of host and disk alone, and another configuration that dumps the same disk into
    /// the same directory leaves its own there.
    private func fault(of snapshots: TarSnapshots, at base: CatalogDump, _ entry: DisklistEntry) -> String? {
        let level = base.name.level
        guard let started = snapshots.startedAt(level: level) else {
            return "there is no snapshot of level \(level) in '\(snapshots.directory)'"
        }
        // tar would leave out all that has changed before that time.
        guard started <= Int64(time(nil)) + Self.stepSeconds else {
            return
                "the snapshot of level \(level) is of a time that has not come yet: this machine's clock was set back since run "
                + base.name.datestamp
        }
        if let found = recovered.first(where: { $0.name == base.name }),
            found.madeWithin?.contains(started) != true
        {
            return "the snapshot of level \(level) is not that of run \(base.name.datestamp)"
        }
        let attempts = history.attempts(at: entry.name).filter { $0 < run }.map(\.description)
        let before = attempts.last { $0 < base.name.datestamp }
        let after = attempts.first { $0 > base.name.datestamp }
        guard let begun = Datestamp(localTimeOf: started)?.description,
            let latest = Datestamp(localTimeOf: started + Self.leadSeconds)?.description,
            before.map({ latest >= $0 }) ?? true, after.map({ begun <= $0 }) ?? true
        else { return "the snapshot of level \(level) is not that of run \(base.name.datestamp)" }
        if let ended = try? FileSystem.status(base.log)?.modifiedAt, started > ended {
            return "the snapshot of level \(level) in '\(snapshots.directory)' is newer than run "
                + "\(base.name.datestamp): another configuration dumps the same disk"
        }
        return nil
    }
}

extension DumpChain {
    /// For a node record; every dump of the chain must still lie where the logs say.
    func records(_ slots: VolumeSlots) throws -> [DumpBaseRecord] {
        try dumps.map { dump in
            guard dump.isWhole else {
                throw LostVolume(label: nil, dump: dump, cause: .notInTapelist)
            }
            return try DumpBaseRecord(dump, volumes: slots.volumes(of: dump))
        }
    }
}

extension DumpBaseRecord {
    /// - Throws: `WireError` of kind `damaged` where the log holds an impossible name or number.
    init(_ dump: CatalogDump, volumes: [VolumeRecord]) throws(WireError) {
        guard let run = RunName(dump.name.datestamp) else {
            throw WireError(.damaged, "\(dump.log) names run '\(dump.name.datestamp)'")
        }
        // Old logs round a part to KiB: lengths count only where they add up to the whole.
        let total = dump.parts.compactMap(\.byteCount).saturatedSum
        let areExact = dump.checksums?.server.byteCount == total
        self.init(
            run: run, writtenRun: dump.run, level: dump.name.level,
            native: dump.checksums.map { DumpRecord.Stream($0.native) },
            server: dump.checksums.map { DumpRecord.Stream($0.server) }, volumes: volumes,
            parts: dump.parts.map { part in
                var part = part
                if !areExact { part.byteCount = nil }
                return part
            })
    }
}
