// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Digest
import Synchronization

/// Where tar's archive goes, over all attempts at reading it that one tar outlives; it knows what has gone there.
final class ArchiveSink: Sendable {
    private struct State {
        var checksum = CRC32C()
        var byteCount: Int64 = 0
        var isBroken = false
    }

    private let state = Mutex(State())
    private let extraction: TarExtraction

    init(_ extraction: TarExtraction) {
        self.extraction = extraction
    }

    /// CRC and length of what has been handed over.
    var total: CRCSize { state.withLock { CRCSize(crc32c: $0.checksum.value, byteCount: $0.byteCount) } }

    /// It takes no more, and may have taken part of what it was given last.
    var isBroken: Bool { state.withLock { $0.isBroken } }

    /// Blocks the thread.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try extraction.write(bytes)
        } catch {
            state.withLock { $0.isBroken = true }
            throw error
        }
        state.withLock { state in
            state.checksum.update(bytes)
            state.byteCount += Int64(bytes.count)
        }
    }

    /// Makes a `write` that waits return.
    func stop() {
        state.withLock { $0.isBroken = true }
        extraction.stop()
    }
}
