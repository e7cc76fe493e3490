// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Synchronization

/// What one thread makes of a stream, piece by piece.
protocol StreamTransform {
    /// Takes the next bytes, at most `TransformStage.pieceByteCount`; appends what they become to an empty block that has
    /// room for `TransformStage.excessByteCount` more than that.
    mutating func update(_ bytes: UnsafeRawBufferPointer, into output: ByteBlock) throws
    /// The stream has ended; appends what is left.
    mutating func finish(into output: ByteBlock) throws
}

/// A stream through a transform, on a thread of its own.
final class TransformStage: StreamStage {
    static let pieceByteCount = MemoryPlan.nativeBlockByteCount
    static let excessByteCount = 4_096

    private let name: String
    private let source: any BlockSource
    private let pool: BlockPool
    private let queue: HandOver<ByteBlock>
    private let make: @Sendable () throws -> any StreamTransform
    private let board: MessageNotes

    /// `make` is called on the thread. What the transform has to say goes onto `board`.
    init(
        _ name: String, _ source: any BlockSource, board: MessageNotes = MessageNotes(),
        make: @escaping @Sendable () throws -> any StreamTransform
    ) {
        self.name = name
        self.source = source
        self.make = make
        self.board = board
        pool = BlockPool(
            blockByteCount: Self.pieceByteCount + Self.excessByteCount,
            blockCount: MemoryPlan.blockCountPerProgram)
        queue = HandOver(capacity: MemoryPlan.blockCountPerProgram)
    }

    var jobs: [StageJob] { [StageJob(name: name) { [self] in try transform() }] }

    private func transform() throws {
        var transform = try make()
        while let block = try source.takeBlocking() {
            var rest = block.bytes
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceByteCount))
                let output = try pool.acquireBlocking()
                try transform.update(piece, into: output)
                try pass(output)
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            }
            source.release(block)
        }
        let output = try pool.acquireBlocking()
        try transform.finish(into: output)
        try pass(output)
        queue.finish()
    }

    private func pass(_ output: ByteBlock) throws {
        if output.count > 0 { try queue.putBlocking(output) } else { pool.release(output) }
    }

    func takeBlocking() throws -> ByteBlock? { try queue.takeBlocking() }

    func take() async throws -> ByteBlock? { try await queue.take() }

    func release(_ block: ByteBlock) { pool.release(block) }

    func fail(_ error: any Error) {
        pool.fail(error)
        queue.fail(error)
    }

    var messages: [String] { board.all }
}

/// Remarks that are made on one thread and read on another.
final class MessageNotes: Sendable {
    private let notes = Mutex<[String]>([])

    var all: [String] { notes.withLock { $0 } }

    func append(_ note: String) {
        notes.withLock { $0.append(note) }
    }
}
