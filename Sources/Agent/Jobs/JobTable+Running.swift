// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Logging

/// What a running job and its runner tell the table.
extension JobTable {
    /// The job begins.
    ///
    /// - Returns: where its progress goes and what tells it to stop; nil for a job that was told to end before.
    func begin(_ id: String) throws -> (reporter: JobReporter, stop: AsyncStream<Void>)? {
        guard let entry = entries[id] else { return nil }
        if let reason = entry.stopReason {
            finish(id, with: .failure(reason))
            return nil
        }
        let (stop, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        entries[id]?.stop = continuation
        try add(.state, to: id) { $0.state = .running }
        let reporter = JobReporter(
            id: id, attempt: entry.stored.request.attempt, board: entry.board, table: self,
            logger: logger.of(entry.stored.request))
        return (reporter, stop)
    }

    /// Adds a numbered line. One that cannot be written is logged and still told.
    func record(_ kind: JobEvent.Kind, _ text: String, of id: String) {
        guard let count = entries[id]?.events?.count, kind != .note || count < Self.noteLimit else { return }
        keepGoing(id) { try add(kind, to: id) { $0.text = text } }
    }

    func keep(_ record: NodeRecord, of id: String) {
        entries[id]?.stored.snapshot.record = record
        keepGoing(id) { try save(id) }
    }

    func keep(_ record: NodeRecord, with dump: KeptDump, of id: String) {
        entries[id]?.stored.snapshot.record = record
        keepGoing(id) { try store.append(dump, to: id) }
    }

    /// Where the backup's job is still kept.
    func replaceRecord(_ record: NodeRecord) {
        for (id, entry) in entries {
            guard case .backup(let order) = entry.stored.request.order, !order.dryRun,
                entry.stored.request.run == record.run, entry.stored.snapshot.record != nil
            else { continue }
            keep(record, of: id)
        }
    }

    func keep(_ plan: NodeRestorePlan, of id: String) {
        entries[id]?.stored.snapshot.restorePlan = plan
        keepGoing(id) { try save(id) }
    }

    func keep(_ report: RestoreReport, of id: String) {
        entries[id]?.stored.snapshot.restore = report
        keepGoing(id) { try save(id) }
    }

    /// The job has ended: `failure` with a `WireError`, a `CancellationError` or whatever its work threw.
    func finish(_ id: String, with outcome: Result<JobResult, any Error>) {
        guard let entry = entries[id], entry.isRunning else { return }
        var snapshot = entry.stored.snapshot
        snapshot.progress = entry.board.value
        snapshot.finishedAt = Date()
        switch outcome {
        case .success(let result):
            snapshot.record = result.record ?? snapshot.record
            snapshot.restore = result.restore ?? snapshot.restore
            snapshot.restorePlan = result.restorePlan ?? snapshot.restorePlan
            snapshot.flush = result.flush
            snapshot.faults = result.faults
            snapshot.state = result.faults.isEmpty ? .succeeded : .failed
        case .failure(let error):
            snapshot.faults = entry.stopReason.map { [$0] } ?? WireError.all(cause: error, node: node)
            snapshot.state = Self.state(endedBy: snapshot.error)
        }
        entries[id]?.stored.snapshot = snapshot
        entries[id]?.stop?.finish()
        entries[id]?.stop = nil
        addFinal(to: id)
        forgetOldJobs()
    }

    private static func state(endedBy error: WireError?) -> JobState {
        switch error?.kind {
        case .cancelled: .cancelled
        case .interrupted: .interrupted
        default: .failed
        }
    }

    /// Each of them is tried whatever became of the one before: of the end as much is written down as can be.
    private func addFinal(to id: String) {
        guard let snapshot = entries[id]?.stored.snapshot else { return }
        keepGoing(id) { try add(.progress, to: id) { $0.progress = snapshot.progress } }
        do {
            try add(.state, to: id) {
                $0.state = snapshot.state
                $0.faults = snapshot.faults
            }
        } catch {
            tellUnwritten(id, error)
            keepGoing(id) { try save(id) }
        }
    }

    /// Numbers an event, writes it, then the job, then wakes the listeners.
    func add(_ kind: JobEvent.Kind, to id: String, _ fill: (inout JobEvent) -> Void) throws {
        guard let newest = entries[id]?.stored.snapshot.lastSequence else { return }
        var event = JobEvent(sequence: newest + 1, time: Date(), kind: kind)
        fill(&event)
        if let state = event.state { entries[id]?.stored.snapshot.state = state }
        entries[id]?.stored.snapshot.lastSequence = event.sequence
        entries[id]?.events?.append(event)
        if event.state != nil { tellState(of: id) }
        defer { wakeListeners(of: id) }
        try store.append(event, to: id)
        if event.state != nil { try save(id) }
    }

    private func tellState(of id: String) {
        guard let job = entries[id]?.stored else { return }
        var metadata: Logger.Metadata = ["attempt": "\(job.snapshot.attempt)"]
        if let error = job.snapshot.error {
            metadata["error"] = "\(error.message)"
            metadata["errorKind"] = "\(error.kind.rawValue)"
        }
        logger.of(job.request).info(
            "\(job.request.order.kind.rawValue) job is \(job.snapshot.state.rawValue)", metadata: metadata)
    }

    private func save(_ id: String) throws {
        if let job = entries[id]?.stored { try store.save(job) }
    }

    /// A full disk must not end a backup that otherwise succeeds: it is logged, and the job goes on.
    private func keepGoing(_ id: String, _ write: () throws -> Void) {
        do {
            try write()
        } catch {
            tellUnwritten(id, error)
        }
    }

    private func tellUnwritten(_ id: String, _ error: any Error) {
        logger.error(
            "the job's state could not be written", metadata: ["job": "\(id)", "reason": "\(error)"])
    }

    /// Drops the oldest finished jobs, and the events in memory of all but the running ones.
    func forgetOldJobs() {
        let finished = entries.values.filter { !$0.isRunning }.sorted { $0.number > $1.number }
            .map(\.stored.snapshot)
        for snapshot in finished { entries[snapshot.id]?.events = nil }
        for snapshot in finished.dropFirst(Self.finishedJobLimit) {
            entries[snapshot.id]?.listeners.values.forEach { $0.finish() }
            entries[snapshot.id] = nil
            store.remove(snapshot.id, logger: logger)
        }
    }
}
