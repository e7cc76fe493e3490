// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// `amfleet show RUN`: the manifest and every node's record, from the bucket; agents are asked only of volumes that lie elsewhere.
public struct RunDetails: Sendable {
    public struct Node: Sendable {
        public var verdict: NodeVerdict
        public var record: NodeRecord?
        /// Why there is no record, or why its data is no longer there.
        public var remark: String?
        /// Whether its data can be had back; nil: there is no record.
        public var restorability: Restorability?
    }

    public var manifest: RunManifest
    public var state: RunState
    public var nodes: [Node]

    init(manifest: RunManifest, state: RunState, nodes: [Node]) {
        self.manifest = manifest
        self.state = state
        self.nodes = nodes
    }

    public init(_ cluster: Cluster, run: RunName) async throws {
        let bucket = cluster.impatientBucket
        _ = try await cluster.clusterGuard(bucket).check()
        let manifest = try await RunChoice(cluster).manifest(run).value
        let holder = try await cluster.leaseHolder(bucket)
        let volumes = cluster.volumeJudge()
        let outcomes = try await onEveryNode(manifest.nodes.map(\.node), width: 16) {
            node -> (NodeRecord?, Restorability?) in
            do {
                let record = try await bucket.nodeRecord(run, node: node)
                return (record, await record.asyncMap { await volumes.restorability(of: $0) })
            } catch let foreign as ForeignRecord {
                return (nil, .damaged(foreign.facts))
            }
        }
        self.manifest = manifest
        nodes = zip(manifest.nodes, outcomes).map { verdict, outcome in
            switch outcome.result {
            case .success(let (record, outlook)): Node(verdict, record, outlook)
            case .failure(let error):
                Node(
                    verdict, nil,
                    .unknown("its record cannot be read: \(error.errors.first?.message ?? "no answer")"))
            }
        }
        let complete = nodes.filter { $0.verdict.state.isStored }
        state = RunState(
            manifest,
            RunOutlook(
                byNode: Dictionary(
                    complete.map { ($0.verdict.node, $0.restorability ?? .damaged("no node record")) },
                    uniquingKeysWith: { first, _ in first })), holder: holder)
    }
}

extension RunDetails.Node {
    init(_ verdict: NodeVerdict, _ record: NodeRecord?, _ restorability: Restorability?) {
        let remark: String? =
            switch restorability {
            case nil: "no node record"
            case .restorable: nil
            case .overwritten(let reason): "overwritten: \(reason)"
            case .damaged(let reason): "damaged: \(reason)"
            case .refused(let reason): "a restore would refuse it: \(reason)"
            case .unknown(let reason): "unknown: \(reason)"
            }
        self.init(verdict: verdict, record: record, remark: remark, restorability: restorability)
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value: Sendable>(_ transform: (Wrapped) async -> Value) async -> Value? {
        guard let value = self else { return nil }
        return await transform(value)
    }
}
