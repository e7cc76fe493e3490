// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// `amfleet volumes`: what lies in every slot of every node, and when it is overwritten. Asks the agents; writes nothing.
public struct VolumesCommand: Sendable {
    let cluster: Cluster
    let nodes: [String]
    let configurations: [String]

    /// Empty lists: all of them.
    public init(_ cluster: Cluster, nodes: [String], configurations: [String]) {
        self.cluster = cluster
        self.nodes = nodes
        self.configurations = configurations
    }

    public func run() async throws -> VolumesReport {
        let selection = try Selection(cluster.file, nodes: nodes, configurations: configurations)
        let question = StatusQuestion(
            storage: cluster.settings.storage.address, configurations: selection.configurations)
        let outcomes = try await onEveryNode(selection.nodes) { node in
            try await cluster.agent(node).volumes(question)
        }
        return VolumesReport(
            cluster: cluster.settings.cluster,
            nodes: outcomes.map { outcome in
                VolumesReport.Node(
                    node: outcome.node, configurations: outcome.report?.configurations ?? []
                ).with(outcome.faults)
            })
    }
}

/// The volumes of every node that was asked.
public struct VolumesReport: Sendable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        public var configurations: [ConfigurationVolumes]
        /// Why the agent gave no answer.
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var cluster: String
    public var nodes: [Node]
}
