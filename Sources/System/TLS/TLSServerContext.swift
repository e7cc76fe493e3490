// SPDX-License-Identifier: Apache-2.0

public import Certificates
import Glibc
import Synchronization

/// What a server shows to its peers and asks of them; replaceable while the server runs.
///
/// TLS 1.3 only, a client certificate required, no resumption, `http/1.1` by ALPN. A peer is let in if one of the
/// authorities signed its certificate for a client's use, it holds now and is not revoked, and its one URI names a peer of
/// `cluster`. Its connection ends when one of these ends.
public final class TLSServerContext: Sendable {
    /// The cluster whose peers are let in.
    public let cluster: String

    /// Where certificate, key and authority are read from.
    public let files: TLSFiles

    private let current: Mutex<SSLContextHandle>

    /// Who is connected, and what is revoked.
    let peers = AdmittedPeers()

    /// Reads the three files. Each of them must be usable, and the key must be the certificate's.
    public init(
        authority: String, certificate: String, privateKey: String, cluster: String
    ) throws(TLSError) {
        files = TLSFiles(authority: authority, certificate: certificate, privateKey: privateKey)
        self.cluster = cluster
        current = Mutex(try SSLContextHandle(files))
    }

    /// Reads the files again. Connections that come later get what they say; open ones keep what they began with.
    ///
    /// If anything is wrong with them it throws, and everything stays as it was.
    public func reload() throws(TLSError) {
        let replacement = try SSLContextHandle(files)
        current.withLock { $0 = replacement }
    }

    /// What the server's present certificate says.
    public var certificateFacts: CertificateFacts { current.withLock { $0.certificate } }

    /// Whom the server believes at present; nil where something else than authorities stands in the file besides.
    public var authorities: AuthorityBundle? { current.withLock { $0.authorities } }

    /// What will make peers refuse the present certificate, each with its reason; empty when nothing will.
    ///
    /// None of it keeps the server from starting: whoever can still reach it must be able to ask it why.
    public var warnings: [String] {
        let facts = certificateFacts
        var warnings: [String] = []
        if facts.notAfter < Int64(time(nil)) {
            warnings.append("the certificate '\(files.certificate)' has expired")
        }
        if facts.notBefore > Int64(time(nil)) {
            warnings.append(
                "the certificate '\(files.certificate)' begins \(facts.notBefore - Int64(time(nil))) s ahead of this machine's clock: one of the two is wrong"
            )
        }
        if let authorities, authorities.issuer(of: facts) == nil {
            warnings.append("the certificate '\(files.certificate)' was not issued by '\(files.authority)'")
        }
        if revoked.isRevoked(facts.serial) {
            warnings.append("the certificate '\(files.certificate)' is revoked")
        }
        if (try? facts.peerName.cluster) != cluster {
            warnings.append(
                "the certificate '\(files.certificate)' names no peer of the cluster '\(cluster)'")
        }
        return warnings
    }

    func makeConnection() throws(TLSError) -> TLSConnection {
        try TLSConnection(current.withLock { $0 }, cluster: cluster, peers: peers)
    }

    /// What is revoked from now on, in place of what was. Connections of peers that are named end at once; none begins.
    public func revoke(_ lists: RevocationLists) { peers.revoke(lists) }

    /// What is revoked.
    public var revoked: RevocationLists { peers.revoked }
}
