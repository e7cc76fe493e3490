// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files
import FoundationEssentials
import Logging
import S3

/// A restore of one run onto this node: the self-backup first, then data, one disk after the other.
///
/// Everything that can be refused is refused before the first byte of any disk is written: volumes that were
/// overwritten, at any level, headers that ask for what is not done here, targets that hold something. An object that the store does
/// not give, or gives damaged, costs its disk, and the whole restore where no disk is left.
struct RestoreJob: Sendable {
    let settings: AgentSettings
    var storage: NodeStorage
    let request: JobRequest
    let order: RestoreOrder
    let reporter: JobReporter
    /// What is restored say labels and headers alone.
    var isByHeaders = false
    let secrets: SentSecrets
    /// Sealed files that came with the order, and what has become of each.
    var sealed: SecretsOrder?
    var putBack: [RestoredSecret]?

    init(
        settings: AgentSettings, storage: NodeStorage, request: JobRequest, order: RestoreOrder,
        reporter: JobReporter, secrets: SentSecrets = SentSecrets()
    ) {
        self.settings = settings
        self.storage = storage
        self.request = request
        self.order = order
        self.reporter = reporter
        self.secrets = secrets
    }

    /// Seconds in which the trees of a target are gone through, moved and removed; tar counts no byte meanwhile.
    private static let longestSilence = 14_400

    func run(_ configurations: [CheckedConfiguration]) async throws -> JobResult {
        let job = try await withSecrets(configurations)
        return try await job.hintingAtCredentials { try await carryOut(job, configurations) }
    }

    private func carryOut(
        _ job: RestoreJob, _ configurations: [CheckedConfiguration]
    ) async throws -> JobResult {
        try await reporter.waiting(for: "the files of the targets", atMost: Self.longestSilence) {
            try await job.restore(configurations)
        }
    }

    /// What `run` would do; nothing is written, nothing asked for.
    func plan(_ configurations: [CheckedConfiguration]) async throws -> JobResult {
        let sent = try await restoreSecrets.sentOrder()
        let files = sent?.allFiles ?? []
        var job = self
        job.storage.sent = RestoreSecrets.credentials(files)
        job.sealed = sent
        let keeper = try await RestoreProgressKeeper(settings, request.run, order, reporter.logger)
        var planning = try await job.planning(configurations, keeper)
        let leftOut = try await restoreSecrets.leftOut(files, configurations)
        planning.leftOutKeys = Set(leftOut.map(\.path))
        planning.sealedKeys = Set(files.map(\.path)).subtracting(planning.leftOutKeys)
        planning.isDry = true
        planning.say = { _ in }
        let plan = try await reporter.waiting(for: "the files of the targets", atMost: Self.longestSilence) {
            [planning, job] in
            try await job.hintingAtCredentials { try await planning.plan() }
        }
        var report = plan.report
        report.notes += leftOut.map { secret in
            "'\(secret.path)' would not be put back: "
                + [secret.reason, secret.hint].compactMap(\.self).joined(separator: "; ")
        }
        report.notes += hookNotes
        return JobResult(restorePlan: report, faults: plan.refusals + report.faults)
    }

    /// The same with the sealed files that the order waits for: back in their places before anything is looked at.
    private func withSecrets(_ configurations: [CheckedConfiguration]) async throws -> RestoreJob {
        guard let sent = try await restoreSecrets.sentOrder() else { return self }
        var job = self
        job.storage.sent = RestoreSecrets.credentials(sent.files)
        job.sealed = sent
        job.putBack = try await restoreSecrets.putBack(sent.allFiles, configurations)
        var report = RestoreReport(sourceNode: order.sourceNode, run: request.run)
        report.secrets = job.putBack
        await reporter.keep(report)
        return job
    }

    private var restoreSecrets: RestoreSecrets {
        RestoreSecrets(
            settings: settings, request: request, order: order, reporter: reporter, sent: secrets)
    }

