// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Synchronization

/// Sums up the progress of a flush over its dumps, one after the other, into the job's board.
final class FlushProgress: Sendable {
    private let finishedBytes = Mutex(Int64(0))
    private let board: JobProgressBoard

    /// - Parameter dumps: all that are to be sent.
    init(_ board: JobProgressBoard, _ dumps: [HeldDump]) {
        self.board = board
        guard !dumps.isEmpty else { return }
        board.update { progress in
            progress.totalDisks = dumps.count
            progress.expectedBytes = dumps.map(\.storedByteCount).byteSum
        }
    }

    func begin(_ held: HeldDump, configuration: String) {
        board.update { $0.current = "\(configuration): \(held.header.disk)" }
    }

    func update(_ dump: DumpProgress) {
        let before = finishedBytes.withLock { $0 }
        board.update { progress in
            progress.dumpedBytes = before + dump.nativeByteCount
            progress.storedBytes = before + dump.storedByteCount
        }
    }

    /// Sent, or not.
    func end(_ held: HeldDump, isSent: Bool) {
        let sum = finishedBytes.withLock { sum in
            if isSent { sum = [sum, held.storedByteCount].byteSum }
            return sum
        }
        board.update { progress in
            progress.dumpedBytes = sum
            progress.storedBytes = sum
            progress.finishedDisks += 1
            progress.current = nil
        }
    }
}
