// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Digest
import Synchronization

/// A dump's stored stream on its way out of the bucket: fetched in parallel, put in order, decrypted, decompressed.
///
/// ```
/// n GET lanes ─▶ server's steps undone ─▶ client's steps undone ─▶ writer thread ─▶ sink
///  each range's CRC                   client CRC                 native CRC
/// ```
///
/// Memory: (n + 2) × fetchByteCount; (w + 2) members and (2w + 2) native blocks of 1 MiB where we decompress, 4 MiB for
/// each program.
struct RestorePipeline: Sendable {
    /// CRC and length of what Amanda's client sent if that is neither what is stored nor the archive.
    struct Totals: Sendable {
        let client: CRCSize?
        /// What programs said.
        let notes: [String]
    }

    struct Fetch: Sendable {
        let index: Int
        let range: StoredStream.Range
        let block: ByteBlock
    }

    private let plan: RestorePlan
    private let ranges: Slice<StoredRanges>
    private let readings: StreamReadings
    private let meter: RestoreMeter
    private let sink: ArchiveSink
    private let fetchBlocks: BlockPool
    private let fetches: HandOver<Fetch>
    private let fetched: FetchedSource
    private let stages: RestoreStages

    /// Starts the programs that decrypt and decompress, and blocks for it; `run` must follow.
    ///
    /// - Parameter start: where in the stored stream it begins.
    init(
        plan: RestorePlan, ranges: StoredRanges, from start: Int64, readings: StreamReadings,
        meter: RestoreMeter, sink: ArchiveSink
    ) throws {
        self.plan = plan
        self.readings = readings
        self.meter = meter
        self.sink = sink
        let first = ranges.first(beyond: start) ?? ranges.endIndex
        self.ranges = ranges[first...]
        let largest = ranges.lazy.map(\.bytes.count).max() ?? 1
        fetchBlocks = BlockPool(blockByteCount: largest, blockCount: plan.recoveryThreadCount + 2)
        fetches = HandOver(capacity: plan.recoveryThreadCount)
        let fetched = FetchedSource(pool: fetchBlocks, first: first, start: start, last: ranges.last)
        self.fetched = fetched
        let origin = RestoreStages.Origin(start: start, place: { fetched.place }) { place in
            let header = Int64(MemberFormat.longestHeaderByteCount)
            return readings.areConfirmed(ranges.indices(from: place.streamOffset, byteCount: header))
        }
        stages = try RestoreStages(plan, source: fetched, origin)
    }

    /// Where another attempt may begin after this one has failed; nil: only at the beginning, with another tar.
    var resumePoint: Int64? { sink.isBroken ? nil : stages.resumePoint }

    /// Where it has come to.
    var place: StreamPlace { fetched.place }

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
            return Totals(client: stages.clientTotal, notes: notes)
        } catch {
            fail(error)
            await stages.stages.end()
            throw error
        }
    }

    /// It was started too late: its programs end, and nothing runs.
    func abandon() { fail(CancellationError()) }

    private func fail(_ error: any Error) {
        fetchBlocks.fail(error)
        fetches.fail(error)
        fetched.fail(error)
        stages.stages.fail(error)
        // With what is damaged on its way the same tar goes on; the tasks that it ends are cancelled, and so say that.
        if !(error is StreamDamage || error is CancellationError) { sink.stop() }
    }

    /// Blocks are given out in the order of the ranges, so the oldest range always has one.
    private func dispatch() async throws {
        for (index, range) in zip(ranges.indices, ranges) {
            let block = try await fetchBlocks.acquire()
            try await fetches.put(Fetch(index: index, range: range, block: block))
        }
        fetches.finish()
        fetched.finish(count: ranges.count)
    }

    private func fetch() async throws {
        while let fetch = try await fetches.take() {
            try await readings.read(fetch)
            meter.add(stored: fetch.block.count)
            try fetched.put(fetch)
        }
    }

    private func write() async throws -> CRCSize {
        let source = stages.end
        return try await runBlocking("native-stream", onCancel: { fail(CancellationError()) }) {
            while let block = try source.takeBlocking() {
                try sink.write(block.bytes)
                meter.add(native: block.count)
                source.release(block)
            }
            return sink.total
        }
    }
}

/// The stored stream in order, as the lanes fetch it.
final class FetchedSource: BlockSource {
    private let pool: BlockPool
    private let fetched = OrderedHandOver<RestorePipeline.Fetch>()
    private let first: Int
    private let start: Int64
    private let current: Mutex<StreamPlace>

    /// - Parameters:
    ///   - first: the index of the range that it begins in.
    ///   - start: where in the stream it begins.
    init(pool: BlockPool, first: Int, start: Int64, last: StoredStream.Range?) {
        self.pool = pool
        self.first = first
        self.start = start
        current = Mutex(StreamPlace(name: last?.segment.text ?? "", offset: 0, streamOffset: start))
    }

    /// Where the block taken last begins.
    var place: StreamPlace { current.withLock { $0 } }

    func put(_ fetch: RestorePipeline.Fetch) throws {
        try fetched.put(fetch, at: fetch.index - first)
    }

    func finish(count: Int) { fetched.finish(count: count) }

    func takeBlocking() throws -> ByteBlock? {
        guard let fetch = try fetched.takeBlocking() else { return nil }
        let range = fetch.range
        let skipped = fetch.index == first ? Int(start - range.offset) : 0
        fetch.block.removeFirst(skipped)
        current.withLock {
            $0 = StreamPlace(
                name: range.segment.text, offset: range.bytes.lowerBound + Int64(skipped),
                streamOffset: range.offset + Int64(skipped))
        }
        return fetch.block
    }

    func release(_ block: ByteBlock) { pool.release(block) }

    func fail(_ error: any Error) { fetched.fail(error) }
}
