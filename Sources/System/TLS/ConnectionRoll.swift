// SPDX-License-Identifier: Apache-2.0

/// Which of a server's connections go where there are more than there is room for: a pure value.
///
/// Of those that have not proved who they are the oldest goes, of the host that has most of them. Of those that have, the one goes that
/// has been idle for longest; one that answers a request never does. Every step costs as much as there are connections.
struct ConnectionRoll: Sendable {
    private struct Entry {
        let host: String
        /// nil: not proved.
        var peer: String?
        /// Since which step it has had no request under way; nil: it has one.
        var idleSince: Int?
    }

    private let limits: ConnectionLimits
    private var entries: [Int: Entry] = [:]
    private var step = 0

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    var count: Int { entries.count }

    /// A connection has come. Returns its number, and those that go: others, or itself.
    mutating func arrived(from host: String) -> (number: Int, leaving: [Int]) {
        step += 1
        let number = step
        entries[number] = Entry(host: host, idleSince: number)
        var leaving: [Int] = []
        if unproved.count > limits.unproved { leaving += dismiss(oldestUnproved(but: number)) }
        if entries.count > limits.all {
            leaving += dismiss(oldestUnproved(but: number) ?? longestIdle { _ in true } ?? number)
        }
        return (number, leaving)
    }

    /// It has proved to be `peer`. nil: it has to go; otherwise those that go instead.
    mutating func proved(_ number: Int, as peer: String) -> [Int]? {
        guard entries[number] != nil else { return nil }
        step += 1
        var leaving: [Int] = []
        if entries.values.count(where: { $0.peer == peer }) >= limits.perPeer {
            guard let idle = longestIdle({ $0 == peer }) else {
                entries[number] = nil
                return nil
            }
            leaving = dismiss(idle)
        }
        entries[number]?.peer = peer
        entries[number]?.idleSince = step
        return leaving
    }

    /// A request of it is being answered.
    mutating func began(_ number: Int) {
        entries[number]?.idleSince = nil
    }

    /// The answer is complete. Returns since when it is idle.
    mutating func ended(_ number: Int) -> Int {
        step += 1
        entries[number]?.idleSince = step
        return step
    }

    /// Since when it is idle; nil: it is not, or not known.
    func idleSince(_ number: Int) -> Int? { entries[number]?.idleSince }

    mutating func left(_ number: Int) {
        entries[number] = nil
    }

    private mutating func dismiss(_ number: Int?) -> [Int] {
        guard let number, entries.removeValue(forKey: number) != nil else { return [] }
        return [number]
    }

    private var unproved: [Int: Entry] { entries.filter { $0.value.peer == nil } }

    private func oldestUnproved(but newest: Int) -> Int? {
        let others = unproved
        var counts: [String: Int] = [:]
        for entry in others.values { counts[entry.host, default: 0] += 1 }
        let most = counts.values.max()
        return others.filter { $0.key != newest && counts[$0.value.host] == most }.keys.min()
            ?? others.keys.filter { $0 != newest }.min()
    }

    private func longestIdle(_ isMeant: (String) -> Bool) -> Int? {
        entries.filter { $0.value.idleSince != nil && $0.value.peer.map(isMeant) == true }
            .min { ($0.value.idleSince ?? 0) < ($1.value.idleSince ?? 0) }?.key
    }
}
