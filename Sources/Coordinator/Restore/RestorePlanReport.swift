// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What a restore would do on every node.
public struct RestorePlanReport: Sendable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        /// nil: the node could not say.
        public var restorePlan: NodeRestorePlan?
        /// Why it would not begin, and what of it does not come back.
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var run: RunName
    public var nodes: [Node]
    public var ending: CommandEnding

    /// - Parameters:
    ///   - asked: every node, in order.
    ///   - source: says too why a node was not asked.
    ///   - secrets: that would be put back.
    init(
        run: RunName, asked: [String], _ result: FleetJobs.Result, _ source: RestoreSource,
        _ secrets: OpenedSecrets = OpenedSecrets()
    ) {
        self.run = run
        nodes = asked.compactMap { node in
            if let ending = result.endings.first(where: { $0.node == node }) {
                let plan = ending.snapshot?.restorePlan
                let unopened = secrets.faults[source.owner(of: node)]
                return Node(node: node, restorePlan: plan).with(
                    ending.faults + ending.faults(ofReport: plan?.run, for: run)
                        + ending.faults(ofOwner: plan?.sourceNode, for: source.owner(of: node))
                        + [unopened].compactMap(\.self))
            }
            let faults = source.left.filter { $0.node == node }
            return faults.isEmpty ? nil : Node(node: node).with(faults)
        }
        let failures = nodes.compactMap(\.error)
        ending = CommandEnding(
            completeNodes: nodes.count - failures.count, failures: failures, isCancelled: result.isCancelled)
    }
}
