// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog

/// The dumps that stand for a disk which a run leaves out on purpose: a restore of that run brings the disk back as its
/// newest dump found it.
struct StandIns: Sendable {
    let bases: IncrementBases
    /// What lies on the configuration's holding disks.
    let held: [HeldDump]

    /// By level, ascending, each in the bucket.
    ///
    /// - Parameter needsFull: no other program makes the disk's full dumps.
    /// - Throws: why nothing stands for the disk. An older dump never does: it would be another state than the newest.
    func records(for name: DiskName, needsFull: Bool) throws -> [DumpBaseRecord] {
        let chain = bases.history.newestChain(of: name, before: bases.run)
        if let held = newestHeld(name), held.datestamp.description > chain?.top?.name.datestamp ?? "" {
            throw NoStandIn(
                "its newest dump, level \(held.level) of run \(held.datestamp), lies on this node's holding disk"
            )
        }
        guard let chain, let bottom = chain.dumps.first else { throw NoStandIn("it was never dumped") }
        guard chain.isRooted || !needsFull else {
            throw NoStandIn(
                "no log knows the full dump that level \(bottom.name.level) of run \(bottom.name.datestamp) builds on"
            )
        }
        guard let slots = bases.slots else { throw NoStandIn("the store was not there to look") }
        return try chain.records(slots)
    }

    private func newestHeld(_ name: DiskName) -> DumpHeader? {
        held.filter(\.isWhole).map(\.header).last {
            $0.host == name.host && $0.disk == name.disk && $0.datestamp < bases.run
        }
    }
}

/// Why nothing stands for a disk that a run leaves out.
struct NoStandIn: Fault {
    let facts: String

    init(_ facts: String) {
        self.facts = facts
    }
}

extension ConfigurationRecord {
    /// Says for each disk that was left out on purpose what stands for it.
    mutating func name(_ standIns: StandIns, for entries: [DisklistEntry]) {
        for index in dumps.indices where dumps[index].status == .skipped {
            guard let entry = entries.first(where: { dumps[index].isOf($0) }) else { continue }
            dumps[index].bases = nil
            dumps[index].notes = []
            do {
                dumps[index].bases = try standIns.records(
                    for: entry.name, needsFull: !entry.dumptype.schedule.fullsAreElsewhere)
            } catch {
                dumps[index].notes = ["nothing stands for it: \(error)"]
            }
        }
    }
}
