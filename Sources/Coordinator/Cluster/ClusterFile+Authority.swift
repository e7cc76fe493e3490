// SPDX-License-Identifier: Apache-2.0

import Certificates
import Files
import Secret

/// The cluster's authorities, as they lie on this machine. Everything here blocks.
extension ClusterFile {
    /// The cluster's `ca.pem`: one, or old and new side by side.
    func authorities() throws -> AuthorityBundle {
        try AuthorityBundle(
            pem: Self.text(of: authorityPath), source: "'\(authorityPath)'")
    }

    /// The one that signs what is issued now: where the authority is being replaced, the new one.
    ///
    /// - Parameter key: where its key is, if not where `cluster.json` says.
    /// - Throws: `CoordinatorError.authorityKeyMissing`, `CertificateError`.
    func authority(key: String? = nil) throws -> CertificateAuthority {
        try AuthorityRollOver.current(self)?.authority ?? presentAuthority(key: key)
    }

    /// The one in `ca.pem` whose key is at hand.
    func presentAuthority(key: String? = nil) throws -> CertificateAuthority {
        let path = key ?? authorityKeyPath
        guard try FileSystem.isPresent(path) else { throw CoordinatorError.authorityKeyMissing(path: path) }
        var authority = try CertificateAuthority(
            among: authorities(), privateKeyPEM: Secret(Self.text(of: path)))
        authority.ledger = ledgerPath
        return authority
    }

    /// Whether certificates can be issued without being told where the key is.
    var hasAuthorityKey: Bool {
        FileSystem.exists(authorityKeyPath) || (try? AuthorityRollOver.current(self)) != nil
    }

    var authorityPath: String { resolve(settings.tls.authority) }
    var authorityKeyPath: String { resolve(settings.tls.authorityKey) }

    /// `sealed.json` beside `ca.pem`: what of this machine was sealed last.
    var sealPath: String { "\(FileSystem.parentDirectory(of: authorityPath))/sealed.json" }

    /// The coordinator's own certificate and key.
    var identityFiles: IdentityFiles {
        IdentityFiles(
            certificate: resolve(settings.tls.certificate), privateKey: resolve(settings.tls.privateKey))
    }

    static func text(of path: String) throws(CoordinatorError) -> String {
        do {
            return String(decoding: try FileSystem.readAll(path, limit: 1 << 20), as: UTF8.self)
        } catch {
            throw .unreadable(path: path, reason: FaultText(of: error))
        }
    }
}
