// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Files
import FoundationEssentials
import Logging
import S3

/// A backup of this node: every configuration in the order given, data first, the self-backup last.
///
/// The node record goes to the bucket after the data configurations and again after the self-backup: the catalog
/// that the self-backup contains is then that of the run just made, and the evidence never waits for it. Nothing that fails
/// keeps what comes after it from being tried, the record least of all.
struct BackupJob: Sendable {
    let settings: AgentSettings
    let storage: NodeStorage
    let request: JobRequest
    let order: BackupOrder
    let reporter: JobReporter

    /// - Throws: `WireError` for what can be refused before the first byte, `CancellationError`.
    func run(_ configurations: [CheckedConfiguration]) async throws -> JobResult {
        let runs = try await ConfigurationRuns(
            settings: settings, storage: storage, request: request, reporter: reporter,
            isInEarnest: !order.dryRun
        ).prepared(configurations)
        let gaps = try await runBlocking("coverage") { SelfBackupCoverage.gaps(configurations) }
        return try await runs.inWorkDirectory {
            try await order.dryRun ? planOnly(runs, configurations, gaps) : backUp(runs, configurations, gaps)
        }
    }

    /// - Parameter gaps: what the self-backup seems to hold and leaves out.
    private func planOnly(
        _ runs: ConfigurationRuns.Prepared, _ configurations: [CheckedConfiguration], _ gaps: [String]
    ) async throws -> JobResult {
        var record = emptyRecord(without: runs.refused)
        var night = RunNight()
        for run in try await runs.all.caughtUp().runs {
            do {
                let planned = try await run.preparePlan(startingIn: night.seconds)
                record.configurations.append(try await run.record(of: planned))
                night.add(planned, of: run.prepared)
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                record.configurations.append(run.record(without: error))
            }
            if run.isSelfBackup { record.configurations[record.configurations.count - 1].note(gaps) }
        }
        night.warn(in: &record)
        for found in try await DisklistRestore(settings: settings).faults(of: configurations) {
            guard let index = record.configurations.firstIndex(where: { $0.name == found.configuration })
            else { continue }
            record.configurations[index].note([found.text])
        }
        record.finishedAt = Date()
        return result(record)
    }

    private func backUp(
        _ prepared: ConfigurationRuns.Prepared, _ configurations: [CheckedConfiguration], _ gaps: [String]
    ) async throws -> JobResult {
        var (runs, absences) = try await prepared.all.caughtUp()
        let evidence = try RunEvidence(request: request, clients: prepared.clients, reporter: reporter)
        let earlier = try await earlierRecord(evidence.records)
        var record = emptyRecord(without: prepared.refused)
        let sealing = try sealing(prepared.clients)
        var sealed = try await sealing?.seal(configurations)
        record.secrets = sealed?.sealed
        var unwritten: WireError?
        var isAnythingNew = false
        let flushed = try await flushDue(runs, absences)
        let plans = try await plans(of: runs, earlier, flushed, &absences)
        for (index, var run) in runs.enumerated() {
            if run.isSelfBackup, sealed?.isWorthAnotherTry == true {
                sealed = try await sealing?.seal(configurations)
                record.secrets = sealed?.sealed
            }
            run.sealed = record.secrets?.version
            let before = record
            let wasAway = run.absence.error != nil
            if index > 0 { try await evidence.lookAgain(run.absence) }
            let known = earlier?.record(of: run)
            var plan = plans[index]
            let isPlanned = storeFault(in: plan) == nil
            let isBack = wasAway && run.absence.error == nil
            // It may have been found away while another one dumped, too.
            let isHearsay = absences.isHasty(for: run.prepared) && (run.absence.error != nil || !isPlanned)
            if isHearsay || isBack && !isPlanned {
                plan = try await ownPlan(of: &run, run.isSelfBackup ? nil : known, &absences)
            }
            if run.isSelfBackup, known?.isProved == true, !isAnythingNew {
                plan = try await preparePlan(of: run, known)
            }
            var done = try await carryOut(
                run, plan, after: flushed[run.name], RecordKeeper(reporter: reporter, before: before),
                configurations, known, isSealed: record.secrets != nil)
            if run.isSelfBackup { done.note(gaps) }
            done.note(sealed?.notes.filter { $0.configuration == run.name }.map(\.text) ?? [])
            isAnythingNew = isAnythingNew || done.dumps != known?.dumps
            record = before.adding(done)
            if let error = done.error, error.concernsWholeStore { run.absence.note(error) }
            if let error = run.absence.error { absences.note(error, by: run.prepared) }
            if isLastOfItsRole(index, runs) {
                unwritten = try await evidence.write(
                    record, isStoreAway: runs.isClusterStoreAway, isLast: index == runs.count - 1)
            }
        }
        return result(record, unwritten)
    }

