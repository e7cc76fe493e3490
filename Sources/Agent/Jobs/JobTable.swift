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
        /// Read from disk when first needed for a job that finished earlier.
        var events: [JobEvent]?
        var board = ProgressBoard()
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
    nonisolated let accepted: AsyncStream<JobRequest>
    private let acceptedContinuation: AsyncStream<JobRequest>.Continuation
    private nonisolated let executor = DiskExecutor(name: "amfleet.jobs")
    var entries: [String: Entry] = [:]
    private var state: AgentState
    private var nextListener = 0
    private var isStopping = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Reads the jobs of earlier times. Those that ran when the agent stopped are `interrupted` from here on.
    init(node: String, cluster: String, store: JobStore, logger: Logger) throws {
        self.node = node
        self.cluster = cluster
        self.store = store
        self.logger = logger
        (accepted, acceptedContinuation) = AsyncStream.makeStream()
        state = try store.loadState()
        for var job in try store.loadJobs(logger: logger) {
            if !job.snapshot.state.isFinal {
                try Self.interrupt(&job, store: store, node: node)
                logger.warning("job \(job.request.id) was running when the agent stopped: interrupted")
            }
            entries[job.request.id] = Entry(stored: job)
        }
    }

    private static func interrupt(_ job: inout StoredJob, store: JobStore, node: String) throws {
        let error = JobRefusal.agentStopped(node: node)
        try store.mendEvents(of: job.request.id)
        let newest = max(try store.events(of: job.request.id).last?.sequence ?? 0, job.snapshot.lastSequence)
        job.snapshot.state = .interrupted
        job.snapshot.error = error
        job.snapshot.finishedAt = Date()
        job.snapshot.lastSequence = newest + 1
        let event = JobEvent(
            sequence: newest + 1, time: Date(), kind: .state, state: .interrupted, error: error)
        try store.append(event, to: job.request.id)
        try store.save(job)
    }
}

// MARK: - What the routes ask

extension JobTable {
    /// Takes a job on, or gives the one that has its id.
    ///
    /// The same id and attempt is the same job. A higher attempt starts a job that ended without success again.
    ///
    /// - Throws: `WireError`; `busy` where another job runs or the fence is old.
    func accept(_ request: JobRequest) throws -> JobSnapshot {
        if let known = try knownJob(for: request) { return known }
        if let running = entries.values.first(where: \.isRunning) {
            throw JobRefusal.anotherRuns(running.stored, node: node)
        }
        guard !isStopping else { throw JobRefusal.agentStopped(node: node) }
        try raiseFence(to: request.fence)
        let earlier = entries[request.id]
        var entry = Entry(
            stored: StoredJob(
                request: request,
                snapshot: JobSnapshot(
                    id: request.id, run: request.run, kind: request.order.kind, attempt: request.attempt,
                    state: .accepted, startedAt: Date(),
                    lastSequence: earlier?.stored.snapshot.lastSequence ?? 0,
                    record: earlier?.stored.snapshot.record)))
        entry.events = try earlier.map { try $0.events ?? store.events(of: request.id) } ?? []
        entry.listeners = earlier?.listeners ?? [:]
        entries[request.id] = entry
        try add(.state, to: request.id) { $0.state = .accepted }
        acceptedContinuation.yield(request)
        return try snapshot(of: request.id)
    }

    /// Whether `accept` would take the job on as a new one or a new attempt, so that checking it is worth while.
    func isNew(_ request: JobRequest) throws -> Bool {
        guard try knownJob(for: request) == nil else { return false }
        if let running = entries.values.first(where: \.isRunning) {
            throw JobRefusal.anotherRuns(running.stored, node: node)
        }
        return true
    }

    private func knownJob(for request: JobRequest) throws -> JobSnapshot? {
        guard request.node == node, request.cluster == cluster else {
            throw JobRefusal.wrongNode(request, node: node, cluster: cluster)
        }
        guard JobRequest.isUsable(id: request.id) else { throw JobRefusal.unusableID(node: node) }
        if request.fence != 0, request.fence < state.highestFence {
            throw JobRefusal.fenced(request.fence, highest: state.highestFence, node: node)
        }
        guard let entry = entries[request.id] else { return nil }
        guard entry.stored.request.isSameWork(as: request) else { throw JobRefusal.differs(request) }
        let snapshot = entry.stored.snapshot
        guard request.attempt > snapshot.attempt else { return try self.snapshot(of: request.id) }
        if entry.isRunning { throw JobRefusal.anotherRuns(entry.stored, node: node) }
        return snapshot.state == .succeeded ? snapshot : nil
    }

    private func raiseFence(to fence: Int) throws {
        guard fence > state.highestFence else { return }
        state.highestFence = fence
        try store.save(state)
    }

