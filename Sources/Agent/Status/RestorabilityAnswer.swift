// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import HTTPTransport
import S3

/// Whether what a run has outside the cluster's bucket can still be had. Reads the node's record of the run, labels and what
/// else it is asked for; writes nothing.
struct RestorabilityAnswer: Sendable {
    /// How long a look at everything may take.
    static let timeLimit: Duration = .seconds(60)

    private let settings: AgentSettings
    private let storage: NodeStorage

    init(settings: AgentSettings, storage: NodeStorage) {
        self.settings = settings
        self.storage = storage
    }

    /// Never fails: what cannot be found out is `unknown`, with the reason.
    func restorability(answering question: RestorabilityQuestion) async -> NodeRestorability {
        let found: Restorability
        do {
            let limited = try await withTimeLimit(Self.timeLimit) { try await look(for: question) }
            found = limited ?? .unknown("not everything could be looked at within a minute")
        } catch {
            found = .unknown(WireError(cause: error, node: settings.node).message)
        }
        return NodeRestorability(node: settings.node, run: question.run, found)
    }

    private func look(for question: RestorabilityQuestion) async throws -> Restorability {
        let (address, choices) = (question.place.storage, question.place.configurations)
        let stores = try await CheckedConfiguration.all(choices, settings, address).stores
        let clients = BucketClients(storage, at: address, stores: stores)
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(address))
        guard var record = try await records.read(question.run, node: settings.node) else {
            return .unknown("run \(question.run) has no record of this node in the bucket")
        }
        record.configurations.removeAll { configuration in
            !choices.contains { $0.name == configuration.name }
        }
        let look = OwnVolumeLook(node: settings.node, stores: stores, clients: clients)
        let needs = record.labelNeeds.filter { !$0.volume.lies(inBucketOfCluster: address.bucket) }
        let byLabels = Restorability.of(needs, labels: await look.labels(of: needs))
        guard byLabels == .restorable, question.provesFiles else { return byLabels }
        return await look.proof(
            of: record.fileNeeds.filter { !$0.volume.lies(inBucketOfCluster: address.bucket) })
    }
}
