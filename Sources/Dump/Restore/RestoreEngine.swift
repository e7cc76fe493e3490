// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import LogOutput
import Logging

/// Brings dumps back: the numbered files of a volume through decompression into GNU tar.
public struct RestoreEngine: Sendable {
    /// It reads through each part's volume, and writes nothing there.
    public init() {}

    /// Compares the lengths of a dump's parts with the record, as `restore` does before it begins.
    public func requirePresent(_ plan: RestorePlan) async throws {
        _ = try await StoredStream(plan)
    }

    /// Restores one dump into `plan.target`.
    ///
    /// Lengths are compared before the first byte, every gzip member before its data reach tar, and the CRC-32C of
    /// both streams before this returns. Where it throws, the target may hold part of the dump.
    public func restore(
        _ plan: RestorePlan, progress: @escaping @Sendable (RestoreProgress) -> Void = { _ in }
    ) async throws -> RestoreOutcome {
        let logger = plan.logger
        try await runBlocking("check") { try plan.check() }
        let started = ContinuousClock.now
        let stream = try await StoredStream(plan)
        logger.info(
            "restore begins",
            metadata: [
                "target": "\(plan.target)", "parts": "\(plan.parts.count)", "bytes": "\(stream.byteCount)",
            ])
        let extraction = try await runBlocking("extraction") {
            try TarExtraction(plan)
        }
        let meter = RestoreMeter(total: stream.byteCount, progress)
        let totals: RestorePipeline.Totals
        do {
            let pipeline = try await runBlocking("filter-start") {
                try RestorePipeline(
                    plan: plan, stream: stream, meter: meter, stopSink: { extraction.stop() },
                    sink: { try extraction.write($0) })
            }
            totals = try await pipeline.run()
            try Self.compare(totals, plan, firstKey: stream.segments.first?.key ?? "")
        } catch {
            let reason = await extraction.abandon(because: error)
            logger.info("restore failed", metadata: ["error": "\("\(reason)".forLog)"])
            throw reason
        }
        let messages = try await extraction.finish()
        meter.finish()
        logger.info("restore ended", metadata: ["bytes": "\(totals.native.byteCount)"])
        return RestoreOutcome(
            native: totals.native, stored: totals.stored, messages: plan.remarks + totals.notes + messages,
            seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    private static func compare(
        _ totals: RestorePipeline.Totals, _ plan: RestorePlan, firstKey: String
    ) throws {
        for (stream, expected, found) in [
            ("stored", plan.stored, totals.stored), ("client's", plan.client, totals.client),
            ("native", plan.native, totals.native),
        ] {
            guard let expected, let found, expected.isKnown, expected != found else { continue }
            throw RestoreError.checksumDiffers(
                stream: stream, firstKey: firstKey, expected: "\(expected)", found: "\(found)")
        }
    }
}
