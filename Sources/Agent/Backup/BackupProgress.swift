// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Synchronization

/// Sums up the progress of a backup over its disks, those that run side by side too, into the job's board.
final class BackupProgress: Sendable {
    private struct Running {
        let name: String
        var dumpedBytes: Int64 = 0
        var storedBytes: Int64 = 0
        var limit: DumpProgress.Limit?
    }

    private struct Totals {
        var finishedDumpedBytes: Int64 = 0
        var finishedStoredBytes: Int64 = 0
        var finishedDiskCount = 0
        /// By key, and in the order of their beginning.
        var running: [(key: String, disk: Running)] = []
        /// Bytes by key; a finished disk has its true size.
        var expected: [String: Int64] = [:]
        var diskCount: Int
        var limit: DumpProgress.Limit?
    }

    private let totals: Mutex<Totals>
    private let board: JobProgressBoard

    /// - Parameter diskCount: over all configurations.
    init(_ board: JobProgressBoard, diskCount: Int) {
        self.board = board
        totals = Mutex(Totals(diskCount: diskCount))
        board.update { $0.totalDisks = diskCount }
    }

    /// The size of one disk has been estimated.
    func expect(_ bytes: Int64, of entry: DisklistEntry) {
        change { $0.expected[entry.key] = bytes }
    }

    func begin(_ entry: DisklistEntry, configuration: String) {
        change { $0.running.append((entry.key, Running(name: "\(configuration): \(entry.diskName)"))) }
    }

    func update(_ entry: DisklistEntry, _ dump: DumpProgress) {
        change { totals in
            guard let index = totals.running.firstIndex(where: { $0.key == entry.key }) else { return }
            totals.running[index].disk.dumpedBytes = dump.nativeByteCount
            totals.running[index].disk.storedBytes = dump.storedByteCount
            totals.running[index].disk.limit = dump.limit
            totals.limit = dump.limit
        }
    }

    /// - Returns: what it has waited for most; nil: it was over too soon to tell.
    func end(_ entry: DisklistEntry, _ record: DumpRecord) -> JobProgress.Resource? {
        let limit = totals.withLock { totals in
            totals.running.first { $0.key == entry.key }?.disk.limit
        }
        finish(
            entry, dumped: record.native.byteCount, stored: record.held?.storedBytes ?? record.storedBytes)
        return limit.map(JobProgress.Resource.init)
    }

    /// A disk that an earlier attempt has done, or that this run leaves out.
    func skip(_ entry: DisklistEntry) {
        finish(entry, dumped: 0, stored: 0)
    }

    private func finish(_ entry: DisklistEntry, dumped: Int64, stored: Int64) {
        change { totals in
            totals.running.removeAll { $0.key == entry.key }
            totals.finishedDumpedBytes += dumped
            totals.finishedStoredBytes += stored
            totals.finishedDiskCount += 1
            totals.expected[entry.key] = dumped
        }
    }

    private func change(_ change: (inout Totals) -> Void) {
        totals.withLock { totals in
            change(&totals)
            let newest = Self.progress(totals)
            board.update { $0 = newest }  // within the lock: an older sum must not replace a newer one
        }
    }

    private static func progress(_ totals: Totals) -> JobProgress {
        let running = totals.running.map(\.disk)
        return JobProgress(
            dumpedBytes: running.reduce(totals.finishedDumpedBytes) { $0 + $1.dumpedBytes },
            storedBytes: running.reduce(totals.finishedStoredBytes) { $0 + $1.storedBytes },
            expectedBytes: totals.expected.count < totals.diskCount
                ? nil : totals.expected.values.byteSum,
            finishedDisks: totals.finishedDiskCount, totalDisks: totals.diskCount,
            current: running.isEmpty ? nil : running.map(\.name).joined(separator: ", "),
            limitedBy: running.isEmpty ? nil : totals.limit.map(JobProgress.Resource.init))
    }
}

extension DisklistEntry {
    /// Unique over the configurations of a job.
    var key: String { "\(place)" }
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
