// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps a log from growing as fast as somebody at the other end likes.
///
/// The same line of the program, written because of the same party: 60 at once, then one every 2 seconds. Because of all
/// parties together: 300 at once, then 5 a second. Memory: `mostParties` names a line of the program.
final class LineLimit: Sendable {
    static let ofParty = LineRate(burst: 60, perSecond: 0.5)
    static let ofSite = LineRate(burst: 300, perSecond: 5)
    static let mostParties = 200

    /// A place in the sources that writes a line.
    struct Site: Hashable {
        let file: String
        let line: UInt
    }

    private struct Lines {
        private var all = LineAllowance(LineLimit.ofSite)
        private var parties: [String: (allowance: LineAllowance, leftOut: Int)] = [:]

        mutating func admit(_ party: String, _ now: ContinuousClock.Instant) -> Int? {
            let name = place(for: party, now)
            var own = parties[name] ?? (LineAllowance(LineLimit.ofParty), 0)
            let isAdmitted = own.allowance.has(now) && all.has(now)
            let leftOut = own.leftOut
            if isAdmitted {
                own.allowance.take()
                all.take()
            }
            own.leftOut = isAdmitted ? 0 : leftOut + 1
            parties[name] = own
            return isAdmitted ? leftOut : nil
        }

        /// Parties that were quiet are forgotten; where too many are not, the newest share one place.
        private mutating func place(for party: String, _ now: ContinuousClock.Instant) -> String {
            guard parties[party] == nil, parties.count >= LineLimit.mostParties else { return party }
            parties = parties.filter { !$0.value.allowance.isWhole(now) }
            return parties.count < LineLimit.mostParties ? party : ""
        }
    }

    private let sites = Mutex<[Site: Lines]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// - Returns: how many lines like this one were left out since the last; nil: this one is to be left out too.
    func admit(site: Site, party: String) -> Int? {
        let now = now()
        return sites.withLock { sites in sites[site, default: Lines()].admit(party, now) }
    }
}

/// How many lines at once, and how many more a second.
struct LineRate {
    let burst: Double
    let perSecond: Double
}

/// Lines that may still be written: refilled as time goes by.
struct LineAllowance {
    private let rate: LineRate
    private var left: Double
    private var looked: ContinuousClock.Instant?

    init(_ rate: LineRate) {
        self.rate = rate
        left = rate.burst
    }

    mutating func has(_ now: ContinuousClock.Instant) -> Bool {
        left = amount(now)
        looked = now
        return left >= 1
    }

    mutating func take() {
        left -= 1
    }

    func isWhole(_ now: ContinuousClock.Instant) -> Bool { amount(now) >= rate.burst }

    private func amount(_ now: ContinuousClock.Instant) -> Double {
        guard let looked else { return left }
        let passed = looked.duration(to: now) / .seconds(1)
        return min(rate.burst, left + passed * rate.perSecond)
    }
}
