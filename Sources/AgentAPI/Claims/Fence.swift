// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// The fencing numbers of leases: about the seconds since 1970 at which each was taken, and one higher than the last.
///
/// Whoever can write the lease could give a number after which no other is higher. So a number is believed only where its time
/// may have come, and anything beyond counts as none.
public enum Fence {
    /// How far ahead of the time it may be: clocks go wrong, and each hold adds one.
    static let secondsAhead: Double = 10 * 365 * 86_400

    /// - Parameter now: of whoever judges.
    public static func isPossible(_ fence: Int, at now: Date) -> Bool {
        fence >= 0 && Double(fence) <= now.timeIntervalSince1970 + secondsAhead
    }

    /// Higher than `last`, and by the clock also higher than what another bucket or a prefix since emptied has given out: agents
    /// remember the highest they saw, wherever it came from.
    public static func following(_ last: Int, at now: Date) -> Int {
        let clock = Int(max(0, min(now.timeIntervalSince1970, 1e12)))
        return isPossible(last, at: now) ? max(last + 1, clock) : clock
    }
}
