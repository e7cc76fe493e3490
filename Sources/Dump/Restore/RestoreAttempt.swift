// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import LogOutput
import Logging

/// An attempt failed by what may have changed on its way, and can only be repeated from the dump's beginning.
struct DoubtedStream: Error {
    let cause: any Error
}

/// A dump unpacked once, by one tar.
struct RestoreAttempt: Sendable {
    let plan: RestorePlan
    let stream: StoredStream
    let readings: StreamReadings
    let ranges: StoredRanges
    private let progress: @Sendable (RestoreProgress) -> Void

    init(
        plan: RestorePlan, stream: StoredStream, readings: StreamReadings,
        progress: @escaping @Sendable (RestoreProgress) -> Void
    ) {
        self.plan = plan
        self.stream = stream
        self.readings = readings
        self.progress = progress
        ranges = stream.ranges(of: plan.fetchByteCount)
    }

    /// - Throws: `DoubtedStream` where another attempt may go better.
    func run(_ started: ContinuousClock.Instant) async throws -> RestoreOutcome {
        let logger = plan.logger
        readings.begin(ranges, readsEachTwice: readsEachTwice)
        logger.info(
            "restore begins",
            metadata: [
                "target": "\(plan.target)", "parts": "\(plan.parts.count)", "bytes": "\(stream.byteCount)",
            ])
        let extraction = try await runBlocking("extraction", asking: [plan.target], late: { $0.stop() }) {
            try TarExtraction(plan)
        }
        let sink = ArchiveSink(extraction)
        let meter = RestoreMeter(total: stream.byteCount, progress)
        let totals: RestorePipeline.Totals
        do {
            totals = try await pass(into: sink, meter)
            try compare(native: sink.total, client: totals.client)
        } catch {
            let reason = await extraction.abandon(because: error)
            logger.info(
                "restore failed", metadata: ["error": "\("\(fault(reason, isCertain: false))".forLog)"])
            throw judged(reason)
        }
        let messages = try await extraction.finish()
        meter.finish()
        let stored = self.stored ?? CRCSize(crc32c: 0, byteCount: stream.byteCount)
        logger.info("restore ended", metadata: ["bytes": "\(sink.total.byteCount)"])
        return RestoreOutcome(
            native: sink.total, stored: stored,
            messages: remarks(native: sink.total) + readings.notes + totals.notes + messages,
            seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    /// Hands the archive to tar. Where a member does not fit, what came since the last one that did is fetched again, until
    /// it fits or the store has given the same twice; each time something more is certain.
    private func pass(into sink: ArchiveSink, _ meter: RestoreMeter) async throws -> RestorePipeline.Totals {
        var start: Int64 = 0
        while true {
            let pipeline = try await runBlocking(
                "filter-start", asking: plan.filters.mayHang, late: { $0.abandon() }
            ) { [start] in
                try RestorePipeline(
                    plan: plan, ranges: ranges, from: start, readings: readings, meter: meter, sink: sink)
            }
            do {
                return try await withTaskCancellationHandler {
                    try await pipeline.run()
                } onCancel: {
                    sink.stop()
                }
            } catch var damage as StreamDamage {
                guard let next = pipeline.resumePoint else { throw damage }
                damage.isCertain = isCertain(damage, from: next)
                if damage.isCertain || Task.isCancelled { throw damage }
                plan.logger.info(
                    "what came does not fit, fetching it again",
                    metadata: [
                        "object": "\(damage.place.name)", "offset": "\(damage.place.offset)",
                        "reason": "\(damage.reason.forLog)",
                    ])
                start = next
            } catch let error as FilterError {
                throw FailedFilter(error: error, place: pipeline.place)
            }
        }
    }

    /// Whether the store has given twice the same bytes of what does not fit.
    private func isCertain(_ damage: StreamDamage, from start: Int64) -> Bool {
        let byteCount = max(Int64(damage.byteCount), Int64(MemoryPlan.memberBlockByteCount))
        let end = damage.place.streamOffset + byteCount
        return readings.areConfirmed(ranges.indices(from: start, byteCount: end - start))
    }
}

/// A program or cipher that could not undo what it was given.
struct FailedFilter: Error {
    let error: FilterError
    /// Where the stream was read.
    let place: StreamPlace
}
