// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Synchronization

/// Makes a member of each block, on every core; the order is kept.
final class CompressionStage: StreamStage {
    private let source: any BlockSource
    private let pool: BlockPool
    private let workers: OrderedWorkers<ByteBlock, ByteBlock>
    private let ending: @Sendable (Int64) -> [UInt8]
    private let given = Mutex<(byteCount: Int64, isEnded: Bool)>((0, false))

    /// `compress` appends one block's member to an empty block of `memberByteCount` bytes; `ending` is what follows the
    /// members, by their length.
    init(
        _ source: any BlockSource, width: Int, memberByteCount: Int,
        ending: @escaping @Sendable (Int64) -> [UInt8] = { _ in [] },
        compress: @escaping @Sendable (UnsafeRawBufferPointer, ByteBlock) throws -> Void
    ) {
        let pool = BlockPool(blockByteCount: memberByteCount, blockCount: 2 * width + 1)
        self.source = source
        self.ending = ending
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

    func takeBlocking() throws -> ByteBlock? {
        if let member = try workers.takeBlocking() { return counted(member) }
        guard let last = lastBytes() else { return nil }
        return filled(try pool.acquireBlocking(), last)
    }

    func take() async throws -> ByteBlock? {
        if let member = try await workers.take() { return counted(member) }
        guard let last = lastBytes() else { return nil }
        return filled(try await pool.acquire(), last)
    }

    private func counted(_ member: ByteBlock) -> ByteBlock {
        given.withLock { $0.byteCount += Int64(member.count) }
        return member
    }

    /// Once, at the end, if there is anything to say.
    private func lastBytes() -> [UInt8]? {
        given.withLock { given in
            defer { given.isEnded = true }
            let bytes = given.isEnded ? [] : ending(given.byteCount)
            return bytes.isEmpty ? nil : bytes
        }
    }

    private func filled(_ block: ByteBlock, _ bytes: [UInt8]) -> ByteBlock {
        bytes.withUnsafeBytes { _ = block.append($0) }
        return block
    }

    func release(_ block: ByteBlock) { pool.release(block) }

    func fail(_ error: any Error) {
        pool.fail(error)
        workers.fail(error)
    }
}
