// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import ChildProcess
import Digest

/// tar's output on its way into the bucket: read, compressed and encrypted step by step, put in order, cut, uploaded.
///
/// ```
/// tar ─▶ client's steps ─▶ server's steps ─▶ assembler task ─▶ n upload lanes
///   native CRC      client CRC         stored CRC
/// ```
///
/// Memory is `MemoryPlan`'s pools. Whatever fails first ends all of it: the group cancels its tasks, and each thread's
/// cancel handler fails the queue that it may be blocked on.
struct DumpPipeline: Sendable {
    private let child: ChildProcess
    private let plan: DumpPlan
    private let files: DumpFiles
    private let meter: ProgressMeter
    private let natives: BlockPool
    private let uploadBlocks: BlockPool
    private let stages: DumpStages
    private let lanes: HandOver<UploadPiece>

    /// Starts the programs that compress and encrypt, and blocks for it; `run` must follow.
    init(
        child: ChildProcess, filters: FilterChain, plan: DumpPlan, files: DumpFiles, meter: ProgressMeter
    ) throws {
        let memory = plan.memory
        let natives = BlockPool(
            blockByteCount: MemoryPlan.nativeBlockByteCount, blockCount: memory.nativeBlockCount)
        self.child = child
        self.plan = plan
        self.files = files
        self.meter = meter
        self.natives = natives
        uploadBlocks = BlockPool(
            blockByteCount: memory.uploadPartByteCount, blockCount: memory.uploadBlockCount)
        lanes = HandOver(capacity: memory.uploadBlockCount)
        stages = try DumpStages(
            filters, plan.filterSettings,
            source: TarOutput(
                child: child, pool: natives, stallLimit: plan.stallLimit, meter: meter, witness: plan.witness)
        )
    }

    /// What the programs said that ended well.
    var messages: [String] { stages.stages.flatMap(\.messages) }

    /// Runs to the end of tar's output. The last file is closed only after `checkEnd` has found tar's end good.
    func run(checkEnd: @escaping @Sendable () async throws -> Void) async throws -> DumpTotals {
        do {
            var tasks = PipelineTasks()
            for job in stages.stages.flatMap(\.jobs) {
                tasks.add {
                    try await runBlocking(job.name, onCancel: { fail(CancellationError()) }, job.run)
                }
            }
            tasks.addSum { try await assemble(checkEnd: checkEnd) }
            for _ in 0..<plan.storage.uploadThreadCount {
                tasks.add { try await lanes.upload(to: files, releasingTo: uploadBlocks, meter) }
            }
            let stored = try await tasks.run(fail: fail)
            await stages.stages.end()
            return stages.totals(stored: stored)
        } catch {
            fail(error)
            await stages.stages.end()
            throw error
        }
    }

    /// It was started too late: its programs end, and nothing runs.
    func abandon() { fail(CancellationError()) }

    private func fail(_ error: any Error) {
        natives.fail(error)
        uploadBlocks.fail(error)
        stages.stages.fail(error)
        lanes.fail(error)
        child.terminate()
    }

    private func assemble(checkEnd: @Sendable () async throws -> Void) async throws -> CRCSize {
        var checksum = CRC32C()
        var byteCount: Int64 = 0
        let last = stages.last
        var assembler = PartAssembler(
            files: files, pool: uploadBlocks, lanes: lanes, meter: meter,
            cutter: PartCutter(plan.storage))
        while let piece = try await last.take() {
            checksum.update(piece.bytes)
            byteCount += Int64(piece.count)
            try await assembler.append(piece, isWhole: last.givesWholePieces)
            last.release(piece)
        }
        try await checkEnd()
        for stage in stages.stages { try await stage.checkEnd() }
        try await assembler.finish()
        return CRCSize(crc32c: checksum.value, byteCount: byteCount)
    }
}

/// tar's archive, block by block.
private struct TarOutput: BlockSource {
    let child: ChildProcess
    let pool: BlockPool
    let stallLimit: Duration
    let meter: ProgressMeter
    let witness: ArchiveWitness?

    func takeBlocking() throws -> ByteBlock? {
        let block = try pool.acquireBlocking()
        let start = ContinuousClock.now
        _ = try child.readBlocking(into: block, stallLimit: stallLimit)
        meter.waited(ContinuousClock.now - start, for: .disk)
        meter.add(native: block.count)
        guard block.count > 0 else {
            pool.release(block)
            return nil
        }
        witness?.take(block.bytes)
        return block
    }

    func release(_ block: ByteBlock) { pool.release(block) }
}
