// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// `amfleet key create`: every node makes a key of its own, proves it, and keeps it. No key crosses the network.
public struct KeyCommand: Sendable {
    /// gpg's slow derivations and amcrypt's trial, for each of a node's dumpusers.
    static let limit = Duration.seconds(180)

    let cluster: Cluster
    let nodes: [String]
    let configurations: [String]

    /// Empty lists: all of them.
    public init(_ cluster: Cluster, nodes: [String], configurations: [String]) {
        self.cluster = cluster
        self.nodes = nodes
        self.configurations = configurations
    }

    public func create() async throws -> KeyReport {
        let selection = try Selection(cluster.file, nodes: nodes, configurations: configurations)
        let request = KeyRequest(configurations: selection.configurations.map(\.name))
        let outcomes = try await onEveryNode(selection.nodes) { node in
            try await cluster.agent(node).createKeys(request, limit: Self.limit)
        }
        return KeyReport(
            cluster: cluster.settings.cluster,
            nodes: outcomes.map { outcome in
                KeyReport.Node(node: outcome.node, keys: outcome.report?.keys ?? []).with(outcome.faults)
            })
    }
}

/// Which nodes have made keys, and why others have not.
public struct KeyReport: Sendable, Encodable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        public var keys: [NodeKey]
        /// Why there is none.
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var cluster: String
    public var nodes: [Node]
}
