// SPDX-License-Identifier: Apache-2.0

/// The tasks that wait for one thing to become possible. Guarded by the owner's `Monitor`.
struct TaskWaiters {
    private var continuations: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    private var newestID: UInt64 = 0

    mutating func newID() -> UInt64 {
        newestID += 1
        return newestID
    }

    mutating func add(_ id: UInt64, _ continuation: CheckedContinuation<Void, any Error>) {
        continuations[id] = continuation
    }

    mutating func cancel(_ id: UInt64) {
        continuations.removeValue(forKey: id)?.resume(throwing: CancellationError())
    }

    /// Every waiter looks again; a waiter that finds nothing registers anew.
    mutating func wakeAll() {
        guard !continuations.isEmpty else { return }
        let woken = continuations
        continuations.removeAll()
        for continuation in woken.values {
            continuation.resume()
        }
    }
}
