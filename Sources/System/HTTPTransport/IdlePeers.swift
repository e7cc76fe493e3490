// SPDX-License-Identifier: Apache-2.0

/// Connections that stand idle, as far as can be told: libcurl keeps them by itself, and closes the one that has been idle for longest
/// where another is needed.
struct IdlePeers {
    private struct Connection {
        let number: Int
        let peer: String
        let since: ContinuousClock.Instant
    }

    /// Oldest first; some are in use again or gone.
    private var all: ArraySlice<Connection> = []
    /// The numbers of those that are idle, oldest first.
    private var idle: [String: [Int]] = [:]
    private var newest = 0

    private(set) var count = 0

    /// Whether a request to the peer needs no new connection.
    func has(_ peer: String) -> Bool { idle[peer] != nil }

    /// Since when that stands idle which would be closed next; nil: there is none.
    var oldest: ContinuousClock.Instant? {
        mutating get {
            while let first = all.first, !isIdle(first) { all.removeFirst() }
            return all.first?.since
        }
    }

    /// A request is done, and its connection stays.
    mutating func add(_ peer: String, now: ContinuousClock.Instant) {
        newest += 1
        count += 1
        idle[peer, default: []].append(newest)
        all.append(Connection(number: newest, peer: peer, since: now))
        if all.count > 2 * count + 64 { all = all.filter(isIdle)[...] }
    }

    /// A request begins; false: it needs a connection more.
    mutating func take(_ peer: String) -> Bool {
        guard var numbers = idle[peer] else { return false }
        numbers.removeLast()
        idle[peer] = numbers.isEmpty ? nil : numbers
        count -= 1
        return true
    }

    /// Forgets those that have been idle for longest, until so many are left.
    mutating func keep(_ limit: Int) {
        while count > max(0, limit), let oldest = all.popFirst() {
            guard isIdle(oldest), var numbers = idle[oldest.peer] else { continue }
            numbers.removeAll { $0 == oldest.number }
            idle[oldest.peer] = numbers.isEmpty ? nil : numbers
            count -= 1
        }
    }

    private func isIdle(_ connection: Connection) -> Bool {
        idle[connection.peer]?.contains(connection.number) ?? false
    }
}
