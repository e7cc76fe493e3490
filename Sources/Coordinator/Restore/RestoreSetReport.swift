// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What a restore brought back on every node.
public struct RestoreSetReport: Sendable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        public var isComplete: Bool
        /// What it was going to do; nil: it did not come so far, and of an older agent.
        public var restorePlan: NodeRestorePlan?
        public var report: RestoreReport?
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var run: RunName
    public var nodes: [Node]
    /// What scripts named when the data were dumped.
    public var recoveryPoints: [NodeRecoveryPoints]
    /// What was brought back and is not believed to be all of its disk.
    public var suspects: [WireError]
    public var ending: CommandEnding

    /// - Parameters:
    ///   - asked: every node, in order.
    ///   - source: says too why a node got no job.
    ///   - secrets: that were to be put back.
    init(
        run: RunName, asked: [String], _ result: FleetJobs.Result, _ source: RestoreSource,
        _ secrets: OpenedSecrets = OpenedSecrets()
    ) {
        let left = source.left
        self.run = run
        recoveryPoints = source.recoveryPoints.filter { !$0.points.isEmpty }
        suspects = source.suspects
        nodes = asked.compactMap { node in
            if let ending = result.endings.first(where: { $0.node == node }) {
                return Node(ending, of: run, source.dumped[node] ?? [], from: source.owner(of: node))
                    .with(secrets.faults[source.owner(of: node)])
            }
            let faults = left.filter { $0.node == node }
            return faults.isEmpty ? nil : Node(node: node, isComplete: false).with(faults)
        }
        let failed = nodes.filter { !$0.isComplete }
        ending = CommandEnding(
            completeNodes: nodes.count - failed.count, failures: failed.map(\.error),
            isCancelled: result.isCancelled)
    }
}

extension RestoreSetReport.Node {
    /// Complete when the job succeeded and every disk of it did, by its own report.
    ///
    /// - Parameters:
    ///   - disks: that the run dumped.
    ///   - source: whose data were asked for.
    init(_ ending: NodeEnding, of run: RunName, _ disks: Set<String>, from source: String) {
        let report = ending.snapshot?.restore
        let unsaid = disks.subtracting((report?.disks ?? []).map(\.disk)).sorted()
        var own =
            ending.faults + ending.faults(ofReport: report?.run, for: run)
            + ending.faults(ofOwner: report?.sourceNode, for: source)
        if own.isEmpty {
            own = unsaid.map {
                WireError(
                    .failed, node: ending.node,
                    "disk '\($0)': the agent says that it is done, and nothing of this disk",
                    hint: "look at amfleetd's log on the node, then restore it again, with '--overwrite'.")
            }
        }
        let all = own.isEmpty ? (report?.disks ?? []).compactMap { $0.error?.on(ending.node) } : own
        self.init(
            node: ending.node, isComplete: all.isEmpty && ending.snapshot?.state == .succeeded,
            restorePlan: ending.snapshot?.restorePlan, report: report)
        faults = all
    }
}

extension RestoreSetReport.Node {
    /// What was to come back and did not: sealed files that could not be opened, or not be written.
    fileprivate func with(_ fault: WireError?) -> Self {
        let unwritten = (report?.secrets ?? []).filter { $0.state == .failed }.map { secret in
            WireError(
                .failed, node: node,
                "'\(secret.path)' was not put back: \(secret.reason ?? "no reason is given")")
        }
        let missing =
            [fault].compactMap(\.self)
            + NodeRecord.bounded(unwritten, to: 20) {
                WireError(.failed, node: node, "\($0) files that were not put back")
            }
        guard !missing.isEmpty else { return self }
        var incomplete = self
        incomplete.isComplete = false
        incomplete.faults = faults + missing
        return incomplete
    }
}
