// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import ChildProcess
import Digest
import Gzip

/// tar's output on its way into the bucket: read, compressed on every core, put in order, cut, uploaded.
///
/// ```
/// reader thread ─▶ w compression threads ─▶ assembler task ─▶ n upload lanes
///    native CRC          (order kept)        stored CRC
/// ```
///
/// Memory is `MemoryPlan`'s pools. Whatever fails first ends all of it: the group cancels its tasks, and each thread's
/// cancel handler fails the queue that it may be blocked on.
struct DumpPipeline: Sendable {
    /// CRC and length of both ends of the pipeline.
    struct Totals: Sendable {
        let native: CRCSize
        let stored: CRCSize
    }

    private let child: ChildProcess
    private let level: GzipLevel?
    private let plan: DumpPlan
    private let files: DumpFiles
    private let meter: ProgressMeter
    private let natives: BlockPool
    private let members: BlockPool?
    private let uploadBlocks: BlockPool
    private let workers: OrderedWorkers<ByteBlock, ByteBlock>
    private let lanes: HandOver<UploadPiece>

    init(child: ChildProcess, level: GzipLevel?, plan: DumpPlan, files: DumpFiles, meter: ProgressMeter) {
        let memory = plan.memory
        let natives = BlockPool(
            blockByteCount: MemoryPlan.nativeBlockByteCount, blockCount: memory.nativeBlockCount)
        let members =
            memory.memberBlockCount == 0
            ? nil
            : BlockPool(blockByteCount: MemoryPlan.memberBlockByteCount, blockCount: memory.memberBlockCount)
        self.child = child
        self.level = level
        self.plan = plan
        self.files = files
        self.meter = meter
        self.natives = natives
        self.members = members
        uploadBlocks = BlockPool(
            blockByteCount: memory.uploadPartByteCount, blockCount: memory.uploadBlockCount)
        lanes = HandOver(capacity: memory.uploadBlockCount)
        workers = OrderedWorkers(width: memory.compressionThreadCount, name: "compress") { native in
            guard let level, let members else { return native }
            let member = try members.acquireBlocking()
            try GzipMember.compress(native.bytes, into: member, level: level)
            natives.release(native)
            return member
        }
    }

    /// Runs to the end of tar's output. The last file is closed only after `checkEnd` has found tar's end good.
    func run(checkEnd: @escaping @Sendable () async throws -> Void) async throws -> Totals {
        do {
            return try await withThrowingTaskGroup(of: Share.self) { group in
                group.addTask { .native(try await read()) }
                group.addTask { .stored(try await assemble(checkEnd: checkEnd)) }
                for _ in 0..<plan.storage.uploadThreadCount {
                    group.addTask {
                        try await upload()
                        return .nothing
                    }
                }
                return try await gathered(&group)
            }
        } catch {
            fail(error)
            throw error
        }
    }

    private enum Share: Sendable {
        case native(CRCSize)
        case stored(CRCSize)
        case nothing
    }

    private func gathered(_ group: inout ThrowingTaskGroup<Share, any Error>) async throws -> Totals {
        var native: CRCSize?
        var stored: CRCSize?
        do {
            while let share = try await group.next() {
                switch share {
                case .native(let crc): native = crc
                case .stored(let crc): stored = crc
                case .nothing: break
                }
            }
        } catch {
            fail(error)  // wakes what the group's cancellation alone would not
            throw error
        }
        guard let native, let stored else { throw CancellationError() }
        return Totals(native: native, stored: stored)
    }

    private func fail(_ error: any Error) {
        natives.fail(error)
        members?.fail(error)
        uploadBlocks.fail(error)
        workers.fail(error)
        lanes.fail(error)
        child.terminate()
    }

    private func read() async throws -> CRCSize {
        try await runBlocking("tar-output", onCancel: { fail(CancellationError()) }) {
            var checksum = CRC32C()
            var byteCount: Int64 = 0
            while true {
                let block = try natives.acquireBlocking()
                let start = ContinuousClock.now
                let hasMore = try child.readBlocking(into: block, stallLimit: plan.stallLimit)
                meter.waited(ContinuousClock.now - start, for: .disk)
                let count = block.count
                checksum.update(block.bytes)
                byteCount += Int64(count)
                if count > 0 { try workers.putBlocking(block) }
                meter.add(native: count)
                guard hasMore else { break }
            }
            workers.finish()
            return CRCSize(crc32c: checksum.value, byteCount: byteCount)
        }
    }

    private func assemble(checkEnd: @Sendable () async throws -> Void) async throws -> CRCSize {
        var checksum = CRC32C()
        var byteCount: Int64 = 0
        var assembler = PartAssembler(
            files: files, pool: uploadBlocks, lanes: lanes, meter: meter,
            cutter: PartCutter(plan.storage))
        while let piece = try await workers.take() {
            checksum.update(piece.bytes)
            byteCount += Int64(piece.count)
            try await assembler.append(piece, isWhole: level != nil)
            (members ?? natives).release(piece)
        }
        try await checkEnd()
        try await assembler.finish()
        return CRCSize(crc32c: checksum.value, byteCount: byteCount)
    }

    private func upload() async throws {
        while let piece = try await lanes.take() {
            let count = piece.block.count
            try await files.send(piece.file, piece: piece.number, piece.block)
            uploadBlocks.release(piece.block)
            meter.add(stored: count)
        }
    }
}
