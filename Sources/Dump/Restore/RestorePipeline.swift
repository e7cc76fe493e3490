// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Digest
import Gzip
import S3

/// A dump's stored stream on its way out of the bucket: fetched in parallel, put in order, decompressed, handed on.
///
/// ```
/// n GET lanes ─▶ splitter thread ─▶ w decompression threads ─▶ writer thread ─▶ sink
///  (10 MiB each)    stored CRC         member CRC-32, order       native CRC
/// ```
///
/// Memory: (n + 2) × fetchByteCount, and (w + 2) members and (2w + 2) native blocks of 1 MiB.
struct RestorePipeline: Sendable {
    /// CRC and length of both ends.
    struct Totals: Sendable {
        let native: CRCSize
        let stored: CRCSize
    }

    private struct Fetch: Sendable {
        let index: Int
        let range: StoredStream.Range
        let block: ByteBlock
    }

    private let client: S3Client
    private let plan: RestorePlan
    private let ranges: [StoredStream.Range]
    private let meter: RestoreMeter
    private let sink: @Sendable (UnsafeRawBufferPointer) throws -> Void
    private let stopSink: @Sendable () -> Void
    private let fetchBlocks: BlockPool
    private let members: BlockPool
    private let natives: BlockPool
    private let fetches: HandOver<Fetch>
    private let fetched = OrderedHandOver<Fetch>()
    private let workers: OrderedWorkers<StreamPiece, ByteBlock>

    /// `sink` is called on one thread, in order, and may block; `stopSink` must make it return, from any thread.
    init(
        client: S3Client, plan: RestorePlan, stream: StoredStream, meter: RestoreMeter,
        stopSink: @escaping @Sendable () -> Void = {},
        sink: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) {
        let width = plan.decompressionThreadCount
        let members = BlockPool(blockByteCount: MemoryPlan.memberBlockByteCount, blockCount: width + 2)
        let natives = BlockPool(
            blockByteCount: MemoryPlan.nativeBlockByteCount, blockCount: 2 * width + 2)
        self.client = client
        self.plan = plan
        self.meter = meter
        self.sink = sink
        self.stopSink = stopSink
        self.members = members
        self.natives = natives
        ranges = stream.ranges(of: plan.fetchByteCount)
        let largest = ranges.map(\.bytes.count).max() ?? 1
        fetchBlocks = BlockPool(blockByteCount: largest, blockCount: plan.recoveryThreadCount + 2)
        fetches = HandOver(capacity: plan.recoveryThreadCount)
        workers = OrderedWorkers(width: width, name: "decompress") { piece in
            switch piece {
            case .native(let block): return block
            case .member(let member, let place):
                let native = try natives.acquireBlocking()
                do throws(GzipError) {
                    try GzipMember.decompress(member.bytes, into: native)
                } catch {
                    throw place.damaged(error)
                }
                members.release(member)
                return native
            }
        }
    }

    func run() async throws -> Totals {
        try await withThrowingTaskGroup(of: Share.self) { group in
            group.addTask {
                try await dispatch()
                return .nothing
            }
            for _ in 0..<plan.recoveryThreadCount {
                group.addTask {
                    try await fetch()
                    return .nothing
                }
            }
            group.addTask { .stored(try await split()) }
            if plan.isGzipped { group.addTask { .native(try await write()) } }
            do {
                var native: CRCSize?
                var stored: CRCSize?
                while let share = try await group.next() {
                    switch share {
                    case .native(let crc): native = crc
                    case .stored(let crc): stored = crc
                    case .nothing: break
                    }
                }
                guard let stored else { throw CancellationError() }
                return Totals(native: native ?? stored, stored: stored)
            } catch {
                fail(error)
                throw error
            }
        }
    }

    private enum Share: Sendable {
        case native(CRCSize)
        case stored(CRCSize)
        case nothing
    }

    private func fail(_ error: any Error) {
        fetchBlocks.fail(error)
        members.fail(error)
        natives.fail(error)
        fetches.fail(error)
        fetched.fail(error)
        workers.fail(error)
        stopSink()
    }

    /// Blocks are given out in the order of the ranges, so the oldest range always has one.
    private func dispatch() async throws {
        for (index, range) in ranges.enumerated() {
            let block = try await fetchBlocks.acquire()
            try await fetches.put(Fetch(index: index, range: range, block: block))
        }
        fetches.finish()
        fetched.finish(count: ranges.count)
    }

    private func fetch() async throws {
        while let fetch = try await fetches.take() {
            try await client.get(fetch.range.key, range: fetch.range.bytes, into: fetch.block)
            meter.add(stored: fetch.block.count)
            try fetched.put(fetch, at: fetch.index)
        }
    }

    private func split() async throws -> CRCSize {
        try await runBlocking("stored-stream", onCancel: { fail(CancellationError()) }) {
            var checksum = CRC32C()
            var byteCount: Int64 = 0
            let splitter = MemberSplitter(members: members, natives: natives) { try workers.putBlocking($0) }
            var place = StreamPlace(key: ranges.last?.key ?? "", offset: 0)
            do {
                while let fetch = try fetched.takeBlocking() {
                    place = StreamPlace(key: fetch.range.key, offset: fetch.range.bytes.lowerBound)
                    checksum.update(fetch.block.bytes)
                    byteCount += Int64(fetch.block.count)
                    if plan.isGzipped {
                        try splitter.append(fetch.block.bytes, at: place)
                    } else {
                        try sink(fetch.block.bytes)
                        meter.add(native: fetch.block.count)
                    }
                    fetchBlocks.release(fetch.block)
                }
                if plan.isGzipped { try splitter.finish() }
            } catch let error as GzipError {
                throw place.damaged(error)
            }
            workers.finish()
            return CRCSize(crc32c: checksum.value, byteCount: byteCount)
        }
    }

    private func write() async throws -> CRCSize {
        try await runBlocking("native-stream", onCancel: { fail(CancellationError()) }) {
            var checksum = CRC32C()
            var byteCount: Int64 = 0
            while let block = try workers.takeBlocking() {
                checksum.update(block.bytes)
                byteCount += Int64(block.count)
                try sink(block.bytes)
                meter.add(native: block.count)
                natives.release(block)
            }
            return CRCSize(crc32c: checksum.value, byteCount: byteCount)
        }
    }
}