    /// The self-backup is looked at while it is made: the catalogs of all that went before are written by then.
    private func carryOut(
        _ run: ConfigurationRun, _ plan: Result<PlannedConfiguration, any Error>,
        after flushed: FlushReport.Configuration?, _ keeper: RecordKeeper,
        _ configurations: [CheckedConfiguration], _ known: ConfigurationRecord?, isSealed: Bool
    ) async throws -> ConfigurationRecord {
        guard run.isSelfBackup, let watch = try await SelfBackupWatch.begin(configurations, settings) else {
            return try await run.carryOut(plan, after: flushed, keeper)
        }
        var watched = run
        watched.watch = watch
        let done = try await watched.carryOut(plan, after: flushed, keeper)
        let judged = try await watch.judged(
            done, of: request.run, after: known, isSealed: isSealed)
        for suspect in judged.dumps.compactMap(\.suspect) where suspect.isOfSelfBackup {
            run.logger.warning("the self-backup is suspect", metadata: ["reason": "\(suspect.text)"])
        }
        return judged
    }

    /// nil: the cluster has nobody to seal to.
    private func sealing(_ clients: BucketClients) throws -> SecretSealing? {
        guard let recovery = order.recovery, !recovery.certificates.isEmpty else { return nil }
        return SecretSealing(
            settings: settings, request: request, recovery: recovery, client: try clients.brief,
            logger: reporter.logger)
    }

    /// What earlier runs had to hold goes first, as `autoflush` says: the plan then finds it on its volumes.
    private func flushDue(
        _ runs: [ConfigurationRun], _ absences: StoreAbsences
    ) async throws -> [String: FlushReport.Configuration] {
        var due: [(run: ConfigurationRun, dumps: [HeldDump])] = []
        for run in runs {
            do {
                let dumps = try await run.dumpsDueForFlush()
                if !dumps.isEmpty { due.append((run, dumps)) }
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                await reporter.note("\(run.name): what is held is not sent before the run: \(error)")
            }
        }
        let progress = FlushProgress(reporter.board, due.flatMap(\.dumps))
        var flushed: [String: FlushReport.Configuration] = [:]
        for (run, dumps) in due {
            flushed[run.name] = try await run.flush(dumps, progress, absence: absences[run.prepared])
        }
        return flushed
    }

    /// All plans, before the first byte of any. The self-backup is made again unless nothing new was dumped, which shows
    /// only later.
    private func plans(
        of runs: [ConfigurationRun], _ earlier: NodeRecord?,
        _ flushed: [String: FlushReport.Configuration], _ absences: inout StoreAbsences
    ) async throws -> [Result<PlannedConfiguration, any Error>] {
        var plans: [Result<PlannedConfiguration, any Error>] = []
        for run in runs {
            // A flush that was told of an absence has asked nobody.
            if absences[run.prepared] == nil, let error = flushed[run.name]?.error, error.concernsWholeStore {
                absences.note(error, by: run.prepared)
            }
            let absence = absences[run.prepared]
            let plan = try await preparePlan(
                of: run, run.isSelfBackup ? nil : earlier?.record(of: run), absence: absence)
            if absence == nil, let error = storeFault(in: plan) { absences.note(error, by: run.prepared) }
            plans.append(plan)
        }
        return plans
    }

