// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import Planning
import S3

/// The holding disks as a way out: where a configuration's dumps go while no volume can be written.
///
/// The first dump that finds the store away, or a run that finds no volume, decides for all that follow.
final class HoldingFallback: Sendable {
    private let area: HoldingArea?
    private let reservePercent: Int
    private let node: String
    private let store: StoreAbsence
    /// That no volume can be had: the configuration's own concern.
    private let volumes = StoreAbsence()

    /// Blocks: it looks at the holding disks.
    ///
    /// - Parameter absence: of the configuration's store, as other configurations of the job have found it.
    init(
        _ prepared: PreparedConfiguration, run: Datestamp, node: String, absence: StoreAbsence,
        logger: Logger = .discarding
    ) {
        self.node = node
        store = absence
        let disks = prepared.configuration.holdingDisks
        area =
            disks.isEmpty
            ? nil
            : HoldingArea(
                disks, run: run, owner: prepared.location.owner, stallLimit: prepared.stallLimit,
                logger: logger)
        reservePercent = prepared.configuration.holdingReservePercent
    }

    /// Why dumps are held; nil: the store is there, as far as anybody knows.
    var absence: (any Error)? { store.error ?? volumes.error }
    /// Holding disks that cannot be used, and why.
    var remarks: [String] { area?.remarks ?? [] }

    /// No volume can be written from now on.
    func note(_ error: any Error) {
        isOfVolumes(error) ? volumes.note(error) : store.note(error)
    }

    private func isOfVolumes(_ error: any Error) -> Bool {
        error is VolumeChoiceError || error is NoFurtherVolume || error is GlacierRuleStays
    }

    /// Whether the holding disks stand in for a volume: not where the store refuses, which only a person can mend.
    func standsIn(after error: any Error) -> Bool {
        guard area != nil else { return false }
        return isOfVolumes(error) || WireError(cause: error, node: node).kind == .storageUnreachable
    }

    func mayHold(_ entry: DisklistEntry) -> Bool { area != nil && entry.dumptype.holding != .never }

    /// Room for a dump; for its increment where `reserve` keeps the room from full dumps, which it does only while no volume
    /// can be written.
    ///
    /// - Throws: `HoldingError`.
    func place(
        for planned: PlannedDump, of entry: DisklistEntry
    ) throws -> (target: HoldingTarget, dump: ExpectedDump) {
        guard let area else { throw HoldingError.noDisk(reasons: []) }
        func target(_ dump: ExpectedDump) throws -> HoldingTarget {
            try area.target(
                expected: dump.storedBytes, level: dump.level, readFrom: entry.directory,
                reservePercent: absence == nil ? 0 : reservePercent)
        }
        do {
            return (try target(planned.dump), planned.dump)
        } catch HoldingError.reserved(let percent) {
            guard let degraded = planned.degraded else { throw HoldingError.reserved(percent: percent) }
            return (try target(degraded), degraded)
        }
    }

    /// The run has ended.
    func close() async {
        try? await runBlocking("holding", asking: area?.mayHang ?? []) { [area] in area?.close() }
    }
}
