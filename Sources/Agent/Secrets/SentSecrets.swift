// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Synchronization

/// Secrets that a coordinator sent for a job: in memory alone, from their coming until the job has ended. A new process has none, and
/// the coordinator sends them again with the next attempt.
final class SentSecrets: Sendable {
    /// How long a job waits for them.
    static let limit: Duration = .seconds(120)
    /// Jobs whose secrets are held at once: one runs at a time.
    private static let jobLimit = 2

    private struct State {
        /// In the order of their coming.
        var sent: [(job: String, order: SecretsOrder)] = []
        var waiters: [(job: String, continuation: AsyncStream<Void>.Continuation)] = []
    }

    private let state = Mutex(State())

    /// What came later for the same job counts.
    func keep(_ order: SecretsOrder, of job: String) {
        let woken = state.withLock { state in
            state.sent.removeAll { $0.job == job }
            state.sent.append((job, order))
            if state.sent.count > Self.jobLimit { state.sent.removeFirst() }
            defer { state.waiters.removeAll { $0.job == job } }
            return state.waiters.filter { $0.job == job }
        }
        for waiter in woken { waiter.continuation.finish() }
    }

    func forget(_ job: String) {
        state.withLock { state in state.sent.removeAll { $0.job == job } }
    }

    /// Waits until they have come.
    ///
    /// - Returns: nil: they have not come within `limit`.
    /// - Throws: `CancellationError`
    func order(of job: String, limit: Duration = SentSecrets.limit) async throws -> SecretsOrder? {
        let (coming, continuation) = AsyncStream<Void>.makeStream()
        let found = state.withLock { state -> SecretsOrder? in
            if let sent = state.sent.first(where: { $0.job == job }) { return sent.order }
            state.waiters.append((job, continuation))
            return nil
        }
        if let found { return found }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in coming {} }
            group.addTask { try await Task.sleep(for: limit) }
            _ = try await group.next()
            group.cancelAll()
        }
        continuation.finish()
        state.withLock { state in state.waiters.removeAll { $0.job == job } }
        try Task.checkCancellation()
        return state.withLock { state in state.sent.first { $0.job == job }?.order }
    }
}
