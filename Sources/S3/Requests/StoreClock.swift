// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the store's answers tell of its clock, and whether we sign with it instead of our own.
final class StoreClock: Sendable {
    private struct State {
        var offset: Double?
        var correction = 0.0
    }

    private let state = Mutex(State())

    /// The store's clock minus ours; nil before its first answer.
    var offset: Duration? {
        state.withLock { $0.offset }.map { .milliseconds(Int($0 * 1000)) }
    }

    /// Takes the `Date` of an answer that has just come; it is cut to the second, so half of one is added.
    func note(_ date: Int64?) {
        guard let date else { return }
        state.withLock { $0.offset = Double(date) + 0.5 - WallClock.now }
    }

    /// From now on signs with the store's clock: it has refused ours.
    func adopt() {
        state.withLock { $0.correction = $0.offset ?? 0 }
    }

    /// Seconds since 1970 to sign with.
    var signingTime: Int64 {
        Int64(WallClock.now + state.withLock { $0.correction })
    }
}
