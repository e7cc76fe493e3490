// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the store's answers tell of its clock, and whether we sign with it instead of our own.
///
/// The store's time is counted on from its newest answer by a clock that nobody sets: where this machine's is put right, or wrong,
/// the store's stays what it was.
final class StoreClock: Sendable {
    private struct State {
        /// The store's time minus that of the steady clock; nil before its first answer.
        var lead: Double?
        /// The same, as it was when the store refused our own clock.
        var adopted: Double?
    }

    private let state = Mutex(State())
    private let wall: @Sendable () -> Double

    /// - Parameter wall: this machine's clock, in seconds since 1970.
    init(wall: @escaping @Sendable () -> Double = { WallClock.now }) {
        self.wall = wall
    }

    /// The store's clock minus ours as it is now; nil before its first answer.
    var offset: Duration? {
        time.map { .milliseconds(Int(($0 - wall()) * 1000)) }
    }

    /// The store's, in seconds since 1970; nil before its first answer.
    var time: Double? {
        state.withLock(\.lead).map { $0 + Self.steady }
    }

    /// Takes the `Date` of an answer that has just come; it is cut to the second, so half of one is added.
    func note(_ date: Int64?) {
        guard let date else { return }
        state.withLock { $0.lead = Double(date) + 0.5 - Self.steady }
    }

    /// From now on signs with the store's clock: it has refused ours.
    func adopt() {
        state.withLock { $0.adopted = $0.lead }
    }

    /// Seconds since 1970 to sign with.
    var signingTime: Int64 {
        Int64(state.withLock(\.adopted).map { $0 + Self.steady } ?? wall())
    }

    private static let start = ContinuousClock.now

    /// Seconds since some moment, those in which the machine slept too.
    private static var steady: Double { (ContinuousClock.now - start) / .seconds(1) }
}
