// SPDX-License-Identifier: Apache-2.0

/// Results that arrive in any order and are taken in the order of their index: 0, 1, 2 …
///
/// `put` never waits: whoever gives out the indices (a worker pool, a pool of blocks) bounds what is in flight.
/// `finish(count:)` says how many results there will be.
public final class OrderedHandOver<Element: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private var waiting: [Int: Element] = [:]
    private var nextIndex = 0
    private var finalCount: Int?
    private var failure: (any Error)?
    private var takeWaiters = TaskWaiters()

    /// An empty hand-over whose first result has index 0.
    public init() {}

    /// Leaves the result of `index` for the taker.
    public func put(_ element: Element, at index: Int) throws {
        try monitor.locked {
            if let failure { throw failure }
            precondition(index >= nextIndex && waiting[index] == nil, "each index once")
            waiting[index] = element
            guard index == nextIndex else { return }
            monitor.wakeAll()
            takeWaiters.wakeAll()
        }
    }

    /// Blocks the calling thread until the next result is there; nil after the last. Never call it from a task.
    public func takeBlocking() throws -> Element? {
        try monitor.locked {
            while true {
                if let taken = try taken() { return taken }
                monitor.wait()
            }
        }
    }

    /// Suspends until the next result is there; nil after the last.
    public func take() async throws -> Element? {
        while true {
            if let taken = try monitor.locked({ try taken() }) { return taken }
            try await suspend()
        }
    }

    /// There will be exactly `count` results.
    public func finish(count: Int) {
        monitor.locked {
            finalCount = count
            monitor.wakeAll()
            takeWaiters.wakeAll()
        }
    }

    /// Ends with an error for both sides; the first failure wins and drops what was waiting.
    public func fail(_ error: any Error) {
        monitor.locked {
            guard failure == nil else { return }
            failure = error
            waiting.removeAll()
            monitor.wakeAll()
            takeWaiters.wakeAll()
        }
    }

    private func taken() throws -> Element?? {
        if let failure { throw failure }
        if let element = waiting.removeValue(forKey: nextIndex) {
            nextIndex += 1
            return .some(element)
        }
        return nextIndex == finalCount ? .some(nil) : nil
    }

    private func suspend() async throws {
        let id = monitor.locked { takeWaiters.newID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                monitor.locked {
                    if waiting[nextIndex] != nil || nextIndex == finalCount || failure != nil {
                        continuation.resume()
                    } else if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else {
                        takeWaiters.add(id, continuation)
                    }
                }
            }
        } onCancel: {
            monitor.locked { takeWaiters.cancel(id) }
        }
    }
}
