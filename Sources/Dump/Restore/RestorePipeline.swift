// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Digest
import Synchronization

/// A dump's stored stream on its way out of the bucket: fetched in parallel, put in order, decrypted, decompressed.
///
/// ```
/// n GET lanes ─▶ server's steps undone ─▶ client's steps undone ─▶ writer thread ─▶ sink
///  stored CRC                         client CRC                native CRC
/// ```
///
/// Memory: (n + 2) × fetchByteCount; (w + 2) members and (2w + 2) native blocks of 1 MiB where we decompress, 4 MiB for
/// each program.
struct RestorePipeline: Sendable {
    /// CRC and length of what is stored, of what Amanda's client sent if that is neither of the others, of the archive.
    struct Totals: Sendable {
        let native: CRCSize
        let client: CRCSize?
        let stored: CRCSize
        /// What programs said.
        let notes: [String]
    }

    struct Fetch: Sendable {
        let index: Int
        let range: StoredStream.Range
        let block: ByteBlock
    }

    private let plan: RestorePlan
    private let ranges: [StoredStream.Range]
    private let meter: RestoreMeter
    private let sink: @Sendable (UnsafeRawBufferPointer) throws -> Void
    private let stopSink: @Sendable () -> Void
    private let fetchBlocks: BlockPool
    private let fetches: HandOver<Fetch>
    private let fetched: FetchedSource
    private let stored: MeasuredSource
    private let stages: RestoreStages

    /// `sink` is called on one thread, in order, and may block; `stopSink` must make it return, from any thread.
    /// Starts the programs that decrypt and decompress, and blocks for it; `run` must follow.
    init(
        plan: RestorePlan, stream: StoredStream, meter: RestoreMeter,
        stopSink: @escaping @Sendable () -> Void,
        sink: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        self.plan = plan
        self.meter = meter
        self.sink = sink
        self.stopSink = stopSink
        ranges = stream.ranges(of: plan.fetchByteCount)
        let largest = ranges.map(\.bytes.count).max() ?? 1
        fetchBlocks = BlockPool(blockByteCount: largest, blockCount: plan.recoveryThreadCount + 2)
        fetches = HandOver(capacity: plan.recoveryThreadCount)
        let fetched = FetchedSource(pool: fetchBlocks, lastKey: ranges.last?.key ?? "")
        self.fetched = fetched
        stored = MeasuredSource(fetched)
        stages = try RestoreStages(plan, source: stored) { fetched.place }
    }

    func run() async throws -> Totals {
        do {
            var tasks = PipelineTasks()
            tasks.add { try await dispatch() }
            for _ in 0..<plan.recoveryThreadCount {
                tasks.add { try await fetch() }
            }
            for job in stages.stages.flatMap(\.jobs) {
                tasks.add {
                    try await runBlocking(job.name, onCancel: { fail(CancellationError()) }, job.run)
                }
            }
            tasks.addSum { try await write() }
            let native = try await tasks.run(fail: fail)
            let notes = try await stages.checkEnd(plan, native: native)
            await stages.stages.end()
            return Totals(native: native, client: stages.clientTotal, stored: stored.total, notes: notes)
        } catch {
            fail(error)
            await stages.stages.end()
            throw error
        }
    }

    private func fail(_ error: any Error) {
        fetchBlocks.fail(error)
        fetches.fail(error)
        fetched.fail(error)
        stages.stages.fail(error)
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
            try await fetch.range.read(into: fetch.block)
            meter.add(stored: fetch.block.count)
            try fetched.put(fetch)
        }
    }

    private func write() async throws -> CRCSize {
        let native = MeasuredSource(stages.end)
        return try await runBlocking("native-stream", onCancel: { fail(CancellationError()) }) {
            while let block = try native.takeBlocking() {
                try sink(block.bytes)
                meter.add(native: block.count)
                native.release(block)
            }
            return native.total
        }
    }
}

/// The stored stream in order, as the lanes fetch it.
final class FetchedSource: BlockSource {
    private let pool: BlockPool
    private let fetched = OrderedHandOver<RestorePipeline.Fetch>()
    private let current: Mutex<StreamPlace>

    init(pool: BlockPool, lastKey: String) {
        self.pool = pool
        current = Mutex(StreamPlace(key: lastKey, offset: 0))
    }

    /// Where the block taken last begins.
    var place: StreamPlace { current.withLock { $0 } }

    func put(_ fetch: RestorePipeline.Fetch) throws {
        try fetched.put(fetch, at: fetch.index)
    }

    func finish(count: Int) { fetched.finish(count: count) }

    func takeBlocking() throws -> ByteBlock? {
        guard let fetch = try fetched.takeBlocking() else { return nil }
        current.withLock {
            $0 = StreamPlace(key: fetch.range.key, offset: fetch.range.bytes.lowerBound)
        }
        return fetch.block
    }

    func release(_ block: ByteBlock) { pool.release(block) }

    func fail(_ error: any Error) { fetched.fail(error) }
}
