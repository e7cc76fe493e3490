// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials
import Logging
import S3
import Synchronization

/// How far one backup has looked through old runs, and what the operator was told of it: what is kept for the next backup
/// (`HistoryProgress`).
///
/// What cannot be deleted, or read, would otherwise keep all others from being looked at, and be told of every night.
final class UpkeepTurn: Sendable {
    /// The same kind of refusal is told again after that.
    static let silence: TimeInterval = 7 * 86_400

    private struct State {
        var before: HistoryProgress?
        /// Nil: none was looked at.
        var reached: RunName?
        /// All of them were looked at.
        var isWhole = true
    }

    private let cluster: Cluster
    private let isHeld: @Sendable () -> Bool
    private let state = Mutex(State())

    init(_ cluster: Cluster, isHeld: @escaping @Sendable () -> Bool) {
        self.cluster = cluster
        self.isHeld = isHeld
    }

    /// What an earlier backup has left; nil: nothing, or nobody has looked.
    var before: HistoryProgress? { state.withLock { $0.before } }

    /// A damaged note of it is none: old runs are then looked through from the oldest on.
    func recall() async throws {
        let bucket = cluster.impatientBucket
        do {
            let found = try await bucket.read(HistoryProgress.self, bucket.layout.historyProgress)?.value
            state.withLock { $0.before = found }
        } catch let damaged as WireJSONError {
            cluster.logger.info(
                "how far old runs were looked at is not known", metadata: ["reason": "\(damaged.facts)"])
        }
    }

    /// - Parameter isOneOfSeveral: there are more runs than one backup looks at.
    func reach(_ run: RunName, isOneOfSeveral: Bool) {
        state.withLock {
            $0.reached = run
            $0.isWhole = !isOneOfSeveral
        }
    }

    /// Tells a failure, if the operator has not heard of it lately, and writes down where the next backup goes on.
    func end(failure: WireError?) async {
        var refusal: HistoryProgress.Refusal?
        if let failure {
            // Where there is one turn only, nobody has looked yet.
            if before == nil { try? await recall() }
            refusal = told(failure)
        }
        let (reached, isWhole, before) = state.withLock { ($0.reached, $0.isWhole, $0.before) }
        guard let reached, !isWhole || refusal != before?.refusal, isHeld() else { return }
        let bucket = cluster.impatientBucket
        do {
            _ = try await bucket.write(
                HistoryProgress(seen: reached, refusal: refusal), bucket.layout.historyProgress, .none)
        } catch {
            cluster.logger.info(
                "how far old runs were looked at was not written", metadata: ["reason": "\(error)"])
        }
    }

    private func told(_ failure: WireError) -> HistoryProgress.Refusal {
        let now = Date().wholeSecond
        if let known = before?.refusal, known.kind == failure.kind,
            abs(now.timeIntervalSince(known.toldAt)) < Self.silence
        {
            cluster.logger.info(
                "records of runs that are overwritten still stay", metadata: ["reason": "\(failure.headline)"]
            )
            return known
        }
        cluster.console.say("records of runs that are overwritten stay: \(failure.headline)")
        if let hint = failure.hint { cluster.console.say("hint: \(hint)") }
        return HistoryProgress.Refusal(kind: failure.kind, toldAt: now)
    }
}
