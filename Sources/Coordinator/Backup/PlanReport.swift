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

    /// - Parameters:
    ///   - fitness: of every node that was asked, in order; why some got no job.
    ///   - asked: the configurations that each is to say something of.
    init(
        run: RunName, _ protection: ClusterProtection, _ result: FleetJobs.Result, _ fitness: [NodeFitness],
        asked: [String]
    ) {
        self.run = run
        self.protection = ProtectionSummary(protection)
        nodes = fitness.compactMap { node in
            guard let ending = result.endings.first(where: { $0.node == node.node }) else {
                return node.isFit ? nil : Node(node: node.node).with(node.reasons)
            }
            let record = ending.snapshot?.record
            let unsaid = asked.filter { name in record?.configurations.contains { $0.name == name } == false }
            return Node(node: ending.node, record: record).with(
                ending.faults
                    + ending.faults(ofReport: record?.node == node.node ? record?.run : nil, for: run)
                    + unsaid.map {
                        WireError(.failed, node: node.node, "its plan says nothing of configuration '\($0)'")
                    })
        }
        let failures = nodes.compactMap(\.error)
        ending = CommandEnding(
            completeNodes: nodes.count - failures.count, failures: failures, isCancelled: result.isCancelled)
    }
}
