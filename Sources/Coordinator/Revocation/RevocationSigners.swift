// SPDX-License-Identifier: Apache-2.0

import Certificates

/// The authorities whose keys are at hand: one, and a second while it takes the first one's place. Each signs a list of its own with
/// everything on it, since a node may know only one of the two.
struct RevocationSigners {
    let authorities: [CertificateAuthority]

    /// Blocks.
    ///
    /// - Parameter key: where the authority's key is, if not where `cluster.json` says.
    init(_ file: ClusterFile, key: String?) throws {
        authorities =
            [try file.presentAuthority(key: key)]
            + [try AuthorityRollOver.current(file)?.authority].compactMap(\.self)
    }

    /// New lists in place of `old`, with `serials` besides; what has expired by `now` leaves them.
    ///
    /// - Parameter ends: the last second of every certificate that is known, by serial.
    func sign(
        _ serials: [String], besides old: RevocationLists, ends: [String: Int64], now: Int64
    ) throws -> RevocationLists {
        let added = serials.map { RevocationList.Entry(serial: $0, revokedAt: now) }
        let known = Set(old.entries.map(\.serial))
        let entries = (old.entries + added.filter { !known.contains($0.serial) }).filter {
            (ends[$0.serial] ?? .max) >= now
        }
        return RevocationLists(
            try authorities.map { authority in
                let fingerprint = try CertificateFacts(pem: authority.certificatePEM).keyFingerprint
                return try RevocationList(
                    entries, number: (old.numbers[fingerprint] ?? 0) + 1, now: now, signedBy: authority)
            })
    }
}
