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
    ///
    /// What does not fit may have changed on its way. Members of ours that do not are fetched again on a new connection, and the same
    /// tar goes on; a stream without them is unpacked a second time, each range of it read until two readings agree.
    ///
    /// - Parameters:
    ///   - readings: of this dump, over all times that it is unpacked.
    ///   - startOver: makes the target what it was before this dump, and gives the plan for it; nil: there is no second time.
    public func restore(
        _ plan: RestorePlan, readings: StreamReadings = StreamReadings(),
        startingOver startOver: (@Sendable (RestorePlan) async throws -> RestorePlan)? = nil,
        progress: @escaping @Sendable (RestoreProgress) -> Void = { _ in }
    ) async throws -> RestoreOutcome {
        try await runBlocking("check") { try plan.check() }
        let started = ContinuousClock.now
        let stream = try await StoredStream(plan)
        let attempt = RestoreAttempt(plan: plan, stream: stream, readings: readings, progress: progress)
        do {
            return try await attempt.run(started)
        } catch let doubt as DoubtedStream {
            guard let startOver else { throw attempt.fault(doubt.cause, isCertain: false) }
            plan.logger.info(
                "the dump is unpacked once more: what came may have changed on its way",
                metadata: ["error": "\("\(attempt.fault(doubt.cause, isCertain: false))".forLog)"])
            let again = RestoreAttempt(
                plan: try await startOver(plan), stream: stream, readings: readings, progress: progress)
            do {
                var outcome = try await again.run(started)
                outcome.messages.append("it was unpacked a second time, from its beginning")
                return outcome
            } catch let doubt as DoubtedStream {
                throw again.fault(doubt.cause, isCertain: true)
            }
        }
    }
}
