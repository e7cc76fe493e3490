// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files
import Logging
import S3

/// A restore of one run onto this node: the self-backup first, then data, one disk after the other.
///
/// Everything that can be refused is refused before the first byte of any disk is written: volumes that were
/// overwritten, at any level, headers that ask for what is not done here, targets that hold something.
struct RestoreJob: Sendable {
    let settings: AgentSettings
    let storage: NodeStorage
    let request: JobRequest
    let order: RestoreOrder
    let reporter: JobReporter

    func run(_ configurations: [CheckedConfiguration]) async throws -> JobResult {
        var configurations = configurations
        let plan = try await planning(configurations).plan()
        let totals = RestoreTotals(
            reporter.board, diskCount: plan.steps.count + plan.undecided.count,
            expectedBytes: plan.expectedBytes)
        var report = RestoreReport(sourceNode: order.sourceNode, run: request.run, disks: plan.missing)
        var steps = plan.steps[...]
        var undecided = plan.undecided
        while !steps.isEmpty || !undecided.isEmpty {
            try Task.checkCancellation()
            guard let step = steps.popFirst() else {
                let (second, refused) = try await decide(undecided, configurations)
                (steps, undecided) = (second[...], [])
                report.disks += refused
                continue
            }
            var disk = try await inPlace(step, configurations)
            if disk == nil { disk = try await restore(step, configurations, totals) }
            // The self-backup may have brought this node's configurations.
            if case .amandaDirectory = step.target {
                configurations = try await CheckedConfiguration.all(
                    order.configurations, settings, request.storage)
            }
            if let disk { report.disks.append(disk) }
            await reporter.keep(report)
            if let error = disk?.error, error.concernsWholeStore { break }
        }
        return result(report, of: plan.steps.count)
    }

    private func planning(_ configurations: [CheckedConfiguration]) throws -> RestorePlanning {
        try RestorePlanning(
            settings: settings, request: request, order: order, configurations: configurations,
            clients: BucketClients(storage, request, stores: configurations.stores), reporter: reporter)
    }

    /// What waited for the disklist that the self-backup has brought, or has not: everything of it is looked at now.
    private func decide(
        _ disks: [RestorableDisk], _ configurations: [CheckedConfiguration]
    ) async throws -> (steps: [RestoreStep], refused: [RestoreReport.Disk]) {
        do {
            var planning = try planning(configurations)
            planning.isSecond = true
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
        _ step: RestoreStep, _ configurations: [CheckedConfiguration], _ totals: RestoreTotals
    ) async throws -> RestoreReport.Disk {
        let reporter = reporter.about([
            "configuration": "\(step.disk.configuration.name)", "disk": "\(step.disk.disk)",
            "stage": "restore",
        ])
        await reporter.disk("\(step.name): begins, into \(step.target.path)")
        totals.begin(step.name)
        defer { totals.end() }
        var disk = RestoreReport.Disk(
            configuration: step.disk.configuration.name, disk: step.disk.disk, target: step.target.path,
            notes: step.disk.notes + step.notes)
        do {
            try await unpack(step, configurations, totals, &disk)
            let levels = step.disk.dumps.count > 1 ? ", levels \(step.levels)" : ""
            await reporter.disk("\(step.name): restored, \(Quantity.bytes(disk.restoredBytes))\(levels)")
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            disk.error = WireError(cause: error, node: settings.node)
            await reporter.disk("\(step.name): failed: \(disk.error?.message ?? "")")
        }
        return disk
    }

    private func unpack(
        _ step: RestoreStep, _ configurations: [CheckedConfiguration], _ totals: RestoreTotals,
        _ disk: inout RestoreReport.Disk
    ) async throws {
        let place = try await runBlocking("restore-place") { [order] in try step.place(deletes: order.delete)
        }
        switch place {
        case .straight(let deletes):
            try await unpack(step, into: step.target.path, deletes: deletes, configurations, totals, &disk)
            try await runBlocking("deleted-names") {
                try step.deletedNames.remove(in: step.target.path, isShared: true)
            }
        case .beside(let place):
            let installation = SelfRestore(place, acceptsSecurityFile: order.acceptsSecurityFile == true)
            try await runBlocking("self-restore") { try installation.prepare() }
            try await withCleanUp({ try? await runBlocking("self-restore") { try installation.discard() } }) {
                try await unpack(
                    step, into: installation.staging, deletes: false, configurations, totals, &disk)
                disk.notes += try await runBlocking("self-restore") { try installation.install() }
            }
        case .inside(let staging):
            try await runBlocking("staged-restore") { try staging.prepare() }
            try await withCleanUp({ try? await runBlocking("staged-restore") { try staging.discard() } }) {
                try await unpack(step, into: staging.path, deletes: false, configurations, totals, &disk)
                try await runBlocking("staged-restore") {
                    try step.deletedNames.remove(in: staging.path, isShared: false)
                    try staging.install()
                }
            }
        }
    }

    /// A full dump leaves alone what it does not know, unless told otherwise; an increment must remove what it does not list,
    /// and may, for only the dumps below it have written there.
    private func unpack(
        _ step: RestoreStep, into target: String, deletes: Bool,
        _ configurations: [CheckedConfiguration], _ totals: RestoreTotals, _ disk: inout RestoreReport.Disk
    ) async throws {
        let rights = FilterRights(configurations.named(step.disk.configuration.name))
        for (dump, plan) in zip(step.disk.dumps, step.plans) {
            try Task.checkCancellation()
            var plan = plan
            plan.target = target
            plan.deletes = deletes || dump.level > 0
            try await rights.grant(to: &plan)
            let outcome = try await RestoreEngine().restore(plan) { totals.update($0) }
            totals.add(outcome)
            disk.restoredBytes += outcome.native.byteCount
            let isChain = step.plans.count > 1
            disk.notes += outcome.messages.map { isChain ? "level \(dump.level): \($0)" : $0 }
        }
    }

    private func result(_ report: RestoreReport, of count: Int) -> JobResult {
        JobResult(
            restore: report,
            faults: report.disks.compactMap { disk in
                disk.error?.within(configuration: disk.configuration, disk: disk.disk)
            })
    }
}
