// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials

/// By whom new certificates are signed, and whom every node is to believe: as the files on this machine have it now.
struct RenewalAuthority: Sendable {
    let signer: CertificateAuthority
    let authorities: AuthorityBundle
    /// All that `ca.pem` has: what a node has to believe whose certificate is still of one that goes.
    let present: AuthorityBundle
    let endorsements: [String]

    /// Blocks.
    ///
    /// - Parameter key: where the authority's key is, if not where `cluster.json` says.
    init(_ file: ClusterFile, key: String? = nil) throws {
        present = try file.authorities()
        guard let rollOver = try AuthorityRollOver.current(file) else {
            (signer, authorities, endorsements) = (try file.presentAuthority(key: key), present, [])
            return
        }
        signer = rollOver.authority
        endorsements = [rollOver.endorsement]
        // Once the coordinator itself has gone over, the old one is taken from everybody.
        let new = try AuthorityBundle(pem: rollOver.authority.certificatePEM, source: "the new authority")
        let own = try CertificateFacts(contentsOf: file.identityFiles.certificate)
        authorities = new.issuer(of: own) == nil ? present : new
    }

    /// Whether a certificate has so little left that it is renewed unasked: a third of its life. Nothing is gained where the
    /// authority's own end comes first.
    func isDue(from notBefore: Date, to notAfter: Date, now: Date) -> Bool {
        let (left, life) = (notAfter.timeIntervalSince(now), notAfter.timeIntervalSince(notBefore))
        let gained = Double(signer.notAfter) - notAfter.timeIntervalSince1970
        return left < life / 3 && gained > 86_400
    }
}
