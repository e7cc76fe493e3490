// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// Writes into this node's record of a run that an operator takes a suspect dump for what it should be.
struct AcceptJob: Sendable {
    let settings: AgentSettings
    let storage: NodeStorage
    let request: JobRequest
    let order: AcceptOrder
    let reporter: JobReporter

    /// - Throws: `WireError` where the run has no such dump, or it is not suspect; `S3Error`.
    func run(_ configurations: [CheckedConfiguration]) async throws -> JobResult {
        let clients = BucketClients(storage, request, stores: configurations.stores)
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(request.storage))
        guard var record = try await records.read(request.run, node: settings.node) else {
            throw refusal("run \(request.run) has no record of this node")
        }
        var isAccepted = false
        for index in record.configurations.indices
        where order.configurations.contains(where: { $0.name == record.configurations[index].name }) {
            for place in record.configurations[index].dumps.indices {
                guard record.configurations[index].dumps[place].disk == order.disk,
                    record.configurations[index].dumps[place].isSuspect
                else { continue }
                record.configurations[index].dumps[place].suspect?.acceptedAt = Date()
                record.configurations[index].dumps[place].suspect?.acceptedBy = request.coordinator
                isAccepted = true
            }
        }
        guard isAccepted else {
            throw refusal("run \(request.run) has no suspect dump of '\(order.disk)'")
        }
        try await records.write(record)
        await reporter.replaceRecord(record)
        await reporter.note("the dump of '\(order.disk)' in run \(request.run) is accepted")
        return JobResult()
    }

    private func refusal(_ facts: String) -> WireError {
        WireError(
            .configuration, node: settings.node, facts,
            hint: "'amfleet show \(request.run)' names every suspect dump of the run.")
    }
}
