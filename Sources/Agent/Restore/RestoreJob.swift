// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Files
import S3

/// A restore of one run onto this node: the self-backup first, then data, one disk after the other.
///
/// Everything that can be refused is refused before the first byte of any disk is written: volumes that were
/// overwritten, headers that ask for what is not done here, targets that hold something.
struct RestoreJob: Sendable {
    let settings: AgentSettings
    let storage: NodeStorage
    let request: JobRequest
    let order: RestoreOrder
    let reporter: JobReporter

    /// One dump with its plan and its target.
    private struct Step: Sendable {
        let dump: RestorableDump
        let target: RestoreTarget
        let plan: RestorePlan
    }

    func run() async throws -> JobResult {
        let clients = BucketClients(
            storage, request, stores: storage.stores(of: order.configurations, request.storage))
        let steps = try await steps(clients)
        for step in steps { try step.target.requireFree(overwrite: order.overwrite, node: settings.node) }
        let totals = RestoreTotals(
            reporter.board, diskCount: steps.count, expectedBytes: expectedBytes(of: steps))
        var report = RestoreReport(sourceNode: order.sourceNode, run: request.run)
        for step in steps {
            try Task.checkCancellation()
            let disk = try await restore(step, clients, totals)
            report.disks.append(disk)
            await reporter.keep(report)
            if let error = disk.error, error.concernsWholeStore { break }
        }
        return result(report, of: steps.count)
    }

    private func steps(_ clients: BucketClients) async throws -> [Step] {
        let source = try await source(clients)
        let run = try request.datestamp
        let check = VolumeCheck(run: run, node: settings.node, clients: clients)
        var steps: [Step] = []
        for configuration in order.configurations {
            for volume in try await source.volumes(of: configuration) {
                try await check.requireUnchanged(volume, of: configuration.name)
            }
            for dump in try await source.dumps(of: configuration) {
                steps.append(try await step(dump, clients))
            }
        }
        try refuseCollisions(steps)
        return steps
    }

    /// The bucket's record of the run; without one, Amanda's own catalog on this node.
    private func source(_ clients: BucketClients) async throws -> any RestoreSource {
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(request.storage))
        if let record = try await records.read(request.run, node: order.sourceNode) {
            let root = settings.amandaDirectory
            return RecordSource(record: record) { choice in
                let loaded = try? ConfigurationDirectory(root: root, name: choice.name).load()
                return try? loaded?.configuration.changer().recoveryThreadCount
            }
        }
        return CatalogSource(settings: settings, run: try request.datestamp, clients: clients)
    }

    private func step(_ dump: RestorableDump, _ clients: BucketClients) async throws -> Step {
        let target = try RestoreTarget(dump, order: order, settings: settings)
        guard let first = dump.parts.first else {
            throw WireError(.damaged, node: settings.node, "the dump of '\(dump.disk)' has no parts")
        }
        let engine = RestoreEngine(
            client: try clients.client(dump.bucket, of: dump.configuration.name, at: dump.store))
        let header = try await engine.header(keys: first.keys, fileNumber: first.fileNumber)
        guard header.datestamp == (try request.datestamp), header.disk == dump.disk else {
            throw WireError(
                .damaged, node: settings.node,
                "'\(first.keys.header(file: first.fileNumber))' is the dump of '\(header.disk)' of run "
                    + "\(header.datestamp), expected '\(dump.disk)' of run \(request.run)")
        }
        var plan = try RestorePlan(
            header: header, parts: dump.parts, target: target.path,
            recoveryThreadCount: dump.recoveryThreadCount)
        plan.native = dump.native.flatMap { $0.isKnown ? $0 : nil } ?? plan.native
        plan.stored = dump.stored.flatMap { $0.isKnown ? $0 : nil } ?? plan.stored
        plan.deletes = order.delete
        try rights(dump).grant(to: &plan)
        return Step(dump: dump, target: target, plan: plan)
    }

    private func rights(_ dump: RestorableDump) -> FilterRights {
        FilterRights(root: settings.amandaDirectory, configuration: dump.configuration.name)
    }

    private func refuseCollisions(_ steps: [Step]) throws {
        var owners: [String: RestorableDump] = [:]
        for step in steps {
            if let other = owners.updateValue(step.dump, forKey: step.target.path) {
                throw WireError(
                    .configuration, node: settings.node,
                    "'\(other.disk)' of '\(other.configuration.name)' and '\(step.dump.disk)' of "
                        + "'\(step.dump.configuration.name)' would both go to '\(step.target.path)'",
                    hint: "restore one configuration at a time.")
            }
        }
    }

    /// A disk that cannot be restored is an outcome: the others go on.
    private func restore(
        _ step: Step, _ clients: BucketClients, _ totals: RestoreTotals
    ) async throws -> RestoreReport.Disk {
        let name = "\(step.dump.configuration.name): \(step.dump.disk)"
        await reporter.disk("\(name): begins, into \(step.target.path)")
        totals.begin(step.dump)
        var disk = RestoreReport.Disk(
            configuration: step.dump.configuration.name, disk: step.dump.disk, target: step.target.path)
        do {
            let outcome = try await unpack(step, clients, totals, &disk)
            disk.restoredBytes = outcome.native.byteCount
            disk.notes += outcome.messages
            totals.end(outcome)
            await reporter.disk("\(name): restored, \(Quantity.bytes(outcome.native.byteCount))")
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            disk.error = WireError(cause: error, node: settings.node)
            totals.end(nil)
            await reporter.disk("\(name): failed: \(disk.error?.message ?? "")")
        }
        return disk
    }

    private func unpack(
        _ step: Step, _ clients: BucketClients, _ totals: RestoreTotals, _ disk: inout RestoreReport.Disk
    ) async throws -> RestoreOutcome {
        let dump = step.dump
        let engine = RestoreEngine(
            client: try clients.client(dump.bucket, of: dump.configuration.name, at: dump.store))
        var plan = step.plan
        try rights(step.dump).grant(to: &plan)
        guard case .amandaDirectory(let place) = step.target else {
            return try await engine.restore(plan) { totals.update($0) }
        }
        let installation = SelfRestore(place)
        try installation.prepare()
        defer { try? installation.discard() }
        plan.target = installation.staging
        plan.deletes = false
        let outcome = try await engine.restore(plan) { totals.update($0) }
        disk.notes += try installation.install()
        return outcome
    }

    private func expectedBytes(of steps: [Step]) -> Int64? {
        let known = steps.compactMap { $0.plan.native?.byteCount }
        return known.count == steps.count ? known.reduce(0, +) : nil
    }

    private func result(_ report: RestoreReport, of count: Int) -> JobResult {
        let failed = report.disks.filter { $0.error != nil }
        guard let first = failed.first, let error = first.error else { return JobResult(restore: report) }
        let more = failed.count > 1 ? " (and \(failed.count - 1) more)" : ""
        return JobResult(
            restore: report,
            error: WireError(
                error.kind, node: settings.node,
                "\(first.configuration): \(first.disk): \(error.message)\(more)", hint: error.hint))
    }
}
