// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import LogOutput
import Logging
import Synchronization

/// The newest progress of one running job: written as often as the job likes, read once a second.
final class JobProgressBoard: Sendable {
    private struct State {
        var newest = JobProgress()
        /// In the order of their beginning.
        var waits: [(number: Int, wait: JobWait)] = []
        var nextNumber = 0
    }

    private let state = Mutex(State())

    /// With the longest of the waits that go on.
    var value: JobProgress {
        state.withLock { state in
            var value = state.newest
            value.wait = state.waits.map(\.wait).max { $0.seconds < $1.seconds }
            return value
        }
    }

    func update(_ change: (inout JobProgress) -> Void) {
        state.withLock { change(&$0.newest) }
    }

    /// Something begins that may be silent.
    ///
    /// - Returns: what `ended` is told.
    func begins(_ wait: JobWait) -> Int {
        state.withLock { state in
            state.nextNumber += 1
            state.waits.append((state.nextNumber, wait))
            return state.nextNumber
        }
    }

    func ended(_ number: Int) {
        state.withLock { $0.waits.removeAll { $0.number == number } }
    }
}

/// What a running job tells of itself. Progress may be lost; events and evidence are not.
struct JobReporter: Sendable {
    let id: String
    let attempt: Int
    let board: JobProgressBoard
    /// With the job's name and run, and whatever `about` has added.
    private(set) var logger: Logger
    private let table: JobTable

    init(id: String, attempt: Int, board: JobProgressBoard, table: JobTable, logger: Logger) {
        self.id = id
        self.attempt = attempt
        self.board = board
        self.table = table
        self.logger = logger
    }

    /// The same for a part of the job: `configuration`, `disk`, `stage`.
    func about(_ metadata: Logger.Metadata) -> JobReporter {
        var reporter = self
        reporter.logger = logger.with(metadata)
        return reporter
    }

    /// Running totals, from any thread.
    func progress(_ change: (inout JobProgress) -> Void) {
        board.update(change)
    }

    /// Does `work`, which may show nothing for `seconds`: whoever follows the job is told why.
    func waiting<Value>(
        for reason: String, atMost seconds: Int, _ work: () async throws -> Value
    ) async rethrows -> Value {
        let number = board.begins(JobWait(reason: reason, seconds: seconds))
        defer { board.ended(number) }
        return try await work()
    }

    /// A disk began or ended.
    func disk(_ text: String) async {
        logger.info("\(text)")
        await table.record(.disk, text, of: id)
    }

    func note(_ text: String) async {
        logger.info("\(text)")
        await table.record(.note, text, of: id)
    }

    /// The evidence of an earlier attempt of this job, until `keep` replaces it.
    func earlierRecord() async -> NodeRecord? {
        try? await table.snapshot(of: id).record
    }

    /// The evidence of another run's backup, as long as its job is kept.
    func record(of run: RunName) async -> NodeRecord? {
        await table.record(of: run)
    }

    /// The evidence of all backups whose jobs are kept.
    func keptRecords() async -> [NodeRecord] {
        await table.keptRecords
    }

    /// The evidence of a run's backup has been changed in the bucket: its job's further attempts go on from that.
    func replaceRecord(_ record: NodeRecord) async {
        await table.replaceRecord(record)
    }

    /// Keeps the evidence so far, so that an interrupted job still has it.
    func keep(_ record: NodeRecord) async {
        await table.keep(record, of: id)
    }

    /// The same where all that is new of it is one more dump.
    func keep(_ record: NodeRecord, with dump: KeptDump) async {
        await table.keep(record, with: dump, of: id)
    }

    func keep(_ report: RestoreReport) async {
        await table.keep(report, of: id)
    }

    /// What the restore is going to do.
    func keep(_ plan: NodeRestorePlan) async {
        await table.keep(plan, of: id)
    }
}
