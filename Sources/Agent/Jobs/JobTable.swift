// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Logging

/// Every job this agent knows: what was asked, how it stands, and who listens.
///
/// One job at a time on a node, whatever its configurations: the memory of the engine is one fixed pool, a node's
/// self-backup is part of every run, and a queue here would hide from the coordinator which run holds the node.
/// Asking for a second job is refused with the name of the one that runs.
///
/// Everything is on disk before it is told or acted upon.
actor JobTable {
    /// A job, and what only a living agent knows of it.
    struct Entry {
        var stored: StoredJob
        /// Higher than those of the jobs before it, whatever the clock said when they began.
        let number: Int
        /// Read from disk when first needed for a job that finished earlier.
        var events: [JobEvent]?
        var board = JobProgressBoard()
        /// Ends the running job's task.
        var stop: AsyncStream<Void>.Continuation?
        /// Why it was told to stop.
        var stopReason: WireError?
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]

        var isRunning: Bool { !stored.snapshot.state.isFinal }
    }

    /// How many finished jobs are kept.
    static let finishedJobLimit = 100
    /// How many notes of one job are kept as events; the record has them all.
    static let noteLimit = 2000

    let node: String
    let cluster: String
    let logger: Logger
    let store: JobStore
    /// Jobs to run, in the order they were accepted. Read by `JobRunner` alone.
    nonisolated let accepted: AsyncStream<CheckedJob>
    let acceptedContinuation: AsyncStream<CheckedJob>.Continuation
    private nonisolated let executor = DiskExecutor(name: "amfleet.jobs")
    var entries: [String: Entry] = [:]
    var state: AgentState
    var nextListener = 0
    /// Of the newest entry.
    var newestNumber = 0
    var isStopping = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Reads the jobs of earlier times. Those that ran when the agent stopped are `interrupted` from here on.
    init(node: String, cluster: String, store: JobStore, logger: Logger) throws {
        self.node = node
        self.cluster = cluster
        self.store = store
        self.logger = logger
        (accepted, acceptedContinuation) = AsyncStream.makeStream()
        let jobs = try store.loadJobs(logger: logger)
        state = store.loadState(jobs, logger: logger)
        for var job in jobs.sorted(by: {
            ($0.snapshot.startedAt, $0.request.id) < ($1.snapshot.startedAt, $1.request.id)
        }) {
            if !job.snapshot.state.isFinal {
                do {
                    try Self.interrupt(&job, store: store, node: node)
                } catch {
                    store.setAside(job.request.id, because: error, logger: logger)
                    continue
                }
                logger.of(job.request).warning("job was running when the agent stopped: interrupted")
            }
            newestNumber += 1
            entries[job.request.id] = Entry(stored: job, number: newestNumber)
        }
    }

    private static func interrupt(_ job: inout StoredJob, store: JobStore, node: String) throws {
        let error = JobRefusal.agentStopped(node: node)
        try store.mendEvents(of: job.request.id)
        let newest = max(try store.events(of: job.request.id).last?.sequence ?? 0, job.snapshot.lastSequence)
        job.snapshot.state = .interrupted
        job.snapshot.faults = [error]
        job.snapshot.finishedAt = Date()
        job.snapshot.lastSequence = newest + 1
        let event = JobEvent(
            sequence: newest + 1, time: Date(), kind: .state, state: .interrupted, error: error)
        try store.append(event, to: job.request.id)
        try store.save(job)
    }
}
