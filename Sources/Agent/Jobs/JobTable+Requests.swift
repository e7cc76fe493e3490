// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Logging

/// What the routes ask of the table.
extension JobTable {
    /// Takes a job on, or gives the one that has its id.
    ///
    /// The same id and attempt is the same job. A higher attempt starts a job that ended without success again, or that had done its work
    /// in another place.
    ///
    /// - Throws: `WireError`; `busy` where another job runs or the fence is old.
    func accept(_ job: CheckedJob) throws -> JobSnapshot {
        let request = job.request
        if let known = try knownJob(for: request) { return known }
        if state.isReserved(request.id, attempt: request.attempt) { return try notBegun(request) }
        if let running = entries.values.first(where: \.isRunning) {
            throw JobRefusal.anotherRuns(running.stored, node: node)
        }
        guard !isStopping else { throw JobRefusal.agentStopped(node: node) }
        try raiseFence(to: request.fence)
        try enter(request) { try add(.state, to: request.id) { $0.state = .accepted } }
        acceptedContinuation.yield(job)
        return try snapshot(of: request.id)
    }

    /// A job that was cancelled before it came: it is there from now on, ended, as whoever asks for it is told.
    private func notBegun(_ request: JobRequest) throws -> JobSnapshot {
        let reason = JobRefusal.cancelled(node: node)
        try enter(request) {
            entries[request.id]?.stored.snapshot.faults = [reason]
            entries[request.id]?.stored.snapshot.finishedAt = Date()
            try add(.state, to: request.id) {
                $0.state = .cancelled
                $0.faults = [reason]
            }
        }
        logger.of(request).notice("the job was cancelled before it came: it does not begin")
        forgetOldJobs()
        return try snapshot(of: request.id)
    }

    /// - Parameter first: writes the job down.
    private func enter(_ request: JobRequest, _ first: () throws -> Void) throws {
        let earlier = entries[request.id]
        newestNumber += 1
        var entry = Entry(
            stored: StoredJob(
                request: request,
                snapshot: JobSnapshot(
                    id: request.id, run: request.run, kind: request.order.kind, attempt: request.attempt,
                    state: .accepted, startedAt: Date(),
                    lastSequence: earlier?.stored.snapshot.lastSequence ?? 0,
                    record: earlier?.stored.snapshot.record)), number: newestNumber)
        entry.events = try earlier.map { try $0.events ?? store.events(of: request.id) } ?? []
        entry.listeners = earlier?.listeners ?? [:]
        entries[request.id] = entry
        do {
            try first()
        } catch {
            entries[request.id] = earlier  // not written down, so not taken on: it must not hold the node
            throw error
        }
    }

    /// Whether `accept` would take the job on as a new one or a new attempt, so that checking it is worth while.
    func isNew(_ request: JobRequest) throws -> Bool {
        guard try knownJob(for: request) == nil else { return false }
        if state.isReserved(request.id, attempt: request.attempt) { return false }
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
        guard Fence.isPossible(request.fence, at: Date()) else {
            throw JobRefusal.impossibleFence(request.fence, node: node)
        }
        if request.fence != 0, request.fence < state.highestFence {
            throw JobRefusal.fenced(request.fence, highest: state.highestFence, node: node)
        }
        guard let entry = entries[request.id] else { return nil }
        guard entry.stored.request.isSameJob(as: request) else { throw JobRefusal.differs(request) }
        let snapshot = entry.stored.snapshot
        guard request.attempt > snapshot.attempt else { return try self.snapshot(of: request.id) }
        if entry.isRunning { throw JobRefusal.anotherRuns(entry.stored, node: node) }
        let isDone = snapshot.state == .succeeded && entry.stored.request.isSameWork(as: request)
        return isDone ? snapshot : nil
    }

    private func raiseFence(to fence: Int) throws {
        guard fence > state.highestFence else { return }
        state.highestFence = fence
        try store.save(state)
    }

    func knows(_ id: String) -> Bool { entries[id] != nil }

