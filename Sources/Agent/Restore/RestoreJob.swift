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
        let clients = BucketClients(storage, request, stores: configurations.stores)
        let (steps, missing) = try await RestorePlanning(
            settings: settings, request: request, order: order, configurations: configurations,
            clients: clients, reporter: reporter
        ).plan()
        let expected = steps.compactMap(\.expectedBytes)
        let totals = RestoreTotals(
            reporter.board, diskCount: steps.count,
            expectedBytes: expected.count == steps.count ? expected.reduce(0, +) : nil)
        var report = RestoreReport(sourceNode: order.sourceNode, run: request.run, disks: missing)
        for step in steps {
            try Task.checkCancellation()
            let disk = try await restore(step, configurations, totals)
            // The self-backup may have brought this node's configurations.
            if case .amandaDirectory = step.target {
                configurations = try await CheckedConfiguration.all(
                    order.configurations, settings, request.storage)
            }
            report.disks.append(disk)
            await reporter.keep(report)
            if let error = disk.error, error.concernsWholeStore { break }
        }
        return result(report, of: steps.count)
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
            notes: step.disk.notes)
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
        case .beside(let place):
            let installation = SelfRestore(place)
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
                try await runBlocking("staged-restore") { try staging.install() }
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
