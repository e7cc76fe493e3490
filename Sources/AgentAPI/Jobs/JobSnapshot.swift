// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Where a job stands. The last four are final.
public enum JobState: String, Codable, Sendable, CaseIterable {
    case accepted
    case running
    case succeeded
    case failed
    case cancelled
    /// The agent stopped while it ran; its own uploads were aborted when it came back.
    case interrupted

    public var isFinal: Bool { self != .accepted && self != .running }

    /// A state of a newer agent is no end: what follows it, and `limits.stalled`, decide.
    public init(from decoder: any Decoder) throws {
        self = JobState(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .running
    }
}

/// A job as the agent tells of it (`GET /v1/jobs/{id}`).
public struct JobSnapshot: Codable, Sendable, Equatable, Failable {
    public var format: Int
    public var id: String
    public var run: RunName
    public var kind: JobKind
    public var attempt: Int
    public var state: JobState
    public var startedAt: Date
    public var finishedAt: Date?
    /// Number of the newest event.
    public var lastSequence: Int
    public var progress: JobProgress
    /// Why it did not succeed.
    public var error: WireError?
    /// All of them; nil of an older agent.
    public var errors: [WireError]?
    /// A backup's evidence, also of a failed one; its dry run's plan.
    public var record: NodeRecord?
    public var restore: RestoreReport?
    /// What a restore is going to do, and what a `restorePlan` says; nil of an older agent.
    public var restorePlan: NodeRestorePlan?
    public var flush: FlushReport?

    public init(
        id: String, run: RunName, kind: JobKind, attempt: Int, state: JobState, startedAt: Date,
        finishedAt: Date? = nil, lastSequence: Int = 0, progress: JobProgress = JobProgress(),
        error: WireError? = nil, record: NodeRecord? = nil, restore: RestoreReport? = nil
    ) {
        self.format = WireJSON.format
        self.id = id
        self.run = run
        self.kind = kind
        self.attempt = attempt
        self.state = state
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.lastSequence = lastSequence
        self.progress = progress
        self.error = error
        errors = error.map { [$0] }
        self.record = record
        self.restore = restore
    }
}

/// Answer of `GET /v1/jobs`: newest first.
public struct JobList: Codable, Sendable, Equatable {
    var format: Int
    public var jobs: [JobSnapshot]

    public init(jobs: [JobSnapshot]) {
        self.format = WireJSON.format
        self.jobs = jobs
    }
}