    /// Whether it is a restore under way that its coordinator sends secrets to.
    func awaitsSecrets(_ id: String) -> Bool {
        guard let entry = entries[id], entry.isRunning else { return false }
        switch entry.stored.request.order {
        case .restore(let order), .restorePlan(let order): return order.awaitsSecrets == true
        case .backup, .flush, .accept: return false
        }
    }

    /// Whether a job of this node has named the store: whatever is asked of it goes where the coordinator has sent it before.
    func knows(_ place: StorageAddress) -> Bool {
        entries.values.contains { entry in
            let known = entry.stored.request.storage
            return known.bucket == place.bucket && known.region == place.region
                && known.endpoint == place.endpoint && known.addressing == place.addressing
        }
    }

    /// - Throws: `WireError` where there is no such job.
    func snapshot(of id: String) throws -> JobSnapshot {
        guard let entry = entries[id] else { throw JobRefusal.unknown(id, node: node) }
        var snapshot = entry.stored.snapshot
        if entry.isRunning { snapshot.progress = entry.board.value }
        return snapshot
    }

    /// Newest first, without their evidence.
    func list() -> JobList {
        let snapshots = entries.values.sorted { $0.number > $1.number }.map { entry in
            var snapshot = entry.stored.snapshot
            snapshot.record = nil
            snapshot.restore = nil
            snapshot.restorePlan = nil
            snapshot.flush = nil
            if entry.isRunning { snapshot.progress = entry.board.value }
            return snapshot
        }
        return JobList(jobs: snapshots)
    }

    /// The evidence of a run's backup; nil where its job is not kept any more.
    func record(of run: RunName) -> NodeRecord? {
        entries.values.map(\.stored).first { job in
            guard case .backup(let order) = job.request.order, !order.dryRun else { return false }
            return job.request.run == run && job.snapshot.record != nil
        }?.snapshot.record
    }

    /// The evidence of all backups that are kept.
    var keptRecords: [NodeRecord] {
        entries.values.compactMap { entry in
            guard case .backup(let order) = entry.stored.request.order, !order.dryRun else { return nil }
            return entry.stored.snapshot.record
        }
    }

    /// What was asked of the jobs that did not succeed, or could not reach the store: they may have left something behind.
    var leftovers: [JobRequest] {
        entries.values.map(\.stored).filter { job in
            job.snapshot.state.isFinal
                && (job.snapshot.state != .succeeded || job.snapshot.record?.heldDumps.isEmpty == false)
        }
        .map(\.request)
    }

    /// Id of the job that runs.
    var runningJob: String? { entries.first { $0.value.isRunning }?.key }

    /// The newest job that ended, without its evidence.
    var lastJob: JobSnapshot? {
        var newest = entries.values.filter { !$0.isRunning }.max { $0.number < $1.number }?.stored.snapshot
        newest?.record = nil
        newest?.restore = nil
        newest?.restorePlan = nil
        newest?.flush = nil
        return newest
    }

    /// Tells a running job to end; one that has ended stays as it is. A job, or an attempt of one, that has not come yet does not
    /// begin when it comes: it may be on its way, or just be checked.
    ///
    /// - Parameters:
    ///   - attempt: the newest that was asked for; nil: 1.
    ///   - fence: of the lease under which this is asked; nil: an operator's word.
    /// - Returns: the job as it stands, normally still running: it ends once its uploads are aborted; nil: there is none (yet).
    /// - Throws: `WireError`, `busy` where the fence is old.
    func cancel(_ id: String, attempt: Int? = nil, fence: Int? = nil) throws -> JobSnapshot? {
        guard JobRequest.isUsable(id: id) else { return nil }
        if let fence, fence != 0, fence < state.highestFence {
            throw JobRefusal.fenced(fence, highest: state.highestFence, node: node)
        }
        if (entries[id]?.stored.snapshot.attempt ?? 0) < attempt ?? 1 {
            state.reserve(UnbegunJob(id: id, attempt: attempt ?? 1))
            try store.save(state)
        }
        guard let entry = entries[id] else { return nil }
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
