// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Gzip
import Synchronization
import Zstd

/// Decompresses a stream, on every core where it consists of our members.
final class DecompressionStage: StreamStage {
    private let format: MemberFormat
    private let source: any BlockSource
    private let members: BlockPool
    private let natives: BlockPool
    private let workers: OrderedWorkers<StreamPiece, NativePiece>
    /// Where the source reads: for messages that name an object.
    private let place: @Sendable () -> StreamPlace
    private let start: Int64
    private let allowsForeign: @Sendable (StreamPlace) -> Bool
    private let passed: Mutex<Passed>

    private struct Passed {
        /// The end of the member whose data the next step has in hand.
        var inHand: Int64?
        /// Up to where every member's data have been given back; nil: not only members have come.
        var end: Int64?
    }

    /// - Parameters:
    ///   - start: where the source begins in the stored stream, at a member.
    ///   - allowsForeign: whether what is no member may follow one there.
    init(
        _ format: MemberFormat, _ source: any BlockSource, width: Int, start: Int64 = 0,
        allowsForeign: @escaping @Sendable (StreamPlace) -> Bool = { _ in true },
        place: @escaping @Sendable () -> StreamPlace
    ) {
        self.start = start
        self.allowsForeign = allowsForeign
        passed = Mutex(Passed(end: start))
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
        let splitter = MemberSplitter(
            format, members: members, natives: natives, isBehindMember: start > 0,
            allowsForeign: allowsForeign
        ) { [workers] in try workers.putBlocking($0) }
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

    /// Where another attempt may begin: behind the last member whose data have all been used; nil: at the stream's beginning.
    var resumePoint: Int64? { passed.withLock { $0.end } }

    func takeBlocking() throws -> ByteBlock? { handOver(try workers.takeBlocking()) }

    func take() async throws -> ByteBlock? { handOver(try await workers.take()) }

    private func handOver(_ piece: NativePiece?) -> ByteBlock? {
        guard let piece else { return nil }
        passed.withLock { passed in
            passed.inHand = piece.end
            if piece.end == nil { passed.end = nil }
        }
        return piece.block
    }

    func release(_ block: ByteBlock) {
        passed.withLock { $0.end = $0.inHand }
        natives.release(block)
    }

    func fail(_ error: any Error) {
        members.fail(error)
        natives.fail(error)
        workers.fail(error)
    }
}
