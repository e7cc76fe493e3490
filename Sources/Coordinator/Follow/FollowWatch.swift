// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What is known of a followed job, beside the task that follows it: what that task waits for may never come.
final class FollowWatch: Sendable {
    /// Why a job is given up.
    enum Reason: Sendable, Equatable {
        case silence
        case flood
        case runOver
    }

    private static let longestSleep: Duration = .seconds(2)

    private struct State {
        var following: JobFollowing
        var isPaused = false
    }

    private let newest: Mutex<State>
    private let runEndsAt: Duration?

    init(_ following: JobFollowing, runEndsAt: Duration?) {
        newest = Mutex(State(following: following))
        self.runEndsAt = runEndsAt
    }

    var following: JobFollowing { newest.withLock { $0.following } }

    func keep(_ following: JobFollowing) {
        newest.withLock { $0 = State(following: following) }
    }

    /// Until `keep` the job's silence is ours: it is not listened to.
    func pause() {
        newest.withLock { $0.isPaused = true }
    }

    /// Returns once the job is to be given up.
    ///
    /// - Throws: `CancellationError`.
    func untilOver() async throws -> Reason {
        while true {
            let now = MonotonicTime.now
            if let runEndsAt, runEndsAt <= now { return .runOver }
            let (isPaused, end, isFlooded) = newest.withLock {
                ($0.isPaused, $0.following.silenceEndsAt, $0.following.isFlooded)
            }
            if isFlooded { return .flood }
            let silenceEndsAt = isPaused ? now + Self.longestSleep : end
            if silenceEndsAt <= now { return .silence }
            // An end may also come nearer meanwhile.
            try await Task.sleep(
                for: min(silenceEndsAt - now, (runEndsAt ?? silenceEndsAt) - now, Self.longestSleep))
        }
    }
}
