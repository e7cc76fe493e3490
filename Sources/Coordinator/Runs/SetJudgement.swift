// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What the nodes' verdicts mean together.
enum SetJudgement {
    /// The set's verdict: complete only with every node and every configuration of `cluster.json`.
    ///
    /// - Parameter verdicts: one for each node of the cluster, those that nobody asked included.
    static func verdict(
        _ verdicts: [NodeVerdict], asked: [ConfigurationChoice], cluster: ClusterSettings,
        isCancelled: Bool = false
    ) -> RunManifest.Verdict {
        if isCancelled { return .cancelled }
        let dumped = Set(verdicts.filter(\.state.isDumped).map(\.node))
        guard !dumped.isEmpty else {
            return verdicts.contains { $0.state == .cancelled } ? .cancelled : .failed
        }
        let isWhole =
            dumped.isSuperset(of: cluster.nodes.map(\.name)) && dumped.count == verdicts.count
            && Set(asked).isSuperset(of: cluster.configurations.inBackupOrder)
        guard isWhole else { return .partial }
        if verdicts.contains(where: { $0.state == .held }) { return .held }
        return verdicts.contains { $0.state == .suspect } ? .suspect : .complete
    }

    /// How the command ended for the nodes that were asked.
    static func ending(_ asked: [NodeVerdict], isCancelled: Bool = false) -> CommandEnding {
        let failed = asked.filter { $0.state != .complete }
        // Every dump is there, and on the worst day one of them could not be read.
        if !isCancelled, failed.isEmpty, asked.contains(where: { $0.unsealed != nil }) { return .suspect }
        if !isCancelled, !failed.isEmpty, failed.allSatisfy(\.state.isDumped) {
            return failed.contains { $0.state == .held } ? .held : .suspect
        }
        return CommandEnding(
            completeNodes: asked.count(where: \.state.isDumped), failures: failed.map(\.error),
            isCancelled: isCancelled || (!failed.isEmpty && failed.allSatisfy { $0.state == .cancelled }))
    }
}

extension NodeVerdict.State {
    /// Every disk is dumped; whether every dump is in the bucket and believed is another question.
    var isDumped: Bool { self == .complete || self == .held || self == .suspect }

    /// Every dump is in the bucket, proved.
    var isStored: Bool { self == .complete || self == .suspect }
}