    private func restore(_ configurations: [CheckedConfiguration]) async throws -> JobResult {
        let keeper = try await RestoreProgressKeeper(settings, request.run, order, reporter.logger)
        let planning = try await planning(configurations, keeper)
        let plan = try await planning.plan()
        await tell(plan.report)
        var report = RestoreReport(sourceNode: order.sourceNode, run: request.run, disks: plan.missing)
        report.secrets = putBack
        if let fault = try await runBefore(&report) { return JobResult(restore: report, faults: [fault]) }
        let begun = ContinuousClock.now
        do {
            let isDone = try await carry(plan, keeper, configurations, &report)
            if isDone { await planning.rates?.keep(measured(begun), reporter.logger) }
        } catch {
            await runAfterFailure(report)
            throw error
        }
        let adopting = try await adopt(&report)
        let after = try await runAfter(&report)
        return result(report, adopting + [after].compactMap(\.self))
    }

    /// - Returns: whether all of it is back.
    private func carry(
        _ plan: PlannedRestore, _ keeper: RestoreProgressKeeper, _ found: [CheckedConfiguration],
        _ report: inout RestoreReport
    ) async throws -> Bool {
        var configurations = found
        var ground = try await RestoreGround.prepare(plan.steps.map(\.target), order, settings)
        let totals = RestoreTotals(
            reporter.board, diskCount: plan.steps.count + plan.undecided.count,
            expectedBytes: plan.expectedBytes)
        var steps = plan.steps[...]
        var undecided = plan.undecided
        var absences: [StoreRecord?: WireError] = [:]
        while !steps.isEmpty || !undecided.isEmpty {
            try Task.checkCancellation()
            // Before any disk is back that could bring a link.
            if !undecided.isEmpty, !steps.contains(where: \.isAmandas) {
                let (second, refused) = try await decide(
                    undecided, configurations, keeper, plan.substitute)
                (steps, undecided) = (steps + second, [])
                report.disks += refused
                ground = try await RestoreGround.prepare(
                    plan.steps.map(\.target) + second.map(\.target), order, settings)
                continue
            }
            guard let step = steps.popFirst() else { break }
            var disk = try await inPlace(step, configurations)
            if disk == nil, let error = step.disk.stores.lazy.compactMap({ absences[$0] }).first {
                disk = step.disk.refused(error)
            }
            if disk == nil { disk = try await restore(step, ground, keeper, configurations, totals) }
            // The self-backup may have brought this node's configurations.
            if step.isAmandas {
                configurations = try await CheckedConfiguration.all(
                    order.configurations, settings, request.storage)
                if let before = report.secrets {
                    report.secrets = try await restoreSecrets.putBack(
                        sealed?.allFiles ?? [], configurations, after: before)
                }
            }
            if let disk { report.disks.append(disk) }
            await reporter.keep(report)
            // What is refused is refused at once again; waiting as long for each disk would be another thing. Disks of other
            // stores, of holding disks and of directories do not depend on it.
            if let error = disk?.error, error.concernsWholeStore, error.kind == .storageUnreachable {
                for store in step.disk.stores { absences[store] = absences[store] ?? error }
            }
        }
        // What the run does not have will not be there the next time either.
        let own = report.disks.dropFirst(plan.missing.count)
        guard steps.isEmpty, own.allSatisfy({ $0.error == nil }) else { return false }
        try await keeper.end()
        return true
    }

    /// Before the first byte is written: what comes back, and what does not.
    private func tell(_ plan: NodeRestorePlan) async {
        await reporter.keep(plan)
        for line in plan.summary { await reporter.note(line) }
    }

    /// What this attempt has read and unpacked, in which time.
    private func measured(_ begun: ContinuousClock.Instant) -> MeasuredRestore {
        let done = reporter.board.value
        return MeasuredRestore(
            node: settings.node, run: request.run, finishedAt: Date(), dumpedBytes: done.dumpedBytes,
            storedBytes: done.storedBytes, seconds: (ContinuousClock.now - begun).inSeconds)
    }

    private func planning(
        _ configurations: [CheckedConfiguration], _ keeper: RestoreProgressKeeper
    ) async throws -> RestorePlanning {
        var planning = try RestorePlanning(
            settings: settings, request: request, order: order, configurations: configurations,
            clients: BucketClients(storage, request, stores: configurations.stores), reporter: reporter)
        planning.ledger = await keeper.begun
        planning.isByHeaders = isByHeaders
        planning.keptKeys = try await keptKeys()
        planning.leftOutKeys = Set(
            (putBack ?? []).filter { $0.kind == .encryption && $0.state == .leftOut }.map(\.path))
        return planning
    }

