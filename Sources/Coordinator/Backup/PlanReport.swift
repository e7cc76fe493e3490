// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What a dry run said.
public struct PlanReport: Sendable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        /// Volumes and disks as they would be; nil where the node could not say.
        public var record: NodeRecord?
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var run: RunName
    public var nodes: [Node]
    /// What is not overwritten.
    public var protection: ProtectionSummary
    public var ending: CommandEnding

    /// - Parameter fitness: of every node that was asked, in order; why some got no job.
    init(
        run: RunName, _ protection: ClusterProtection, _ result: FleetJobs.Result, _ fitness: [NodeFitness]
    ) {
        self.run = run
        self.protection = ProtectionSummary(protection)
        nodes = fitness.compactMap { node in
            guard let ending = result.endings.first(where: { $0.node == node.node }) else {
                return node.isFit ? nil : Node(node: node.node).with(node.reasons)
            }
            return Node(node: ending.node, record: ending.snapshot?.record).with(ending.faults)
        }
        let failures = nodes.compactMap(\.error)
        ending = CommandEnding(
            completeNodes: nodes.count - failures.count, failures: failures, isCancelled: result.isCancelled)
    }
}
