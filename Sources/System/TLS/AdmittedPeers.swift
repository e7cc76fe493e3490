// SPDX-License-Identifier: Apache-2.0

import Certificates
import Synchronization

/// The peers that a server has let in and that are still connected, by the serial of their certificate, and what is revoked.
///
/// A peer is entered first and looked up then, a list is put in place first and the peers are looked through then: whichever comes
/// first, none is missed. Costs a look at every connection for each list.
final class AdmittedPeers: Sendable {
    /// One connection.
    struct Admission: Sendable, Hashable {
        fileprivate let number: Int
    }

    private struct Content {
        var revoked = RevocationLists()
        var entries: [Int: (serial: String, end: @Sendable () -> Void)] = [:]
        var next = 0
    }

    private let content = Mutex(Content())

    var revoked: RevocationLists { content.withLock(\.revoked) }

    /// How many are connected.
    var count: Int { content.withLock(\.entries.count) }

    func isRevoked(_ serial: String) -> Bool { content.withLock { $0.revoked.isRevoked(serial) } }

    /// - Parameter end: called from any thread when the certificate is revoked, perhaps before this returns.
    func admit(_ serial: String, end: @escaping @Sendable () -> Void) -> Admission {
        let (number, isRevoked) = content.withLock { content in
            let number = content.next
            content.next += 1
            content.entries[number] = (serial, end)
            return (number, content.revoked.isRevoked(serial))
        }
        if isRevoked { end() }
        return Admission(number: number)
    }

    func remove(_ admission: Admission) {
        content.withLock { _ = $0.entries.removeValue(forKey: admission.number) }
    }

    func revoke(_ lists: RevocationLists) {
        let unwelcome = content.withLock { content in
            content.revoked = lists
            return content.entries.values.filter { lists.isRevoked($0.serial) }.map(\.end)
        }
        for end in unwelcome { end() }
    }
}