    func knows(_ id: String) -> Bool { entries[id] != nil }

    /// - Throws: `WireError` where there is no such job.
    func snapshot(of id: String) throws -> JobSnapshot {
        guard let entry = entries[id] else { throw JobRefusal.unknown(id, node: node) }
        var snapshot = entry.stored.snapshot
        if entry.isRunning { snapshot.progress = entry.board.value }
        return snapshot
    }

    /// Newest first, without their evidence.
    func list() -> JobList {
        let snapshots = entries.values.map { entry in
            var snapshot = entry.stored.snapshot
            snapshot.record = nil
            snapshot.restore = nil
            if entry.isRunning { snapshot.progress = entry.board.value }
            return snapshot
        }
        return JobList(jobs: snapshots.sorted { ($0.startedAt, $0.id) > ($1.startedAt, $1.id) })
    }

    /// What was asked of the jobs that did not succeed: they may have left something behind.
    var leftovers: [JobRequest] {
        entries.values.map(\.stored).filter { $0.snapshot.state.isFinal && $0.snapshot.state != .succeeded }
            .map(\.request)
    }

    /// Id of the job that runs.
    var runningJob: String? { entries.first { $0.value.isRunning }?.key }

    /// The newest job that ended.
    var lastJob: JobSnapshot? {
        entries.values.map(\.stored.snapshot).filter(\.state.isFinal)
            .max { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }
    }

    /// Tells a running job to end; one that has ended stays as it is.
    ///
    /// - Returns: the job as it stands, normally still running: it ends once its uploads are aborted.
    func cancel(_ id: String) throws -> JobSnapshot {
        guard let entry = entries[id] else { throw JobRefusal.unknown(id, node: node) }
        if entry.isRunning { stop(id, because: JobRefusal.cancelled(node: node)) }
        return try snapshot(of: id)
    }

    /// Tells every running job to end as `interrupted`, and takes no more.
    func stopAll() {
        isStopping = true
        acceptedContinuation.finish()
        for (id, entry) in entries where entry.isRunning {
            stop(id, because: JobRefusal.agentStopped(node: node))
        }
    }

    private func stop(_ id: String, because reason: WireError) {
        guard entries[id]?.stopReason == nil else { return }
        entries[id]?.stopReason = reason
        entries[id]?.stop?.yield()
    }
}

// MARK: - Listeners

extension JobTable {
    /// A feed of the events after `sequence`. It ends with the awaiting task, or when the caller stops reading.
    func listen(_ id: String, after sequence: Int) throws -> JobEventFeed {
        guard entries[id] != nil else { throw JobRefusal.unknown(id, node: node) }
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        nextListener += 1
        let number = nextListener
        entries[id]?.listeners[number] = continuation
        continuation.yield()
        return JobEventFeed(id: id, after: sequence, wakes: wakes)
    }

    /// Wakes every listener: once a second, for progress and heartbeats.
    func tick() {
        for id in entries.keys { wakeListeners(of: id) }
    }

    /// A listener that has gone is found here, by its stream's end.
    func wakeListeners(of id: String) {
        guard let listeners = entries[id]?.listeners else { return }
        for (number, listener) in listeners {
            if case .terminated = listener.yield() { entries[id]?.listeners[number] = nil }
        }
    }

    /// What a listener at `cursor` has not seen; a heartbeat where that is nothing for `heartbeatEvery`.
    func deliver(
        _ id: String, _ cursor: JobEventFeed.Cursor
    ) throws -> (JobEventFeed.Delivery, JobEventFeed.Cursor) {
        guard let entry = entries[id] else { throw JobRefusal.unknown(id, node: node) }
        var cursor = cursor
        var events = Array(try loadedEvents(of: id).filter { $0.sequence > cursor.sequence }.prefix(500))
        cursor.sequence = events.last?.sequence ?? cursor.sequence
        let newest = entry.stored.snapshot.lastSequence
        let progress = entry.board.value
        if entry.isRunning, progress != cursor.progress {
            cursor.progress = progress
            events.append(
                JobEvent(sequence: cursor.sequence, time: Date(), kind: .progress, progress: progress))
        }
        let isOver = !entry.isRunning && cursor.sequence >= newest
        if events.isEmpty, !isOver, cursor.lastLine.duration(to: .now) >= JobEventFeed.heartbeatEvery {
            events.append(JobEvent(sequence: cursor.sequence, time: Date(), kind: .heartbeat))
        }
        if !events.isEmpty { cursor.lastLine = .now }
        return (JobEventFeed.Delivery(events: events, isOver: isOver), cursor)
    }

    private func loadedEvents(of id: String) throws -> [JobEvent] {
        if let events = entries[id]?.events { return events }
        return try store.events(of: id)
    }
}
