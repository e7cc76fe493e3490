// SPDX-License-Identifier: Apache-2.0

/// A bounded queue between threads and tasks, either side of either kind.
///
/// `take` gives nil once `finish()` was called and the queue is empty. After `fail(_:)` both sides throw that error:
/// the first failure wins, wakes everybody and drops what was queued.
public final class HandOver<Element: Sendable>: @unchecked Sendable {
    private let monitor = Monitor()
    private let capacity: Int
    private var queue: [Element?] = []
    private var head = 0
    private var isFinished = false
    private var failure: (any Error)?
    private var putWaiters = TaskWaiters()
    private var takeWaiters = TaskWaiters()

    /// A queue of at most `capacity` elements (at least one).
    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// Blocks the calling thread while the queue is full. Never call it from a task.
    public func putBlocking(_ element: Element) throws {
        try monitor.locked {
            while try !appended(element) {
                monitor.wait()
            }
        }
    }

    /// Blocks the calling thread until there is an element or the queue has finished. Never call it from a task.
    public func takeBlocking() throws -> Element? {
        try monitor.locked {
            while true {
                if let taken = try taken() { return taken }
                monitor.wait()
            }
        }
    }

    /// Suspends while the queue is full.
    ///
    /// - Throws: `CancellationError` if the task is cancelled while it waits.
    public func put(_ element: Element) async throws {
        while true {
            if try monitor.locked({ try appended(element) }) { return }
            try await suspend(\.putWaiters) { self.count < self.capacity }
        }
    }

    /// Suspends until there is an element or the queue has finished.
    ///
    /// - Throws: `CancellationError` if the task is cancelled while it waits.
    public func take() async throws -> Element? {
        while true {
            if let taken = try monitor.locked({ try taken() }) { return taken }
            try await suspend(\.takeWaiters) { self.count > 0 || self.isFinished }
        }
    }

    /// No further element comes; what is queued can still be taken.
    public func finish() {
        monitor.locked {
            isFinished = true
            wakeEverybody()
        }
    }

    /// Ends the queue with an error for both sides.
    public func fail(_ error: any Error) {
        monitor.locked {
            guard failure == nil else { return }
            failure = error
            queue.removeAll()
            head = 0
            wakeEverybody()
        }
    }

    private var count: Int { queue.count - head }

    private func appended(_ element: Element) throws -> Bool {
        if let failure { throw failure }
        precondition(!isFinished, "put after finish")
        guard count < capacity else { return false }
        queue.append(element)
        monitor.wakeAll()
        takeWaiters.wakeAll()
        return true
    }

    /// nil: nothing there yet. `.some(nil)`: the end.
    private func taken() throws -> Element?? {
        if let failure { throw failure }
        guard head < queue.count else { return isFinished ? .some(nil) : nil }
        let element = queue[head]
        queue[head] = nil
        head += 1
        if head == queue.count || head > 64 {
            queue.removeFirst(head)
            head = 0
        }
        monitor.wakeAll()
        putWaiters.wakeAll()
        return element
    }

    private func suspend(
        _ waiters: any ReferenceWritableKeyPath<HandOver, TaskWaiters> & Sendable,
        until isPossible: @escaping @Sendable () -> Bool
    ) async throws {
        let id = monitor.locked { self[keyPath: waiters].newID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                monitor.locked {
                    if isPossible() || self.failure != nil {
                        continuation.resume()
                    } else if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else {
                        self[keyPath: waiters].add(id, continuation)
                    }
                }
            }
        } onCancel: {
            monitor.locked { self[keyPath: waiters].cancel(id) }
        }
    }

    private func wakeEverybody() {
        monitor.wakeAll()
        putWaiters.wakeAll()
        takeWaiters.wakeAll()
    }
}
