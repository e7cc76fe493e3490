// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import Planning

/// A plan carried out: the volume, the holding disks and the scripts, then the disks side by side.
extension ConfigurationRun {
    /// Carries out a plan.
    ///
    /// A disk that fails does not stop the others; a store that refuses or stays away does. `keeper` gets the record
    /// after every step. The catalog is closed and the slot given back on every way out.
    ///
    /// - Parameter flushed: what has gone before, under this run's name, from the holding disks to volumes.
    /// - Throws: `CancellationError`; what kept the configuration as a whole from being dumped stands in the record.
    func carryOut(
        _ plan: Result<PlannedConfiguration, any Error>, after flushed: FlushReport.Configuration? = nil,
        _ keeper: RecordKeeper
    ) async throws -> ConfigurationRecord {
        var record = emptyRecord
        record.volumes = flushed?.volumes ?? []
        record.note(flushed?.remarks ?? [])
        do {
            var planned = try plan.get()
            planned.keptVolumes += record.volumes.filter { !planned.keptVolumes.contains($0) }
            let catalog = try await beginCatalog(isFurtherAttempt: flushed != nil)
            do {
                try await reporter.waiting(
                    for: "\(name): tar and scripts (dtimeout)", atMost: prepared.longestSilence
                ) {
                    try await prepareAndDump(planned, into: &record, catalog: catalog, keeper)
                }
            } catch {
                record.note(await close(catalog))
                throw error
            }
            record.note(await close(catalog))
            record.note(await abortStrays())
            if record.isComplete { record.note(try await glacier.freeze(record.volumes)) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            record.faults = WireError.all(cause: error, node: node)
        }
        await keeper.keep(record)
        logger.info(
            "configuration ended",
            metadata: [
                "stage": "dump", "dumps": "\(record.dumps.count)",
                "error": "\(record.faults.first?.message ?? "none")",
            ])
        return record
    }

    /// The volume, the holding disks and the scripts; then the disks.
    private func prepareAndDump(
        _ planned: PlannedConfiguration, into record: inout ConfigurationRecord, catalog: RunCatalog,
        _ keeper: RecordKeeper
    ) async throws {
        record.dumps = planned.stored
        record.remarks += planned.volumeRemarks
        try await addLeftOut(planned, to: &record)
        try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
            try catalog.planned(planned.catalogPlan)
        }
        for stored in planned.stored {
            await reporter.disk("\(name): \(stored.disk): stays from an earlier attempt")
        }
        for entry in prepared.entries where record.dumps.contains(where: { $0.isOf(entry) }) {
            progress.skip(entry)
        }
        let holding = try await runBlocking("holding") { [prepared, run, node, absence, logger] in
            HoldingFallback(prepared, run: run, node: node, absence: absence, logger: logger)
        }
        try await withCleanUp(holding.close) {
            try await dump(planned, with: holding, into: &record, catalog: catalog, keeper)
        }
    }

    private func dump(
        _ planned: PlannedConfiguration, with holding: HoldingFallback,
        into record: inout ConfigurationRecord, catalog: RunCatalog, _ keeper: RecordKeeper
    ) async throws {
        record.note(holding.remarks)
        let volumes = RunVolumes(taking, catalog, journal: strays.journal, glacier: glacier, logger: logger)
        let target = try await target(planned, volumes, catalog, holding, &record)
        if target != nil, let shortfall = try? planned.volume.get().shortfall {
            record.note([shortfall.description])
        }
        await keeper.keep(record)
        let scripts = RunScripts(prepared, run, planned.plan.dumps.map(\.name), logger: logger)
        let disks = DiskDump(
            self, planned.bases, planned.known, scripts, holding, target: target, catalog: catalog)
        let said = try await scripts.aroundBackup { before in
            try await dumpDisks(planned, with: disks, on: volumes, after: before, into: &record, keeper)
        }
        record.note(volumes.remarks)
        try await note(said, catalog, &record)
        if let error = record.dumps.lazy.compactMap(\.error).first(where: \.concernsWholeStore) {
            throw error
        }
    }

    private func dumpDisks(
        _ planned: PlannedConfiguration, with disks: DiskDump, on volumes: RunVolumes,
        after scripts: RunScripts.Before, into record: inout ConfigurationRecord, _ keeper: RecordKeeper
    ) async throws {
        let lanes = DumpLanes(
            queue: DumpQueue(planning.queue(planned.plan), limits: prepared.configuration.queueLimits),
            board: reporter.board)
        let dumps = Dictionary(
            planned.plan.dumps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        try await lanes.run { name in
            try await disks.dumpDisk(dumps[name], entry(name), after: scripts)
        } ended: { dump in
            insert(dump, into: &record)
            record.volumes = volumes.records
            await keeper.keep(record, with: dump)
            return dump.error?.concernsWholeStore != true
                || prepared.configuration.holdingDisks.isEmpty == false
        }
    }

    /// What the scripts of the run and of its hosts said at the end.
    private func note(
        _ said: ScriptReport, _ catalog: RunCatalog, _ record: inout ConfigurationRecord
    ) async throws {
        record.note(said.allStrange + said.notes)
        let strange = said.allStrange
        try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
            for text in strange { try catalog.note(text, isWarning: true) }
        }
    }

    /// Nil: there is none, and the holding disks stand in for it.
    private func target(
        _ planned: PlannedConfiguration, _ volumes: RunVolumes, _ catalog: RunCatalog,
        _ holding: HoldingFallback, _ record: inout ConfigurationRecord
    ) async throws -> VolumeSeries? {
        do {
            if let error = holding.absence { throw error }
            let target = try await volumes.begin(planned.volume, kept: planned.keptVolumes)
            record.volumes = volumes.records
            return target
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            let reason = error is VolumeChoiceError ? "no volume can be written" : "\(error)"
            try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
                try catalog.volumeRefused(reason)
            }
            guard holding.standsIn(after: error) else { throw error }
            holding.note(error)
            logger.info("dumps go to the holding disks", metadata: ["reason": "\(error)"])
            record.note(["dumps are held: \(error)"])
            return nil
        }
    }
}
