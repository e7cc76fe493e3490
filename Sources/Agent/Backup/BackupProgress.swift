// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Synchronization

/// Sums up the progress of a backup over its disks, into the job's board.
final class BackupProgress: Sendable {
    private struct Totals {
        var dumpedBefore: Int64 = 0
        var storedBefore: Int64 = 0
        /// Guessed bytes by disk; a finished disk has its true size.
        var expected: [String: Int64] = [:]
        var diskCount = 0
    }

    private let totals = Mutex(Totals())
    private let board: ProgressBoard

    /// - Parameter diskCount: over all configurations.
    init(_ board: ProgressBoard, diskCount: Int) {
        self.board = board
        totals.withLock { $0.diskCount = diskCount }
        board.update { $0.totalDisks = diskCount }
    }

    /// A guess at the size of one disk has come in.
    func expect(_ bytes: Int64, of entry: DisklistEntry) {
        let sum = totals.withLock { totals -> Int64? in
            totals.expected[entry.key] = totals.expected[entry.key] ?? bytes
            return Self.sum(totals)
        }
        board.update { $0.expectedBytes = sum }
    }

    func begin(_ entry: DisklistEntry, configuration: String) {
        board.update { $0.current = "\(configuration): \(entry.diskName)" }
    }

    func update(_ dump: DumpProgress) {
        let (dumped, stored) = totals.withLock { ($0.dumpedBefore, $0.storedBefore) }
        board.update { progress in
            progress.dumpedBytes = dumped + dump.nativeByteCount
            progress.storedBytes = stored + dump.storedByteCount
            progress.limitedBy = dump.limit.map(JobProgress.Resource.init)
        }
    }

    func end(_ entry: DisklistEntry, _ outcome: DumpOutcome) {
        finish(entry, dumped: outcome.native.byteCount, stored: outcome.parts.reduce(0) { $0 + $1.byteCount })
    }

    /// A disk that an earlier attempt has done.
    func skip(_ entry: DisklistEntry) {
        finish(entry, dumped: 0, stored: 0)
    }

    private func finish(_ entry: DisklistEntry, dumped: Int64, stored: Int64) {
        let (before, sum) = totals.withLock { totals -> ((Int64, Int64), Int64?) in
            totals.dumpedBefore += dumped
            totals.storedBefore += stored
            totals.expected[entry.key] = dumped
            return ((totals.dumpedBefore, totals.storedBefore), Self.sum(totals))
        }
        board.update { progress in
            (progress.dumpedBytes, progress.storedBytes) = before
            progress.expectedBytes = sum
            progress.finishedDisks += 1
            progress.current = nil
        }
    }

    /// Nil until every disk has been guessed.
    private static func sum(_ totals: Totals) -> Int64? {
        totals.expected.count < totals.diskCount ? nil : totals.expected.values.reduce(0, +)
    }
}

extension DisklistEntry {
    /// Unique over the configurations of a job.
    fileprivate var key: String { "\(place)" }
}

extension JobProgress.Resource {
    init(_ limit: DumpProgress.Limit) {
        self =
            switch limit {
            case .disk: .disk
            case .compression: .cpu
            case .storage: .storage
            }
    }
}
