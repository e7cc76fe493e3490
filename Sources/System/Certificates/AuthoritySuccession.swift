// SPDX-License-Identifier: Apache-2.0

/// Which authorities a peer takes on because of those that it believes already.
public struct AuthoritySuccession: Sendable {
    let believed: AuthorityBundle
    let cluster: String

    /// - Parameter believed: those that the peer has.
    public init(from believed: AuthorityBundle, cluster: String) {
        self.believed = believed
        self.cluster = cluster
    }

    /// Why a peer must not believe `proposed` from now on; nil: it may.
    ///
    /// Each is the cluster's, and believed already, or signed with the key of one that is (so is one that was renewed with its own
    /// key), or of the key that a believed one has endorsed. So the coordinator's certificate alone, stolen, brings no
    /// authority of the thief's in.
    ///
    /// - Parameter endorsements: what `CertificateAuthority.endorse` made.
    public func refusal(of proposed: AuthorityBundle, endorsements: [CertificateFacts]) -> String? {
        let valid = endorsements.filter { $0.isAuthority && believed.issuer(of: $0) != nil }
        for authority in proposed.authorities {
            // One that was renewed with its own key by other means may have lost the cluster's name.
            let isRenewed =
                believed.authorities.contains { $0.hasKey(of: authority) } && authority.uris.isEmpty
            guard isRenewed || authority.authorityCluster == cluster else {
                return "\(authority.subject) is no authority of the cluster '\(cluster)'"
            }
            let isKnown = believed.authorities.contains(authority)
            let isFollowed = believed.issuer(of: authority) != nil
            let isEndorsed = valid.contains { $0.subject == authority.subject && $0.hasKey(of: authority) }
            guard isKnown || isFollowed || isEndorsed else {
                return "no authority that is believed has signed the new one (serial \(authority.serial))"
            }
        }
        return nil
    }
}
