// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// A job as it lies on disk (`jobs/<id>.json`): what was asked, and how it stands.
struct StoredJob: Codable, Sendable, Equatable {
    var format: Int
    var request: JobRequest
    var snapshot: JobSnapshot

    init(request: JobRequest, snapshot: JobSnapshot) {
        self.format = WireJSON.format
        self.request = request
        self.snapshot = snapshot
    }
}

/// What the agent remembers besides its jobs (`agent-state.json`).
struct AgentState: Codable, Sendable, Equatable {
    var format: Int
    /// The highest fencing number seen: lower ones come from a coordinator that lost its lease.
    var highestFence: Int
    /// Jobs that were cancelled before they came; nil of an older agent, and where there is none.
    var unbegun: [UnbegunJob]?

    init(highestFence: Int = 0) {
        self.format = WireJSON.format
        self.highestFence = highestFence
    }

    /// Older ones are forgotten: a request that was sent that long ago comes no more.
    static let unbegunLimit = 256

    /// The job is not to begin at this attempt or an earlier one.
    mutating func reserve(_ job: UnbegunJob) {
        let earlier = unbegun?.first { $0.id == job.id }?.attempt ?? 0
        var jobs = (unbegun ?? []).filter { $0.id != job.id }
        jobs.append(UnbegunJob(id: job.id, attempt: max(earlier, job.attempt)))
        unbegun = Array(jobs.suffix(Self.unbegunLimit))
    }

    func isReserved(_ id: String, attempt: Int) -> Bool {
        unbegun?.contains { $0.id == id && attempt <= $0.attempt } == true
    }
}

/// A job that was cancelled before the agent knew it: its request may still be on its way.
struct UnbegunJob: Codable, Sendable, Equatable {
    var id: String
    /// Up to this attempt; a later one was asked for by somebody who knew of the cancellation.
    var attempt: Int
}
