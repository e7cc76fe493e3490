// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What a flush sent from every node's holding disks, and what it did not.
public struct FlushSetReport: Sendable {
    public struct Node: Sendable, Encodable {
        public var node: String
        public var report: FlushReport?
        public var error: WireError?
    }

    /// Whose name the volumes bear.
    public var run: RunName
    public var nodes: [Node]
    public var ending: CommandEnding

    /// - Parameter silent: of nodes that did not say what they hold.
    init(run: RunName, _ result: FleetJobs.Result, silent: [WireError]) {
        self.run = run
        nodes =
            result.endings.map { ending in
                Node(node: ending.node, report: ending.snapshot?.flush, error: ending.error)
            } + silent.map { Node(node: $0.node ?? "?", report: nil, error: $0) }
        let failures = nodes.compactMap(\.error)
        let hasSent = nodes.contains { node in
            (node.report?.configurations ?? []).contains { $0.dumps.contains { !$0.labels.isEmpty } }
        }
        ending = CommandEnding(
            completeNodes: failures.isEmpty || hasSent ? 1 : 0, failures: failures,
            isCancelled: result.isCancelled)
    }
}
