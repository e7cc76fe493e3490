// SPDX-License-Identifier: Apache-2.0

/// The newest list of each authority of a cluster. What stands on one of them is revoked, whichever of the authorities issued it:
/// serials are 128 random bits.
public struct RevocationLists: Sendable, Hashable {
    /// In order of authority.
    public let lists: [RevocationList]
    private let serials: Set<String>

    /// None.
    public init() {
        self.init([])
    }

    /// The newest of `lists` of each authority.
    public init(_ lists: [RevocationList]) {
        var newest: [String: RevocationList] = [:]
        for list in lists where (newest[list.authority]?.number ?? 0) < list.number {
            newest[list.authority] = list
        }
        self.lists = newest.values.sorted { $0.authority < $1.authority }
        serials = Set(newest.values.lazy.flatMap(\.entries).map(\.serial))
    }

    /// Reads every list of a PEM text that one of the authorities has signed; those of others are left out.
    ///
    /// - Parameters:
    ///   - pem: as `pem` gives it; at most 1 MiB.
    ///   - authorities: the certificates of the authorities, one after the other.
    /// - Throws: `CertificateError.unusableList` where a list is damaged or there is none.
    public init(pem: String, authorities: String) throws(CertificateError) {
        guard pem.utf8.count <= PEMText.longestByteCount else {
            throw .unusableList(reason: "it is too long")
        }
        let blocks = PEMText.blocks(of: pem, kind: "X509 CRL")
        guard !blocks.isEmpty else { throw .unusableList(reason: "there is none in the text") }
        let signers = PEMText.blocks(of: authorities, kind: "CERTIFICATE")
        var lists: [RevocationList] = []
        for block in blocks {
            if let list = try RevocationList(pem: block, authorities: signers) { lists.append(list) }
        }
        self.init(lists)
    }

    /// All lists, one after the other.
    public var pem: String { lists.map(\.pem).joined() }

    public var isEmpty: Bool { lists.isEmpty }

    /// Of each authority, by its `keyFingerprint`.
    public var numbers: [String: Int64] {
        Dictionary(lists.map { ($0.authority, $0.number) }, uniquingKeysWith: max)
    }

    /// Everything that is revoked, once, by serial.
    public var entries: [RevocationList.Entry] {
        let all = lists.flatMap(\.entries).map { ($0.serial, $0) }
        return Dictionary(all) { $0.revokedAt <= $1.revokedAt ? $0 : $1 }.values.sorted {
            $0.serial < $1.serial
        }
    }

    public func isRevoked(_ serial: String) -> Bool { serials.contains(serial) }

    /// The newest of both of each authority.
    public func joined(with others: RevocationLists) -> RevocationLists {
        RevocationLists(lists + others.lists)
    }

    /// Two lists of one authority and number that are not the same: made at the same time, one not knowing of the other.
    public func contradicts(_ others: RevocationLists) -> Bool {
        lists.contains { list in
            others.lists.contains {
                $0.authority == list.authority && $0.number == list.number && $0.entries != list.entries
            }
        }
    }
}
