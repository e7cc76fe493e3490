// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Gzip
import Zstd

/// Decompresses a stream, on every core where it consists of our members.
final class DecompressionStage: StreamStage {
    private let format: MemberFormat
    private let source: any BlockSource
    private let members: BlockPool
    private let natives: BlockPool
    private let workers: OrderedWorkers<StreamPiece, ByteBlock>
    /// Where the source reads: for messages that name an object.
    private let place: @Sendable () -> StreamPlace

    init(
        _ format: MemberFormat, _ source: any BlockSource, width: Int,
        place: @escaping @Sendable () -> StreamPlace
    ) {
        let natives = BlockPool(
            blockByteCount: MemoryPlan.nativeBlockByteCount, blockCount: 2 * width + 2)
        let members = BlockPool(blockByteCount: MemoryPlan.memberBlockByteCount, blockCount: width + 2)
        self.format = format
        self.source = source
        self.natives = natives
        self.members = members
        self.place = place
        workers = OrderedWorkers(width: width, name: "decompress") { piece in
            try piece.decompressed(format, members: members, natives: natives)
        }
    }

    var jobs: [StageJob] {
        [StageJob(name: "decompress-input") { [self] in try split() }]
    }

    private func split() throws {
        let splitter = MemberSplitter(format, members: members, natives: natives) { [workers] in
            try workers.putBlocking($0)
        }
        do {
            while let block = try source.takeBlocking() {
                try splitter.append(block.bytes, at: place())
                source.release(block)
            }
            try splitter.finish()
        } catch let error as GzipError {
            throw place().damaged(error)
        } catch let error as ZstdError {
            throw place().damaged(error)
        }
        workers.finish()
    }

    func takeBlocking() throws -> ByteBlock? { try workers.takeBlocking() }

    func take() async throws -> ByteBlock? { try await workers.take() }

    func release(_ block: ByteBlock) { natives.release(block) }

    func fail(_ error: any Error) {
        members.fail(error)
        natives.fail(error)
        workers.fail(error)
    }
}
