// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import FoundationEssentials

/// `amfleet status`: one row a node, one verdict on the newest set, every problem with its fix.
public struct StatusReport: Sendable, Encodable {
    public struct Node: Sendable, Encodable {
        public var node: String
        public var address: String
        /// What the agent said; nil where it did not answer.
        public var status: NodeStatus?
        /// True where it was not even asked, since this machine had no descriptors or memory left: that says nothing of the node.
        public var wasNotAsked: Bool?
        /// How far the node's clock is ahead of the coordinator's, in seconds.
        public var clockOffsetSeconds: Double?
        /// Newest run with a proved self-backup of this node whose volumes still bear it.
        public var selfBackup: RunName?
        public var selfBackupAgeSeconds: Double?
        /// Whether it holds the catalogs of the newest data run; nil where either is unknown.
        public var selfBackupIsNewest: Bool?
        /// The node's newest run in the bucket, and how it ended.
        public var lastRun: RunName?
        public var lastRunState: NodeVerdict.State?
        /// Why nobody knows whether there is a self-backup, or a newer one than that; nil: it is known.
        public var selfBackupUnknown: String?
        /// Why a newer one than that, or any, cannot be had, though no volume of it is overwritten; nil: none is known.
        public var selfBackupLost: String?
        /// How many of the newest runs were searched in vain, where there are more; nil: all that were needed.
        public var searchedRuns: Int?
    }

    /// The verdict on the newest run that has ended.
    public struct NewestSet: Sendable, Encodable, Equatable {
        public var run: RunName
        public var verdict: RunManifest.Verdict
        public var restorableNodes: Int
        public var totalNodes: Int
        /// Those whose data cannot be had.
        public var missingNodes: [String]
        /// Those among them of which nobody knows.
        public var unknownNodes: [String] = []
        /// Those whose data can be had and are not believed to be all; nil: none.
        public var suspectNodes: [String]?
        /// Why, each with the node's name.
        public var reasons: [String]
        /// What to do about each of the reasons.
        public var fixes: [String]
    }

    public var cluster: String
    public var checkedAt: Date
    public var nodes: [Node]
    public var newestSet: NewestSet?
    public var findings: [Finding]
    /// What is not overwritten; nil: nobody could find out.
    public var protection: ProtectionSummary?
    /// nil: its files cannot be read.
    public var authority: AuthoritySummary?
    /// nil: of an older version.
    public var recovery: RecoverySummary?

    public var ending: CommandEnding {
        findings.contains { $0.weight == .problem } ? .problem : .complete
    }
}
