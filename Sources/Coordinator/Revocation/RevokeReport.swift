// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What `amfleet revoke` has done.
public struct RevokeReport: Sendable, Encodable {
    struct Node: Sendable, Encodable {
        var node: String
        /// Why it has not got the list; nil: it has.
        var error: WireError?
    }

    struct Certificate: Sendable, Encodable {
        var serial: String
        var name: String?
    }

    var who: String
    /// Those that are revoked by this command.
    var revoked: [Certificate] = []
    /// Serials that were revoked before.
    var before: [String] = []
    /// The node that needs a new identity; nil: none.
    var node: String?
    /// Nodes of which no certificate is known here.
    var unknownNodes: [String] = []
    /// How many are revoked in all.
    var count = 0
    /// Why the list is not in the bucket; nil: it is.
    var bucketError: WireError?
    var nodes: [Node] = []

    init(who: String) {
        self.who = who
    }

    /// What an earlier attempt has signed was revoked by this command all the same.
    mutating func take(_ targets: RevocationTargets) {
        let mine = Set(revoked.map(\.serial))
        revoked += targets.certificates.filter { !mine.contains($0.serial) }.map {
            Certificate(serial: $0.serial, name: $0.name)
        }
        before = targets.before.filter { !mine.contains($0) }
        node = targets.node
    }
}

extension WireError {
    /// An older agent.
    static func revocationsUnsupported(by node: String) -> WireError {
        WireError(
            .unsupported, node: node, "its agent is older and lets revoked certificates in",
            hint: "bring amfleetd on the node to the version of amfleet.")
    }
}
