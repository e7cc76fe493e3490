// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Digest
import Synchronization

/// A stream of blocks, pulled in order by one thread.
protocol BlockSource: Sendable {
    /// The next block, never an empty one; nil at the end. Blocks the thread.
    func takeBlocking() throws -> ByteBlock?
    /// Gives a block back to whoever lends it.
    func release(_ block: ByteBlock)
}

/// A step with threads of its own: it pulls from a source, and is pulled by the next step.
protocol StreamStage: BlockSource {
    /// The same as `takeBlocking`, for a task.
    func take() async throws -> ByteBlock?
    /// What its threads do, each to the end of the stream.
    var jobs: [StageJob] { get }
    /// Whether a dump part may not be cut inside one of its blocks.
    var givesWholePieces: Bool { get }
    /// Wakes whoever waits in it, and ends what it runs.
    func fail(_ error: any Error)
    /// Called at the end of a stream that seemed good.
    ///
    /// - Throws: why it was not.
    func checkEnd() async throws
    /// Called in any case, after `fail` if it failed: waits for what it runs.
    func end() async
    /// What it has to say when all went well.
    var messages: [String] { get }
}

struct StageJob: Sendable {
    let name: String
    let run: @Sendable () throws -> Void
}

extension StreamStage {
    var givesWholePieces: Bool { false }
    func checkEnd() async throws {}
    func end() async {}
    var messages: [String] { [] }
}

/// Passes a stream on and knows its length and CRC-32C.
final class MeasuredSource: BlockSource {
    private let source: any BlockSource
    private let sum = Mutex<(checksum: CRC32C, byteCount: Int64)>((CRC32C(), 0))

    init(_ source: any BlockSource) {
        self.source = source
    }

    func takeBlocking() throws -> ByteBlock? {
        guard let block = try source.takeBlocking() else { return nil }
        sum.withLock { sum in
            sum.checksum.update(block.bytes)
            sum.byteCount += Int64(block.count)
        }
        return block
    }

    func release(_ block: ByteBlock) {
        source.release(block)
    }

    /// Of what has passed so far.
    var total: CRCSize {
        sum.withLock { CRCSize(crc32c: $0.checksum.value, byteCount: $0.byteCount) }
    }
}
