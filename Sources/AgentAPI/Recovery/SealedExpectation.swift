// SPDX-License-Identifier: Apache-2.0

public import Certificates

/// What a bundle of sealed files must be before anything of it is used: anybody who may write into the bucket could have sealed it.
public struct SealedExpectation: Sendable {
    /// Whose it must be.
    public let owner: PeerName
    /// Whose word counts; nil: nothing pins an authority, so that the signer's own certificate is all there is.
    public let authorities: AuthorityBundle?
    /// Of the cluster; nil: not known.
    public let clusterID: String?

    public init(owner: PeerName, authorities: AuthorityBundle?, clusterID: String?) {
        self.owner = owner
        self.authorities = authorities
        self.clusterID = clusterID
    }

    /// - Parameter key: where it lies; its name must be that of its version. nil: it has only one place.
    /// - Throws: `SealedBundleError`, `CertificateError`
    public func check(_ opened: OpenedBundle, at key: String?) throws {
        if let authorities {
            try opened.requireOwner(owner, authorities: authorities)
        } else {
            let signer = try opened.signer.peerName
            guard signer == owner else {
                throw SealedBundleError.ofAnother(found: signer.uri, expected: owner.uri)
            }
        }
        if let key { try opened.requireRun(of: key) }
        // An older node does not know the cluster's id.
        if let found = opened.bundle.manifest.clusterID, let clusterID, found != clusterID {
            throw SealedBundleError.ofAnotherCluster(found: found, expected: clusterID)
        }
    }
}
