// SPDX-License-Identifier: Apache-2.0

public import Faults
public import FoundationEssentials

/// The commit marker of a run (`runs/<run>/manifest.json`): the set and its verdict.
///
/// Created with `If-None-Match`, replaced only with `If-Match`; `revision` counts from 1.
public struct RunManifest: Codable, Sendable, Equatable {
    public enum Verdict: String, Codable, Sendable {
        case running
        case complete
        /// Every dump is made, some lie on their nodes' holding disks and not in the bucket yet.
        case held
        /// Every dump is in the bucket, and some are not believed to hold their disks.
        case suspect
        case partial
        case failed
        case cancelled
    }

    var format: Int
    public var cluster: String
    public var run: RunName
    public var revision: Int
    public var fence: Int
    public var coordinator: String
    public var startedAt: Date
    public var finishedAt: Date?
    public var verdict: Verdict
    public var configurations: [ConfigurationChoice]
    public var nodes: [NodeVerdict]
    /// An operator wants it kept; nil: nobody does.
    public var pin: RunPin?
    /// The sets that were left alone when it began, newest first: a search that goes back no further finds them here.
    public var protectedSets: [RunName]?
    /// Options that the operator gave, such as `--node node01`; nil of an older coordinator.
    public var flags: [String]?
    /// What the coordinator had to tell of itself when it began; nil: nothing.
    public var remarks: [Remark]?

    public init(
        cluster: String, run: RunName, revision: Int = 1, fence: Int, coordinator: String, startedAt: Date,
        finishedAt: Date? = nil, verdict: Verdict = .running, configurations: [ConfigurationChoice],
        nodes: [NodeVerdict]
    ) {
        self.format = WireJSON.format
        self.cluster = cluster
        self.run = run
        self.revision = revision
        self.fence = fence
        self.coordinator = coordinator
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.verdict = verdict
        self.configurations = configurations
        self.nodes = nodes
    }
}

/// Since when, and by whom, a run is not to be overwritten.
public struct RunPin: Codable, Sendable, Equatable {
    public var since: Date
    /// `user@host, pid N`.
    public var by: String

    public init(since: Date, by: String) {
        self.since = since
        self.by = by
    }
}

/// One node's part in the run.
public struct NodeVerdict: Codable, Sendable, Equatable, Failable, Remarked {
    public enum State: String, Codable, Sendable {
        case running
        /// Every disk of every configuration proved.
        case complete
        /// Every disk is dumped, but some dumps wait on the node's holding disk.
        case held
        /// Every disk is dumped and proved, but some dumps are implausible.
        case suspect
        case failed
        case cancelled
        /// No word and no record.
        case missing
    }

    public var node: String
    public var state: State
    public var jobID: String
    public var attempt: Int
    /// Of the node record; where there is none, what progress had last shown.
    public var dumpedBytes: Int64
    public var storedBytes: Int64
    public var notes: [String]
    /// The same as values; nil of an older agent.
    public var noteValues: [Remark]?
    public var error: WireError?
    /// All of them; nil of an older agent.
    public var errors: [WireError]?
    /// What its record says of volumes; nil: there is none, or an older coordinator judged it.
    public var volumes: RecordedVolumes?
    /// Keys that its dumps need and that are not sealed, each with its reason: whoever has the recovery key alone cannot read them.
    /// nil: none.
    public var unsealed: [WireError]?
    /// When the node was done, by its own clock; nil: as above.
    public var finishedAt: Date?

    public init(
        node: String, state: State, jobID: String, attempt: Int = 1, dumpedBytes: Int64 = 0,
        storedBytes: Int64 = 0,
        notes: [String] = [], error: WireError? = nil
    ) {
        self.node = node
        self.state = state
        self.jobID = jobID
        self.attempt = attempt
        self.dumpedBytes = dumpedBytes
        self.storedBytes = storedBytes
        self.notes = notes
        self.error = error
        errors = error.map { [$0] }
    }
}
