// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import Secret

/// A cluster's certificate authority: the one key that makes peers of it.
///
/// Certificates: X.509 v3, keys on P-256, SHA-256, 128-bit random serials. A value: the key is held as PEM and
/// parsed for each signature, so nothing of libcrypto's outlives a call.
public struct CertificateAuthority: Sendable {
    /// The cluster whose peers it signs, from the URI of its own certificate.
    public let cluster: String

    /// The authority's certificate, which every peer has.
    public let certificatePEM: String

    /// The authority's key, which only the coordinator has.
    public let privateKeyPEM: Secret

    let notAfter: Int64

    /// A new authority for `cluster`.
    public static func create(
        cluster: String, validity: CertificateValidity = .authority
    ) throws(CertificateError) -> CertificateAuthority {
        guard DNSLabel.isValid(cluster) else { throw .invalidName(what: "cluster name", name: cluster) }
        let key = try PrivateKeyHandle()
        let certificate = try X509Handle()
        try certificate.fillAndSign(
            .authority(cluster: cluster), key: key, validity: validity, issuer: nil, issuerKey: key.pointer)
        return try CertificateAuthority(certificatePEM: certificate.pem(), privateKeyPEM: key.pem())
    }

    /// An authority that was made earlier. Certificate and key must belong together.
    public init(certificatePEM: String, privateKeyPEM: Secret) throws(CertificateError) {
        let certificate = try X509Handle(pem: certificatePEM, source: "the authority's certificate")
        let key = try PrivateKeyHandle(pem: privateKeyPEM, source: "the authority's key")
        let facts = try CertificateFacts(certificate)
        guard facts.isAuthority else { throw .notAnAuthority(subject: facts.subject) }
        LibcryptoErrors.clear()
        guard X509_check_private_key(certificate.pointer, key.pointer) == 1 else {
            LibcryptoErrors.clear()
            throw .keyMismatch(subject: facts.subject)
        }
        cluster = try Self.cluster(of: facts)
        notAfter = facts.notAfter
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    /// A certificate and key for a new peer, or new ones for an old peer. It never outlives the authority's own.
    public func issue(
        _ role: CertificateRole, validity: CertificateValidity = .peer
    ) throws(CertificateError) -> IssuedIdentity {
        let name = try PeerName(cluster: cluster, role: role)
        let (certificate, key) = try sign(.peer(name), validity: validity)
        return IssuedIdentity(name: name, certificatePEM: certificate, privateKeyPEM: key)
    }

    /// Signs whatever `profile` asks for; `issue` is the way for everything but tests.
    package func sign(
        _ profile: CertificateProfile, validity: CertificateValidity = .peer
    ) throws(CertificateError) -> (certificatePEM: String, privateKeyPEM: Secret) {
        let authority = try X509Handle(pem: certificatePEM, source: "the authority's certificate")
        let authorityKey = try PrivateKeyHandle(pem: privateKeyPEM, source: "the authority's key")
        let key = try PrivateKeyHandle()
        let certificate = try X509Handle()
        var validity = validity
        validity.notAfter = min(validity.notAfter, notAfter)
        try certificate.fillAndSign(
            profile, key: key, validity: validity, issuer: authority.pointer, issuerKey: authorityKey.pointer)
        return (try certificate.pem(), try key.pem())
    }

    private static func cluster(of facts: CertificateFacts) throws(CertificateError) -> String {
        guard let uri = facts.uris.first, facts.uris.count == 1, uri.hasPrefix(PeerName.scheme),
            case let cluster = String(uri.dropFirst(PeerName.scheme.count)), DNSLabel.isValid(cluster)
        else { throw .notAPeerName(uri: facts.uris.joined(separator: " ")) }
        return cluster
    }
}
