// SPDX-License-Identifier: Apache-2.0

/// Bytes that may move now, filled up at a fixed rate: a pure value, the caller brings the clock.
///
/// Bytes are taken while there are any, and may overdraw the bucket: what arrives in one piece cannot be split. Over
/// time the rate is exact; at most a tenth of a second's bytes are saved up.
struct RateBucket {
    /// Bytes for one turn: small enough that many streams share a low rate evenly, large enough for a high one.
    let turnByteCount: Int
    private let bytesPerSecond: Double
    private let depth: Double
    private var balance = 0.0
    private var filledAt: ContinuousClock.Instant

    init(bytesPerSecond: Int64, now: ContinuousClock.Instant = .now) {
        precondition(bytesPerSecond > 0)
        self.bytesPerSecond = Double(bytesPerSecond)
        turnByteCount = Int(min(max(bytesPerSecond / 100, 1024), 256 << 10))
        depth = max(Double(turnByteCount), self.bytesPerSecond / 10)
        filledAt = now
    }

    /// Whether somebody may take a turn.
    mutating func isOpen(_ now: ContinuousClock.Instant) -> Bool {
        fill(now)
        return balance >= 0
    }

    /// Takes bytes; a negative number gives some back.
    mutating func charge(_ byteCount: Int) {
        balance -= Double(byteCount)
    }

    /// When `isOpen` is true again, or was.
    mutating func opensAt(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        fill(now)
        return balance >= 0 ? now : now + .seconds(-balance / bytesPerSecond)
    }

    private mutating func fill(_ now: ContinuousClock.Instant) {
        guard now > filledAt else { return }
        balance = min(depth, balance + bytesPerSecond * ((now - filledAt) / .seconds(1)))
        filledAt = now
    }
}
