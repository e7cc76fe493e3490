// SPDX-License-Identifier: Apache-2.0

/// How many requests may be under way at the same time, by the descriptors that they may hold. The rest wait for their turn.
///
/// A connection is one descriptor; looking a host's name up takes up to three more until it is done.
struct ConnectionBudget {
    /// Connections at most, those included that stand idle.
    let connectionLimit: Int
    /// Requests at most whose host's name is being looked up.
    let lookupLimit: Int
    private var connectionCount = 0
    private var lookupCount = 0

    /// - Parameter descriptorCount: how many descriptors connections and look-ups may hold together.
    init(descriptorCount: Int) {
        connectionLimit = max(4, min(descriptorCount, 1 << 20) * 16 / 19)
        lookupLimit = max(4, connectionLimit / 16)
    }

    /// How many connections may stand idle beside those in use.
    var idleLimit: Int { connectionLimit - connectionCount }

    /// Whether another request may begin.
    func admits(looksUp: Bool) -> Bool {
        connectionCount < connectionLimit && (!looksUp || lookupCount < lookupLimit)
    }

    mutating func begin(looksUp: Bool) {
        connectionCount += 1
        if looksUp { lookupCount += 1 }
    }

    mutating func endLookup() {
        lookupCount -= 1
    }

    mutating func end() {
        connectionCount -= 1
    }
}

extension HTTPRequest {
    /// Whether the host that is connected to is a name.
    var looksUpName: Bool {
        let place =
            proxy.map { Self.authority(of: $0.name) } ?? connectTo.map { $0[...] } ?? Self.authority(of: url)
        guard place.first != "[" else { return false }
        return !place.prefix { $0 != ":" }.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// `host:port` of a URL.
    static func authority(of url: String) -> Substring {
        var rest = url[...]
        if let mark = rest.firstRange(of: "://") { rest = rest[mark.upperBound...] }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    }
}
