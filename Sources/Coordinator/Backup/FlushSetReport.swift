// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What a flush sent from every node's holding disks, and what it did not.
public struct FlushSetReport: Sendable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        public var report: FlushReport?
        public var error: WireError?
        public var errors: [WireError]?
    }

    /// Whose name the volumes bear.
    public var run: RunName
    public var nodes: [Node]
    public var ending: CommandEnding

    /// - Parameters:
    ///   - asked: the configurations with held dumps, of each node with a job.
    ///   - silent: of nodes that did not say all that they hold, or got no job.
    init(
        run: RunName, _ result: FleetJobs.Result, asked: [String: [String]], silent: [FlushCommand.Part]
    ) {
        self.run = run
        func unproved(_ ending: NodeEnding) -> [WireError] {
            let report = ending.snapshot?.flush
            let faults = ending.faults(ofReport: report?.run, for: run)
            guard faults.isEmpty, ending.snapshot?.state == .succeeded else { return faults }
            return (asked[ending.node] ?? []).filter { name in
                let said = report?.configurations.first { $0.name == name }
                return said.map { $0.dumps.isEmpty && $0.notes.isEmpty && $0.faults.isEmpty } ?? true
            }.map {
                WireError(
                    .failed, node: ending.node,
                    "\($0): the agent says that it is done, and nothing of the dumps that it held",
                    hint: "'amfleet status' shows what is held now.")
            }
        }
        nodes =
            result.endings.map { ending in
                let unsaid = silent.first { $0.node == ending.node }?.faults ?? []
                return Node(node: ending.node, report: ending.snapshot?.flush).with(
                    ending.faults + unproved(ending) + unsaid)
            }
            + silent.filter { part in !result.endings.contains { $0.node == part.node } }
            .map { Node(node: $0.node).with($0.faults) }
        let failures = nodes.compactMap(\.error)
        let hasSent = nodes.contains { node in
            (node.report?.configurations ?? []).contains { $0.dumps.contains { !$0.labels.isEmpty } }
        }
        ending = CommandEnding(
            completeNodes: failures.isEmpty || hasSent ? 1 : 0, failures: failures,
            isCancelled: result.isCancelled)
    }
}
