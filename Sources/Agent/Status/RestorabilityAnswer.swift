// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
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
        @Sendable func said(_ found: Restorability) -> NodeRestorability {
            NodeRestorability(node: settings.node, run: question.run, found)
        }
        do {
            let answer = try await withTimeLimit(Self.timeLimit) {
                let checked = try await CheckedConfiguration.all(
                    question.place.configurations, settings, question.place.storage)
                var answer = said(try await look(for: question, checked))
                let thaws = checked.filter { $0.changer?.readsFromGlacier == true }.map(\.choice.name)
                if !thaws.isEmpty { answer.thaws = thaws }
                return answer
            }
            return answer ?? said(.unknown("not everything could be looked at within a minute"))
        } catch {
            return said(.unknown(WireError(cause: error, node: settings.node).message))
        }
    }

    private func look(
        for question: RestorabilityQuestion, _ checked: [CheckedConfiguration]
    ) async throws -> Restorability {
        let (address, choices) = (question.place.storage, question.place.configurations)
        let stores = checked.stores
        let clients = BucketClients(storage, at: address, stores: stores)
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(address))
        guard var record = try await records.read(question.run, node: settings.node) else {
            return .unknown("run \(question.run) has no record of this node in the bucket")
        }
        guard record.node == settings.node, record.run == question.run else {
            return .damaged("its record is that of run \(record.run) of node '\(record.node)'")
        }
        record.configurations.removeAll { configuration in
            !choices.contains { $0.name == configuration.name }
        }
        let look = OwnVolumeLook(node: settings.node, clients: clients)
        let needs = record.labelNeeds.filter { !$0.volume.lies(inBucketOfCluster: address.bucket) }
        let byLabels = Restorability.of(needs, labels: await look.labels(of: needs))
        guard byLabels == .restorable else { return byLabels }
        if question.provesFiles {
            let byFiles = await look.proof(
                of: record.fileNeeds.filter { !$0.volume.lies(inBucketOfCluster: address.bucket) })
            guard byFiles == .restorable else { return byFiles }
        }
        let order = RestoreOrder(sourceNode: settings.node, configurations: choices)
        return await judge(
            RestorePlanning(
                settings: settings, run: question.run, order: order, configurations: checked,
                clients: clients, records: records, ownRecord: { _ in nil }, say: { _ in },
                logger: storage.logger),
            readsHeaders: question.provesFiles)
    }

    /// What the restore itself would say.
    private func judge(_ planning: RestorePlanning, readsHeaders: Bool) async -> Restorability {
        do {
            try await planning.judge(readsHeaders: readsHeaders)
            return .restorable
        } catch {
            let fault = WireError(cause: error, node: settings.node)
            switch fault.kind {
            case .damaged: return .damaged(fault.message)
            case .configuration, .unsupported: return .refused(fault.message)
            default: return .unknown(fault.message)
            }
        }
    }
}
