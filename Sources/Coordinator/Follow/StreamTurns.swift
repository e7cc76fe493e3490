// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Event streams that can be open at the same time, where there are more jobs than connections: each job is listened to in turn, and
/// misses nothing, since a stream begins after the last event that was heard.
///
/// Who has listened for `length` gives way to who waits; while nobody waits, a turn has no end. Turns are had in the order in
/// which they were asked for. A job waits for `length` × jobs / `limit` at most.
final class StreamTurns: Sendable {
    /// How many may be listened to.
    let limit: Int
    /// Long enough for a heartbeat, which comes every two seconds.
    let length: Duration

    private struct State {
        var count = 0
        var newest = 0
        /// Oldest first.
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        /// Cancelled before they came to wait.
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    init(limit: Int, length: Duration = .seconds(10)) {
        self.limit = max(1, limit)
        self.length = length
    }

    /// A turn. Whoever takes one gives it back.
    ///
    /// - Throws: `CancellationError` only.
    func take() async throws {
        let ticket = state.withLock { state -> Int in
            state.newest += 1
            return state.newest
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                state.withLock { state in
                    if state.cancelled.remove(ticket) != nil {
                        continuation.resume(throwing: CancellationError())
                    } else if state.count < limit, state.waiting.isEmpty {
                        state.count += 1
                        continuation.resume()
                    } else {
                        state.waiting.append((ticket, continuation))
                    }
                }
            }
        } onCancel: {
            state.withLock { state in
                guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                    _ = state.cancelled.insert(ticket)
                    return
                }
                state.waiting.remove(at: index).continuation.resume(throwing: CancellationError())
            }
        }
    }

    func giveBack() {
        state.withLock { state in
            guard let next = state.waiting.first else {
                state.count -= 1
                return
            }
            state.waiting.removeFirst()
            next.continuation.resume()
        }
    }

    /// Whether who has listened for so long gives way.
    func isOver(after time: Duration) -> Bool {
        time >= length && state.withLock { !$0.waiting.isEmpty }
    }
}
