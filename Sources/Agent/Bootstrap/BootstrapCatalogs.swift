// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Logging

/// Brings the catalogs that came back with a self-backup up to what the volumes in the bucket bear: runs after it, and its own.
struct BootstrapCatalogs: Sendable {
    let order: BootstrapOrder
    let settings: AgentSettings
    let storage: NodeStorage
    let logger: Logger

    /// Every configuration of the Amanda directory, each by itself: what one lacks costs no other anything.
    func complete(selfBackup: String) async throws -> [BootstrapReport.Configuration] {
        let names = try await runBlocking("configurations") { [settings] in
            ConfigurationDirectory.all(in: settings.amandaDirectory)
        }
        let choices = names.map {
            ConfigurationChoice(name: $0, role: $0 == selfBackup ? .selfBackup : .data)
        }
        let checked = try await CheckedConfiguration.all(choices, settings, order.storage)
        let clients = BucketClients(storage, at: order.storage, stores: checked.stores)
        var reports: [BootstrapReport.Configuration] = []
        for configuration in checked {
            try Task.checkCancellation()
            reports.append(try await complete(configuration, clients))
        }
        return reports
    }

    private func complete(
        _ configuration: CheckedConfiguration, _ clients: BucketClients
    ) async throws -> BootstrapReport.Configuration {
        var report = BootstrapReport.Configuration(name: configuration.choice.name)
        report.faults = configuration.faults
        guard let prepared = try? configuration.resolved.get() else { return report }
        do {
            for finding in try await enter(prepared, after: configuration.newestRun, clients) {
                report.notes.append(finding.text(isDone: true))
            }
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            var fault = WireError(cause: error, node: settings.node)
            fault.message =
                "the catalog of '\(report.name)' was not compared with its volumes: \(fault.message)"
            report.faults.append(fault)
        }
        return report
    }

    private func enter(
        _ prepared: PreparedConfiguration, after newest: Datestamp?, _ clients: BucketClients
    ) async throws -> [CatalogCatchUp.Finding] {
        guard let run = CatalogCatchUp.nextRun(after: newest) else { return [] }
        let name = prepared.choice.name
        let taking = VolumeTaking(node: settings.node, prepared: prepared, run: run) {
            try clients.client(of: $0, of: name)
        }
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(order.storage))
        let found = try await CatalogCatchUp(taking: taking, records: records).look()
        try await runBlocking("catalog", asking: prepared.location.mayHang, prepared.location.patience) {
            try prepared.entries.removeStaleSnapshots(found.runs.flatMap(\.dumps))
            try CatalogRecovery(prepared.location).enter(found.runs)
        }
        return found.findings
    }
}
