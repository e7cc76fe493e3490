// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Dump

/// What a plan is made of: what the catalog and tar's snapshots say of every disk, and which volumes there are.
struct PlanningFacts: Sendable {
    let disks: [PlannerDisk]
    let tapelist: Tapelist

    /// What increments can build on.
    let bases: IncrementBases

    /// Reads files; blocks.
    ///
    /// - Parameters:
    ///   - entries: the disks that the run is to dump.
    ///   - places: nil: the store does not answer.
    init(
        _ prepared: PreparedConfiguration, entries: [DisklistEntry], run: Datestamp, places: VolumeSlots?
    ) throws {
        let reader = CatalogReader(prepared.location)
        tapelist = try reader.tapelist()
        let bases = IncrementBases(
            run: run, history: try reader.history(), slots: places)
        self.bases = bases
        let whole = Dictionary(grouping: try reader.dumps().filter(\.isWhole)) {
            DiskName(host: $0.name.host, disk: $0.name.disk)
        }
        disks = try entries.map { entry in
            PlannerDisk(
                name: entry.name, schedule: entry.dumptype.schedule,
                info: try reader.info(host: entry.host, disk: entry.diskName) ?? Info(),
                dumps: (whole[entry.name] ?? []).map(StoredDump.init),
                snapshotLevels: bases.baseLevels(of: entry))
        }
    }
}
