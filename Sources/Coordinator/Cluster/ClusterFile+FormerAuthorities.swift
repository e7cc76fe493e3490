// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files

/// Authorities that others have taken the place of: what was signed in their time is believed as it was then. Everything here blocks.
extension ClusterFile {
    /// More than these no bundle takes beside the present ones.
    private static let formerLimit = 12

    /// `former-authorities.pem` beside `ca.pem`: each authority that is gone, and its endorsement of the next
    /// (`CertificateAuthority.endorse`). Nobody connects by it.
    var formerAuthorityPath: String {
        "\(FileSystem.parentDirectory(of: authorityPath))/former-authorities.pem"
    }

    /// - Returns: nil where none has ever gone.
    func formerAuthorities() throws -> AuthorityBundle? {
        guard try FileSystem.isPresent(formerAuthorityPath) else { return nil }
        return try AuthorityBundle(contentsOf: formerAuthorityPath)
    }

    /// By whom a signature may be that was made at any time: the authorities of `ca.pem`, and those before them.
    func believedAuthorities() throws -> AuthorityBundle {
        let present = try authorities()
        guard let former = try formerAuthorities() else { return present }
        return try AuthorityBundle(
            pem: present.pem() + former.pem(), source: "'\(authorityPath)' with '\(formerAuthorityPath)'")
    }

    /// Whom a recovery kit names: the present authorities, and those before them, as what was sealed in their time is still needed and
    /// is theirs. Not what only leads from one to the next.
    func pinnedAuthorities() throws -> [CertificateFacts] {
        let present = try authorities().authorities
        let former = try formerAuthorities()?.authorities ?? []
        let others = former.filter { one in !present.contains { $0.hasKey(of: one) } }
        // Of a former one there are its own certificate and what endorsed it; its own issued itself.
        return present + others.filter { $0.isIssued(by: $0) }
    }

    /// Keeps authorities that go, and what leads to the next; the oldest leave the file when it is full.
    func keepFormer(_ going: [CertificateFacts]) throws {
        var kept = try formerAuthorities()?.authorities ?? []
        kept += going.filter { !kept.contains($0) }
        guard !kept.isEmpty else { return }
        let text = try kept.suffix(Self.formerLimit).map { try $0.pem() }.joined()
        try FileSystem.writeAtomically(
            FileSystem.realPath(formerAuthorityPath), Array(text.utf8), mode: 0o644)
    }
}
