// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// A job that an agent takes on and never ends by itself; all other questions go to the real agent, which hears nothing of it.
final class EndlessJob: Sendable {
    /// What it does besides sending heartbeats.
    enum Habit: Sendable, Equatable, CaseIterable {
        case onlyHeartbeats
        /// Its progress goes up and down.
        case alternating
        /// It ends each stream after a heartbeat, to be asked again.
        case reconnecting
        /// It sends bytes that are no line.
        case garbage
        /// It is interrupted each time it is looked at, and takes it on again.
        case interrupted
        /// It sends 200 MB of notes before it does as the first.
        case flooding
        /// It does not answer that it is cancelled, and goes on.
        case uncancellable
    }

    private struct State {
        var isCancelled = false
        var attempt = 1
        var deletions: [String] = []
        var submissionCount = 0
        var isFollowed = false
    }

    private let habit: Habit
    private let state = Mutex(State())

    init(_ habit: Habit = .onlyHeartbeats) {
        self.habit = habit
    }

    /// Every DELETE that came: path and query.
    var deletions: [String] { state.withLock(\.deletions) }

    /// How often it was asked for.
    var submissionCount: Int { state.withLock(\.submissionCount) }

    /// Whether its events were asked for.
    var isFollowed: Bool { state.withLock(\.isFollowed) }

    func answer(_ question: AgentQuestion) async -> AgentAnswer {
        if question.isSubmission { return submitted(question) }
        if question.isCancellation {
            state.withLock { state in
                state.deletions.append(question.target)
                if habit != .uncancellable { state.isCancelled = true }
            }
            return .text(202, snapshot(question.target))
        }
        if question.isForEvents { return events() }
        if question.isForJob { return .text(200, snapshot(question.target)) }
        return .real
    }

    private func submitted(_ question: AgentQuestion) -> AgentAnswer {
        let request = try? JSONSerialization.jsonObject(with: Data(question.body)) as? [String: Any]
        let attempt = request?["attempt"] as? Int ?? 1
        state.withLock { state in
            state.attempt = attempt
            state.submissionCount += 1
        }
        return .text(202, snapshot("/v1/jobs/\(request?["id"] as? String ?? "")"))
    }

    private func snapshot(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        let id = path.split(separator: "/").last ?? ""
        let run = id.split(separator: "-").dropFirst().first ?? "20260101000000"
        let (isCancelled, attempt) = state.withLock { ($0.isCancelled, $0.attempt) }
        let isInterrupted = habit == .interrupted
        let stateName = isCancelled ? "cancelled" : isInterrupted ? "interrupted" : "running"
        return """
            {"format": 1, "id": "\(id)", "run": "\(run)", "kind": "backup", "attempt": \(attempt), "state": "\(stateName)",
            "startedAt": "2026-11-30T12:00:00Z", "lastSequence": 2, "progress":
            {"dumpedBytes": 0, "storedBytes": 0, "finishedDisks": 0, "totalDisks": 2}}
            """
    }

    private func events() -> AgentAnswer {
        state.withLock { $0.isFollowed = true }
        return .stream { [habit] number in
            if number > 0, habit != .flooding || number > 2000 {
                try? await Task.sleep(for: .milliseconds(500))
            }
            if self.state.withLock(\.isCancelled) { return nil }
            switch habit {
            case .garbage: return Array("garbage".utf8)
            case .reconnecting where number > 0: return nil
            case .flooding where number < 2000: return Self.note(number + 3, byteCount: 100_000)
            case .alternating: return Self.line("progress", bytes: number % 2 * 1000)
            default: return Self.line("heartbeat", bytes: nil)
            }
        }
    }

    private static func note(_ number: Int, byteCount: Int) -> [UInt8] {
        let text = "\(number) " + String(repeating: "x", count: byteCount)
        return Array(
            "{\"kind\":\"note\",\"sequence\":\(number),\"time\":\"2026-11-30T12:00:00Z\",\"text\":\"\(text)\"}\n"
                .utf8)
    }

    private static func line(_ kind: String, bytes: Int?) -> [UInt8] {
        let progress = bytes.map {
            ",\"progress\":{\"dumpedBytes\":\($0),\"storedBytes\":\($0),\"finishedDisks\":0,\"totalDisks\":2}"
        }
        return Array(
            "{\"kind\":\"\(kind)\",\"sequence\":2,\"time\":\"2026-11-30T12:00:00Z\"\(progress ?? "")}\n".utf8)
    }
}
