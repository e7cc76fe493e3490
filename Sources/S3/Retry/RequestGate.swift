// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets requests through as `AdaptiveConcurrency` allows, the others wait in order.
final class RequestGate: Sendable {
    private typealias Waiter = CheckedContinuation<AdaptiveConcurrency.Ticket?, Never>

    private struct State {
        var concurrency: AdaptiveConcurrency
        var waiters: [(id: Int, continuation: Waiter)] = []
        var newestID = 0
    }

    private let state: Mutex<State>

    init(maximum: Int) {
        state = Mutex(State(concurrency: AdaptiveConcurrency(maximum: maximum)))
    }

    /// Requests that may run at a time just now.
    var limit: Int { state.withLock { Int($0.concurrency.limit) } }

    /// Waits for a place.
    ///
    /// - Throws: `CancellationError` if the task is cancelled while it waits.
    func enter() async throws -> AdaptiveConcurrency.Ticket {
        let id = state.withLock { state in
            state.newestID += 1
            return state.newestID
        }
        let ticket = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Waiter) in
                let answer = state.withLock { state -> AdaptiveConcurrency.Ticket?? in
                    if Task.isCancelled { return .some(nil) }
                    if state.waiters.isEmpty, let ticket = state.concurrency.start() { return ticket }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            cancel(id)
        }
        guard let ticket else { throw CancellationError() }
        return ticket
    }

    /// Gives the place back and lets in whoever may come now.
    @discardableResult
    func leave(
        _ ticket: AdaptiveConcurrency.Ticket, _ outcome: AdaptiveConcurrency.Outcome
    ) -> AdaptiveConcurrency.Change? {
        let (change, admitted) = state.withLock { state in
            let change = state.concurrency.end(ticket, outcome)
            var admitted: [(Waiter, AdaptiveConcurrency.Ticket)] = []
            while !state.waiters.isEmpty, let ticket = state.concurrency.start() {
                admitted.append((state.waiters.removeFirst().continuation, ticket))
            }
            return (change, admitted)
        }
        for (continuation, ticket) in admitted {
            continuation.resume(returning: ticket)
        }
        return change
    }

    private func cancel(_ id: Int) {
        let continuation = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index).continuation
        }
        continuation?.resume(returning: nil)
    }
}
