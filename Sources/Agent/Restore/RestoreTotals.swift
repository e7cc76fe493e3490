// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Synchronization

/// Sums up the progress of a restore over its disks, into the job's board.
final class RestoreTotals: Sendable {
    private let before = Mutex((native: Int64(0), stored: Int64(0)))
    private let board: JobProgressBoard

    /// - Parameter expectedBytes: of tar's streams, where every dump's is known.
    init(_ board: JobProgressBoard, diskCount: Int, expectedBytes: Int64?) {
        self.board = board
        board.update { progress in
            progress.totalDisks = diskCount
            progress.expectedBytes = expectedBytes
        }
    }

    func begin(_ disk: String) {
        board.update { $0.current = disk }
    }

    func update(_ restore: RestoreProgress) {
        let before = before.withLock { $0 }
        board.update { progress in
            progress.dumpedBytes = before.native + restore.nativeByteCount
            progress.storedBytes = before.stored + restore.storedByteCount
        }
    }

    /// One dump of the disk has been unpacked.
    func add(_ outcome: RestoreOutcome) {
        let sum = before.withLock { before in
            before.native += outcome.native.byteCount
            before.stored += outcome.stored.byteCount
            return before
        }
        board.update { progress in
            progress.dumpedBytes = sum.native
            progress.storedBytes = sum.stored
        }
    }

    /// Done with the disk, well or not.
    func end() {
        let sum = before.withLock { $0 }
        board.update { progress in
            progress.dumpedBytes = sum.native
            progress.storedBytes = sum.stored
            progress.finishedDisks += 1
            progress.current = nil
        }
    }
}
