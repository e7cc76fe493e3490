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
        let protection = try await cluster.knownProtection()
        let outcomes = try await cluster.volumes(selection, protection.report)
        return VolumesReport(
            cluster: cluster.settings.cluster, protection: protection.report.map(ProtectionSummary.init),
            faults: protection.faults,
            nodes: outcomes.map { outcome in
                VolumesReport.Node(
                    node: outcome.node, configurations: outcome.report?.configurations ?? []
                ).with(outcome.faults)
            })
    }
}

extension Cluster {
    /// What every node says of its volumes.
    ///
    /// - Parameter protection: nil: what is not overwritten is not known.
    func volumes(
        _ selection: Selection, _ protection: ClusterProtection?
    ) async throws -> [NodeOutcome<NodeVolumes>] {
        try await onEveryNode(selection.nodes) { node in
            try await agent(node).volumes(
                StatusQuestion(
                    storage: settings.storage.address, configurations: selection.configurations,
                    protection: protection?.order(for: node)))
        }
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
    /// What is not overwritten; nil: nobody could find out.
    public var protection: ProtectionSummary?
    /// Why.
    public var faults: [WireError] = []
    public var nodes: [Node]
}
