// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// `amfleet show RUN`: the manifest and every node's record, from the bucket; agents are asked only of volumes that lie elsewhere.
public struct RunDetails: Sendable {
    public struct Node: Sendable {
        public var verdict: NodeVerdict
        public var record: NodeRecord?
        /// Why there is no record, or why its data is no longer there.
        public var remark: String?
    }

    public var manifest: RunManifest
    public var nodes: [Node]

    public init(_ cluster: Cluster, run: RunName) async throws {
        let bucket = cluster.impatientBucket
        let manifest = try await RunChoice(cluster).manifest(run).value
        let volumes = cluster.volumeJudge()
        let outcomes = try await onEveryNode(manifest.nodes.map(\.node), width: 16) { node in
            let record = try await bucket.nodeRecord(run, node: node)
            return (record, await record.asyncMap { await volumes.restorability(of: $0) })
        }
        self.manifest = manifest
        nodes = zip(manifest.nodes, outcomes).map { verdict, outcome in
            guard let (record, outlook) = outcome.report else {
                return Node(verdict: verdict, remark: outcome.error?.message)
            }
            switch outlook {
            case nil: return Node(verdict: verdict, remark: "no node record")
            case .restorable: return Node(verdict: verdict, record: record)
            case .overwritten(let reason):
                return Node(verdict: verdict, record: record, remark: "overwritten: \(reason)")
            case .damaged(let reason):
                return Node(verdict: verdict, record: record, remark: "damaged: \(reason)")
            case .refused(let reason):
                return Node(verdict: verdict, record: record, remark: "a restore would refuse it: \(reason)")
            case .unknown(let reason): return Node(verdict: verdict, record: record, remark: reason)
            }
        }
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value: Sendable>(_ transform: (Wrapped) async -> Value) async -> Value? {
        guard let value = self else { return nil }
        return await transform(value)
    }
}
