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

    init(run: RunName, _ protection: ClusterProtection, _ result: FleetJobs.Result) {
        self.run = run
        self.protection = ProtectionSummary(protection)
        nodes = result.endings.map {
            Node(node: $0.node, record: $0.snapshot?.record).with($0.faults)
        }
        let failures = nodes.compactMap(\.error)
        ending = CommandEnding(
            completeNodes: nodes.count - failures.count, failures: failures, isCancelled: result.isCancelled)
    }
}
