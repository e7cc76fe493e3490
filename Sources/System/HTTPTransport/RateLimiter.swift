// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A cap on the bytes a second that all requests which bear it move together, turn by turn in the order of their coming.
public final class RateLimiter: Sendable {
    private struct State {
        var bucket: RateBucket
        var waiting: [ObjectIdentifier] = []
    }

    /// The cap.
    public let bytesPerSecond: Int64

    /// Bytes of one turn.
    let turnByteCount: Int
    private let state: Mutex<State>

    /// A cap of its own; `bytesPerSecond` is at least 1.
    public init(bytesPerSecond: Int64) {
        let bucket = RateBucket(bytesPerSecond: max(1, bytesPerSecond))
        self.bytesPerSecond = max(1, bytesPerSecond)
        turnByteCount = bucket.turnByteCount
        state = Mutex(State(bucket: bucket))
    }

    /// Takes a turn, already paid for, or a place in the queue.
    func takesTurn(_ stream: ObjectIdentifier, _ now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            if state.waiting.isEmpty, state.bucket.isOpen(now) {
                state.bucket.charge(turnByteCount)
                return true
            }
            if !state.waiting.contains(stream) { state.waiting.append(stream) }
            return false
        }
    }

    /// Gives the waiting stream its turn, paid for, if it is the first and the bucket is open.
    func admits(_ stream: ObjectIdentifier, _ now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            guard state.waiting.first == stream, state.bucket.isOpen(now) else { return false }
            state.waiting.removeFirst()
            state.bucket.charge(turnByteCount)
            return true
        }
    }

    /// When it is worth asking again.
    func opensAt(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        state.withLock { $0.bucket.opensAt(now) }
    }

    /// Corrects a turn that was paid for by what it really moved.
    func settle(movedByteCount: Int) {
        state.withLock { $0.bucket.charge(movedByteCount - turnByteCount) }
    }

    /// Gives up a place in the queue.
    func leave(_ stream: ObjectIdentifier) {
        state.withLock { state in state.waiting.removeAll { $0 == stream } }
    }
}
