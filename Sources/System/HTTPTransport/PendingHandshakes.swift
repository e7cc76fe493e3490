// SPDX-License-Identifier: Apache-2.0

/// Connections that are being made, and how many may be at the same time, whatever the descriptors allow.
///
/// A thousand handshakes at once are a thousand late ones where processors are few, and each runs out of its limit. In waves each has its
/// limit from its own start. A peer that does not answer keeps nobody waiting for long: it counts no more after `reachPatience`
/// without a connection, or after `answerPatience` without the end of the handshake.
struct PendingHandshakes {
    static let limit = 64
    static let reachPatience: Duration = .seconds(1)
    static let answerPatience: Duration = .seconds(8)

    /// Oldest first.
    private var pending: [(transfer: Transfer, since: ContinuousClock.Instant)] = []

    /// Whether another may begin.
    var isFull: Bool { pending.count >= Self.limit }

    mutating func begin(_ transfer: Transfer, now: ContinuousClock.Instant) {
        pending.append((transfer, now))
    }

    /// It stands, or there will be none.
    mutating func end(_ transfer: Transfer) {
        pending.removeAll { $0.transfer === transfer }
    }

    /// Forgets those that have had their time.
    mutating func forgetSlow(now: ContinuousClock.Instant) {
        pending.removeAll { Self.countsUntil($0.transfer, $0.since) <= now }
    }

    /// When the next has had it, whatever happens until then; nil: none is pending.
    var nextForgotten: ContinuousClock.Instant? {
        pending.lazy.map { Self.countsUntil($0.transfer, $0.since) }.min()
    }

    private static func countsUntil(
        _ transfer: Transfer, _ since: ContinuousClock.Instant
    ) -> ContinuousClock.Instant {
        since + (transfer.isReached ? answerPatience : reachPatience)
    }
}
