// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Faults
import Files
import FoundationEssentials
import LogOutput
import Logging
import Planning
import S3

/// One configuration's part in a run: its plan, a volume, its disks side by side, and the catalog of them all.
struct ConfigurationRun: Sendable {
    var prepared: PreparedConfiguration
    let request: JobRequest
    let run: Datestamp
    let clients: BucketClients
    let strays: StrayUploads
    let progress: BackupProgress
    let reporter: JobReporter
    /// Where index lines wait for the catalog, and tar's excludes lie.
    let workDirectory: String
    /// Whether the plan will be carried out.
    let isInEarnest: Bool
    /// Of the store that its volumes lie in.
    let absence: StoreAbsence
    /// What this node's records say of earlier dumps.
    let known: KnownMeasures
    /// What the volumes in the store bear and the catalog did not know; nil: that was not found out.
    var caughtUp: CatalogCatchUp.Result?

    var logger: Logger { reporter.logger }
    var node: String { request.node }
    var name: String { prepared.choice.name }
    var isSelfBackup: Bool { prepared.choice.role == .selfBackup }

    /// What is to be done. Reads the bucket and the disks, writes nothing anywhere.
    ///
    /// - Parameters:
    ///   - earlier: what an earlier attempt has stored is not planned again.
    ///   - absence: why the store is not asked.
    ///   - startingIn: seconds until its first dump can begin.
    func preparePlan(
        earlier: ConfigurationRecord? = nil, absence: (any Error)? = nil, startingIn: Double = 0
    ) async throws -> PlannedConfiguration {
        let logger = logger.with(["stage": "plan"])
        logger.info("planning begins", metadata: absence.map { ["withoutStore": "\($0)"] })
        if isInEarnest, absence == nil { try await clients.makeBuckets(of: name) }
        let planned = try await reporter.waiting(
            for: "\(name): estimates (etimeout)", atMost: prepared.longestEstimates
        ) {
            try await planning.makePlan(earlier: earlier, absence: absence, startingIn: startingIn)
        }
        planned.tell(logger)
        for dump in planned.plan.dumps {
            if let entry = entry(dump.name) { progress.expect(dump.dump.nativeBytes, of: entry) }
        }
        return planned
    }

    /// The record of a plan that is not carried out.
    func record(of planned: PlannedConfiguration) async throws -> ConfigurationRecord {
        var record = emptyRecord
        switch planned.volume {
        case .success(let choice):
            record.volumes = try await runBlocking("volume", asking: planned.device?.mayHang ?? []) {
                [prepared] in
                planned.device.map { [prepared.store.volume(choice.label, on: $0)] } ?? []
            }
            record.note([choice.explanation] + [choice.shortfall?.description].compactMap(\.self))
        case .failure(let error): record.faults = WireError.all(cause: error, node: node)
        }
        record.dumps = planned.plan.dumps.compactMap { dump in
            entry(dump.name).map { DumpRecord(planned: dump, $0) }
        }
        try await addLeftOut(planned, to: &record)
        record.remarks += try await runBlocking("remarks") { [prepared] in planned.remarks(on: prepared) }
        record.remarks += [clients.proxyRemark(of: name)].compactMap(\.self)
        record.note(prepared.diskFaults.map(\.message))
        return record
    }

    /// The record of a plan that could not be made.
    func record(without cause: any Error) -> ConfigurationRecord {
        emptyRecord.with(WireError.all(cause: cause, node: node))
    }

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
        try await runBlocking("catalog", asking: catalog.mayHang, .ofCatalog) {
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
        try await runBlocking("catalog", asking: catalog.mayHang, .ofCatalog) {
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
            try await runBlocking("catalog", asking: catalog.mayHang, .ofCatalog) {
                try catalog.volumeRefused(reason)
            }
            guard holding.standsIn(after: error) else { throw error }
            holding.note(error)
            logger.info("dumps go to the holding disks", metadata: ["reason": "\(error)"])
            record.note(["dumps are held: \(error)"])
            return nil
        }
    }

    /// Disks that are not dumped: those that should have been have failed, for the others earlier dumps stand.
    private func addLeftOut(
        _ planned: PlannedConfiguration, to record: inout ConfigurationRecord
    ) async throws {
        for left in planned.plan.leftOut {
            guard let entry = entry(left.name) else { continue }
            var dump = DumpRecord(leftOut: left, entry, node: node)
            if dump.status == .failed, let refusal = prepared.refusals[left.name]?.first {
                dump.error = refusal
            }
            record.dumps.append(dump)
        }
        try await nameStandIns(planned.bases, in: &record)
    }

    private func nameStandIns(
        _ bases: IncrementBases, in record: inout ConfigurationRecord
    ) async throws {
        guard record.dumps.contains(where: { $0.status == .skipped }) else { return }
        record = try await runBlocking("stand-ins", asking: prepared.location.mayHang, .ofCatalog) {
            [prepared, record] in
            let held = try HoldingDisks(prepared.configuration.holdingDisks).contents().dumps
            var named = record
            named.name(StandIns(bases: bases, held: held), for: prepared.entries)
            return named
        }
    }

    /// Records list disks in the disklist's order, whichever ended first.
    private func insert(_ dump: DumpRecord, into record: inout ConfigurationRecord) {
        let place = prepared.place(of: dump.name)
        let index = record.dumps.firstIndex { prepared.place(of: $0.name) > place }
        record.dumps.insert(dump, at: index ?? record.dumps.endIndex)
    }

    private func entry(_ name: DiskName) -> DisklistEntry? { prepared.entry(name) }

    private var emptyRecord: ConfigurationRecord {
        var record = ConfigurationRecord(name: name, role: prepared.choice.role)
        record.remarks = prepared.notes
        if prepared.changer.readsFromGlacier { record.readsFromGlacier = true }
        return record
    }

    var taking: VolumeTaking {
        VolumeTaking(
            node: node, prepared: prepared, run: run, protection: request.protection, known: known
        ) { [name] in
            try clients.client(of: $0, of: name)
        }
    }

    var glacier: GlacierVolumes {
        GlacierVolumes(prepared: prepared, request: request, clients: clients)
    }

    private var planning: RunPlanning {
        RunPlanning(
            prepared: prepared, run: run, taking: taking, workDirectory: workDirectory,
            isInEarnest: isInEarnest, sendBytesPerSecond: request.sendBytesPerSecond,
            known: known, plausibility: request.plausibility,
            volumeRemarks: caughtUp.map { caughtUp in
                caughtUp.findings.map { Remark($0.text(isDone: isInEarnest)) }
            },
            logger: logger.with(["stage": "plan"]))
    }
}
