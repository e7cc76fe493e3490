// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What a job came to when it was not cut short.
struct JobResult: Sendable {
    var record: NodeRecord?
    var restore: RestoreReport?
    var restorePlan: NodeRestorePlan?
    var flush: FlushReport?
    /// Why it did not succeed; the evidence beside it holds what did.
    private(set) var faults: [WireError]

    /// More of them say nothing new, and the evidence has them all.
    static let faultLimit = 32

    /// - Parameter faults: a store that fails or refuses is said once, and first.
    init(
        record: NodeRecord? = nil, restore: RestoreReport? = nil, restorePlan: NodeRestorePlan? = nil,
        flush: FlushReport? = nil, faults: [WireError] = []
    ) {
        self.record = record
        self.restore = restore
        self.restorePlan = restorePlan
        self.flush = flush
        let store = faults.filter(\.concernsWholeStore).prefix(1)
        self.faults = Array((store + faults.filter { !$0.concernsWholeStore }).prefix(Self.faultLimit))
    }
}

/// A job, and the node's configurations as its check has found them: its run reads none of them anew.
struct CheckedJob: Sendable {
    let request: JobRequest
    /// nil: nobody has looked yet.
    var configurations: [CheckedConfiguration]?
}

/// What the job table runs: the node's work, behind one door.
protocol JobWork: Sendable {
    /// What can be refused before the job exists. Local files only, and quick.
    ///
    /// - Throws: `WireError`.
    func check(_ request: JobRequest) async throws -> CheckedJob

    /// Does the work. A failure that has evidence beside it is a result, not a throw.
    ///
    /// - Throws: `CancellationError` once the task is cancelled and the work's own uploads are aborted.
    func run(_ job: CheckedJob, reporter: JobReporter) async throws -> JobResult

    /// Undoes what a job that was cut short left behind: its own journalled uploads, its slot's reservation.
    ///
    /// - Throws: when the store cannot be reached; it is called again later.
    func cleanUp(after request: JobRequest) async throws
}
