// SPDX-License-Identifier: Apache-2.0

import BlockingWork

/// Makes a member of each block, on every core; the order is kept.
final class CompressionStage: StreamStage {
    private let source: any BlockSource
    private let pool: BlockPool
    private let workers: OrderedWorkers<ByteBlock, ByteBlock>

    /// `compress` appends one block's member to an empty block of `memberByteCount` bytes.
    init(
        _ source: any BlockSource, width: Int, memberByteCount: Int,
        compress: @escaping @Sendable (UnsafeRawBufferPointer, ByteBlock) throws -> Void
    ) {
        let pool = BlockPool(blockByteCount: memberByteCount, blockCount: 2 * width + 1)
        self.source = source
        self.pool = pool
        workers = OrderedWorkers(width: width, name: "compress") { native in
            let member = try pool.acquireBlocking()
            try compress(native.bytes, member)
            source.release(native)
            return member
        }
    }

    var jobs: [StageJob] {
        [
            StageJob(name: "compress-input") { [self] in
                while let block = try source.takeBlocking() { try workers.putBlocking(block) }
                workers.finish()
            }
        ]
    }

    var givesWholePieces: Bool { true }

    func takeBlocking() throws -> ByteBlock? { try workers.takeBlocking() }

    func take() async throws -> ByteBlock? { try await workers.take() }

    func release(_ block: ByteBlock) { pool.release(block) }

    func fail(_ error: any Error) {
        pool.fail(error)
        workers.fail(error)
    }
}