    /// Why no volume was chosen, where that concerns the whole store.
    private func storeFault(in plan: Result<PlannedConfiguration, any Error>) -> (any Error)? {
        guard case .failure(let error)? = (try? plan.get())?.volume,
            WireError(cause: error, node: settings.node).concernsWholeStore
        else { return nil }
        return error
    }

    /// The plan of a configuration that was told that the store is away, and asks itself: made as if nobody had asked yet.
    private func ownPlan(
        of run: inout ConfigurationRun, _ earlier: ConfigurationRecord?, _ absences: inout StoreAbsences
    ) async throws -> Result<PlannedConfiguration, any Error> {
        let looked = try await [run].caughtUp()
        run = looked.runs[0]
        let plan = try await preparePlan(of: run, earlier, absence: looked.absences[run.prepared])
        if let error = storeFault(in: plan) {
            absences.note(error, by: run.prepared)
        } else if (try? plan.get()) != nil {
            run.absence.end()
        }
        return plan
    }

    private func preparePlan(
        of run: ConfigurationRun, _ earlier: ConfigurationRecord?, absence: (any Error)? = nil
    ) async throws -> Result<PlannedConfiguration, any Error> {
        do {
            return .success(try await run.preparePlan(earlier: earlier, absence: absence))
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            return .failure(error)
        }
    }

    /// The evidence of an earlier attempt: this agent's own, or what the bucket has.
    private func earlierRecord(_ records: NodeRecordStore) async throws -> NodeRecord? {
        guard request.attempt > 1 else { return nil }
        if let own = await reporter.earlierRecord() { return own }
        return try await records.read(request.run, node: settings.node)
    }

    private func isLastOfItsRole(_ index: Int, _ runs: [ConfigurationRun]) -> Bool {
        index + 1 == runs.count || runs[index + 1].isSelfBackup != runs[index].isSelfBackup
    }

    /// - Parameter unwritten: why the record is not in the bucket, which fails the job: without it the run has no evidence.
    private func result(_ record: NodeRecord, _ unwritten: WireError? = nil) -> JobResult {
        let faults = record.configurations.flatMap { configuration in
            configuration.faults.map { $0.within(configuration: configuration.name) }
                + configuration.dumps.compactMap { dump in
                    dump.error?.within(configuration: configuration.name, disk: dump.disk)
                }
        }
        return JobResult(record: record, faults: faults + [unwritten].compactMap(\.self))
    }

    /// - Parameter refused: of what no dump is made, each with its reasons.
    private func emptyRecord(without refused: [UsableConfigurations.Refused]) -> NodeRecord {
        NodeRecord(
            cluster: settings.cluster, node: settings.node, run: request.run, attempt: request.attempt,
            fence: request.fence, version: AmfleetVersion.current, startedAt: Date(), finishedAt: Date(),
            configurations: refused.map {
                ConfigurationRecord(name: $0.choice.name, role: $0.choice.role).with($0.faults)
            })
    }
}

extension NodeRecord {
    fileprivate func record(of run: ConfigurationRun) -> ConfigurationRecord? {
        configurations.first { $0.name == run.prepared.choice.name }
    }
}

extension ConfigurationRecord {
    /// A self-backup that was looked at, and lacks nothing: a further attempt may leave it as it is.
    fileprivate var isProved: Bool { selfBackup != nil && canStartNode }
}

extension [ConfigurationRun] {
    /// As far as this job knows.
    fileprivate var isClusterStoreAway: Bool {
        contains { $0.prepared.store.record == nil && $0.absence.error != nil }
    }
}
