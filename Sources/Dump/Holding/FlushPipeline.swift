// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Digest

/// A held dump's stream on its way to a volume: read, summed, cut, uploaded.
///
/// ```
/// reader thread ─▶ assembler task ─▶ n upload lanes
/// ```
///
/// Memory: 4 blocks of a member's size, and the upload parts of `MemoryPlan`.
struct FlushPipeline: Sendable {
    private struct Piece: Sendable {
        let block: ByteBlock
        /// It must not be divided between files.
        let isWhole: Bool
    }

    private static let readAhead = 4

    private let held: HeldDump
    private let layout: StoragePlan
    private let files: DumpFiles
    private let meter: ProgressMeter
    private let blocks = BlockPool(blockByteCount: MemoryPlan.memberBlockByteCount, blockCount: readAhead)
    private let pieces = HandOver<Piece>(capacity: readAhead)
    private let uploadBlocks: BlockPool
    private let lanes: HandOver<UploadPiece>

    init(_ held: HeldDump, layout: StoragePlan, files: DumpFiles, meter: ProgressMeter) {
        self.held = held
        self.layout = layout
        self.files = files
        self.meter = meter
        let count = layout.uploadThreadCount + 2
        uploadBlocks = BlockPool(blockByteCount: layout.uploadPartByteCount, blockCount: count)
        lanes = HandOver(capacity: count)
    }

    /// - Returns: checksum and length of what was sent.
    func run() async throws -> CRCSize {
        var tasks = PipelineTasks()
        tasks.add { try await read() }
        tasks.addSum { try await assemble() }
        for _ in 0..<layout.uploadThreadCount {
            tasks.add { try await lanes.upload(to: files, releasingTo: uploadBlocks, meter) }
        }
        return try await tasks.run(fail: fail)
    }

    private func fail(_ error: any Error) {
        blocks.fail(error)
        pieces.fail(error)
        uploadBlocks.fail(error)
        lanes.fail(error)
    }

    private func read() async throws {
        try await runBlocking("held-stream", asking: held.mayHang, .whileItAnswers(every: .seconds(60))) {
            var stream = HeldStream(held)
            while true {
                let block = try blocks.acquireBlocking()
                guard let isWhole = try stream.next(into: block) else { break }
                meter.add(native: block.count)
                try pieces.putBlocking(Piece(block: block, isWhole: isWhole))
            }
            pieces.finish()
        }
    }

    private func assemble() async throws -> CRCSize {
        var checksum = CRC32C()
        var byteCount: Int64 = 0
        var assembler = PartAssembler(
            files: files, pool: uploadBlocks, lanes: lanes, meter: meter, cutter: PartCutter(layout))
        while let piece = try await pieces.take() {
            checksum.update(piece.block.bytes)
            byteCount += Int64(piece.block.count)
            try await assembler.append(piece.block, isWhole: piece.isWhole)
            blocks.release(piece.block)
        }
        try await assembler.finish()
        return CRCSize(crc32c: checksum.value, byteCount: byteCount)
    }
}