    /// What waited for the disklist that the self-backup has brought, or has not: everything of it is looked at now.
    private func decide(
        _ disks: [RestorableDisk], _ configurations: [CheckedConfiguration], _ keeper: RestoreProgressKeeper,
        _ substitute: SubstitutedSelf?
    ) async throws -> (steps: [RestoreStep], refused: [RestoreReport.Disk]) {
        do {
            var planning = try await planning(configurations, keeper)
            planning.isSecond = true
            planning.substitute = substitute
            let plan = try await planning.plan()
            func isAsked(_ disk: String, _ configuration: String) -> Bool {
                disks.contains { $0.disk == disk && $0.configuration.name == configuration }
            }
            return (
                plan.steps.filter { isAsked($0.disk.disk, $0.disk.configuration.name) },
                plan.missing.filter { isAsked($0.disk, $0.configuration) }
            )
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            let reason = WireError(cause: error, node: settings.node)
            return ([], disks.map { $0.refused(reason) })
        }
    }

    /// Why a disk is not restored after all: the self-backup has brought another disklist than that by which it was planned.
    private func inPlace(
        _ step: RestoreStep, _ configurations: [CheckedConfiguration]
    ) async throws -> RestoreReport.Disk? {
        guard order.directory == nil, case .directory = step.target else { return nil }
        let places = InPlaceDisks(
            node: settings.node, configurations: configurations, awaitsDisklists: false)
        return places.decide([step.disk], amandaDirectory: settings.amandaDirectory).refused.first
    }

    /// A disk that cannot be restored is an outcome: the others go on.
    private func restore(
        _ step: RestoreStep, _ ground: RestoreGround, _ keeper: RestoreProgressKeeper,
        _ configurations: [CheckedConfiguration], _ totals: RestoreTotals
    ) async throws -> RestoreReport.Disk {
        let reporter = reporter.about([
            "configuration": "\(step.disk.configuration.name)", "disk": "\(step.disk.disk)",
            "stage": "restore",
        ])
        totals.begin(step.name)
        defer { totals.end() }
        if step.fault == nil, let finished = try await finished(step, keeper) {
            await reporter.disk("\(step.name): restored by an earlier attempt")
            return finished
        }
        if step.fault == nil { await reporter.disk("\(step.name): begins, into \(step.target.path)") }
        var disk = RestoreReport.Disk(
            configuration: step.disk.configuration.name, disk: step.disk.disk, target: step.target.path,
            notes: step.disk.notes + step.notes)
        do {
            if let fault = step.fault { throw fault }
            try await keeper.begin(step)
            try await DiskRestore(
                step: step, order: order, ground: ground, configurations: configurations, totals: totals,
                keys: try keys(configurations)
            ).run(&disk)
            try await keeper.finish(step, disk)
            let levels = step.disk.dumps.count > 1 ? ", levels \(step.levels)" : ""
            await reporter.disk("\(step.name): restored, \(Quantity.bytes(disk.restoredBytes))\(levels)")
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            disk.error = WireError(cause: error, node: settings.node)
            // Damage that shows only when it is read.
            if disk.error?.kind == .damaged, disk.error?.hint == nil { disk.error?.hint = VolumeCheck.hint }
            await reporter.disk("\(step.name): failed: \(disk.error?.message ?? "")")
        }
        return disk
    }

    /// Where the target does not answer it is not known: the disk's own fault says so.
    private func finished(
        _ step: RestoreStep, _ keeper: RestoreProgressKeeper
    ) async throws -> RestoreReport.Disk? {
        do {
            return try await keeper.finished(step)
        } catch is HangFault {
            return nil
        }
    }

    /// - Parameter others: besides those of disks.
    private func result(_ report: RestoreReport, _ others: [WireError]) -> JobResult {
        JobResult(
            restore: report,
            faults: report.disks.compactMap { disk in
                disk.error?.within(configuration: disk.configuration, disk: disk.disk)
            } + others)
    }
}
