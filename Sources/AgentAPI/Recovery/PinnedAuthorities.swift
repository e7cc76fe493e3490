// SPDX-License-Identifier: Apache-2.0

public import Certificates

/// Which authorities are a cluster's because of those that a recovery kit names: whatever lies in the bucket is a claim, and anybody who
/// may write there can seal to a certificate that is public.
public enum PinnedAuthorities {
    /// Those of `candidates` that are pinned, and those that follow from them: signed, renewed with the same key, or endorsed by one
    /// that is believed already (`AuthoritySuccession`), over as many changes of the authority as there were.
    ///
    /// - Parameters:
    ///   - pins: fingerprints.
    ///   - candidates: authorities and endorsements, of whatever origin.
    /// - Returns: nil where none of the pinned is among them.
    public static func believed(
        _ pins: [String], among candidates: [CertificateFacts], cluster: String
    ) throws -> AuthorityBundle? {
        var believed = candidates.filter { $0.isAuthority && pins.contains($0.fingerprint) }
        var rest = candidates.filter { $0.isAuthority && !pins.contains($0.fingerprint) }
        guard !believed.isEmpty else { return nil }
        while true {
            let succession = AuthoritySuccession(from: try bundle(believed), cluster: cluster)
            let next = try rest.filter {
                succession.refusal(of: try bundle([$0]), endorsements: candidates) == nil
            }
            guard !next.isEmpty, believed.count + next.count <= Self.limit else { break }
            believed += next
            rest.removeAll(where: next.contains)
        }
        return try bundle(believed)
    }

    /// As many as a bundle takes.
    private static let limit = 16

    private static func bundle(_ authorities: [CertificateFacts]) throws -> AuthorityBundle {
        try AuthorityBundle(
            pem: authorities.map { try $0.pem() }.joined(), source: "the cluster's authorities")
    }
}
