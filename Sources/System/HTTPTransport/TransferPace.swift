// SPDX-License-Identifier: Apache-2.0

/// One direction of one transfer under its caps. Ownership: the loop's thread only.
///
/// A turn has to be had of every limiter, one after the other; what was had of the first is kept meanwhile.
struct TransferPace {
    private let limiters: [RateLimiter]
    private var turnCount = 0
    private var isQueued = false

    init(_ limiters: [RateLimiter]) {
        self.limiters = limiters
    }

    /// The most bytes that one turn moves; nil: no cap.
    var turnByteCount: Int? { limiters.map(\.turnByteCount).min() }

    /// Whether bytes may move now; false: the transfer is to be held until `isReleased`.
    mutating func mayMove(_ stream: ObjectIdentifier, _ now: ContinuousClock.Instant = .now) -> Bool {
        while turnCount < limiters.count {
            guard !isQueued, limiters[turnCount].takesTurn(stream, now) else {
                isQueued = true
                return false
            }
            turnCount += 1
        }
        return true
    }

    /// The turn is over.
    mutating func moved(_ byteCount: Int) {
        for limiter in limiters {
            limiter.settle(movedByteCount: byteCount)
        }
        turnCount = 0
    }

    /// Whether the limiter that the stream waits at lets it through now.
    mutating func isReleased(_ stream: ObjectIdentifier, _ now: ContinuousClock.Instant) -> Bool {
        guard isQueued else { return true }
        guard limiters[turnCount].admits(stream, now) else { return false }
        isQueued = false
        turnCount += 1
        return true
    }

    /// When to ask `isReleased` again.
    func opensAt(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        isQueued ? limiters[turnCount].opensAt(now) : now
    }

    /// The transfer has ended: what it paid for and did not use goes back.
    mutating func end(_ stream: ObjectIdentifier) {
        if isQueued { limiters[turnCount].leave(stream) }
        for limiter in limiters.prefix(turnCount) {
            limiter.settle(movedByteCount: 0)
        }
        isQueued = false
        turnCount = 0
    }
}
