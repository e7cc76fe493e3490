// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc
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

    /// The last second, since 1970, of its own certificate: what it issues does not outlive it.
    public let notAfter: Int64

    /// The file that keeps what is signed (`IssuedCertificate`), so that it can be revoked by name; nil: it is not kept.
    public var ledger: String?

    /// A new authority for `cluster`.
    public static func create(
        cluster: String, validity: CertificateValidity = .authority
    ) throws(CertificateError) -> CertificateAuthority {
        guard DNSLabel.isValid(cluster) else { throw .invalidName(what: "cluster name", name: cluster) }
        let key = try PrivateKeyHandle()
        let certificate = try X509Handle()
        try certificate.fillAndSign(
            .authority(cluster: cluster), key: key.pointer, validity: validity, issuer: nil,
            issuerKey: key.pointer)
        return try CertificateAuthority(certificatePEM: certificate.pem(), privateKeyPEM: key.pem())
    }

    /// The authority among several, old and new side by side, whose key this is.
    public init(among bundle: AuthorityBundle, privateKeyPEM: Secret) throws(CertificateError) {
        var newest: CertificateFacts?
        for facts in bundle.authorities where try facts.isOf(privateKeyPEM) {
            if newest.map({ $0.notAfter < facts.notAfter }) ?? true { newest = facts }
        }
        guard let newest else {
            throw .keyMismatch(subject: bundle.authorities.map(\.subject).joined(separator: "; "))
        }
        try self.init(certificatePEM: newest.pem(), privateKeyPEM: privateKeyPEM)
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

    /// A certificate and key for an observer that goes by `label` on this machine; its name in the cluster is every observer's.
    ///
    /// - Parameter label: a lower-case DNS label, at most 48 bytes.
    public func issueObserver(
        _ label: String, validity: CertificateValidity = .peer
    ) throws(CertificateError) -> IssuedIdentity {
        guard DNSLabel.isValid(label), label.utf8.count <= Self.longestObserver else {
            throw .invalidName(what: "observer name", name: label)
        }
        let name = try PeerName(cluster: cluster, role: .observer)
        var profile = CertificateProfile.peer(name)
        profile.commonName = Self.observerName(label)
        let (certificate, key) = try sign(profile, validity: validity)
        return IssuedIdentity(name: name, certificatePEM: certificate, privateKeyPEM: key)
    }

    /// A common name has 64 bytes at most.
    private static let longestObserver = 48

    /// The common name of an observer's certificate: with a blank, so no node can have it.
    public static func observerName(_ label: String) -> String { "observer \(label)" }

    /// Signs whatever `profile` asks for; `issue` is the way for everything but tests.
    package func sign(
        _ profile: CertificateProfile, validity: CertificateValidity = .peer
    ) throws(CertificateError) -> (certificatePEM: String, privateKeyPEM: Secret) {
        let key = try PrivateKeyHandle()
        return (try sign(profile, publicKey: key.pointer, validity: validity), try key.pem())
    }

    /// A certificate for the key of a request, and for `role`: of the request nothing but its key is taken.
    ///
    /// - Throws: `CertificateError.requestOfAnother` where the request asks for another name.
    public func issue(
        _ role: CertificateRole, for request: CertificateRequest, validity: CertificateValidity = .peer
    ) throws(CertificateError) -> String {
        let name = try PeerName(cluster: cluster, role: role)
        guard request.uris.allSatisfy({ $0 == name.uri }), request.dnsNames.allSatisfy({ $0 == name.dnsName })
        else {
            throw .requestOfAnother(names: request.uris + request.dnsNames, expected: name)
        }
        let handle = try RequestHandle(pem: request.pem)
        return try sign(.peer(name), publicKey: X509_REQ_get0_pubkey(handle.pointer), validity: validity)
    }

    /// A certificate of ours for the key of `other`, which is to follow us: who believes us may believe it.
    ///
    /// It proves that; nothing is ever checked through it.
    public func endorse(_ other: CertificateAuthority) throws(CertificateError) -> String {
        guard other.cluster == cluster else {
            throw .otherAuthority(cluster: other.cluster, expected: cluster)
        }
        let key = try PrivateKeyHandle(pem: other.privateKeyPEM, source: "the new authority's key")
        return try sign(.authority(cluster: cluster), publicKey: key.pointer, validity: .authority)
    }

    private func sign(
        _ profile: CertificateProfile, publicKey: OpaquePointer?, validity: CertificateValidity
    ) throws(CertificateError) -> String {
        let authority = try X509Handle(pem: certificatePEM, source: "the authority's certificate")
        let authorityKey = try PrivateKeyHandle(pem: privateKeyPEM, source: "the authority's key")
        let certificate = try X509Handle()
        var validity = validity
        validity.notAfter = min(validity.notAfter, notAfter)
        try certificate.fillAndSign(
            profile, key: publicKey, validity: validity, issuer: authority.pointer,
            issuerKey: authorityKey.pointer)
        if let ledger {
            let facts = try CertificateFacts(certificate)
            try IssuedCertificate(
                serial: facts.serial, issuedAt: Int64(time(nil)), notAfter: facts.notAfter,
                uri: facts.uris.first ?? "-", commonName: profile.commonName
            ).append(to: ledger)
        }
        return try certificate.pem()
    }

    private static func cluster(of facts: CertificateFacts) throws(CertificateError) -> String {
        guard let cluster = facts.authorityCluster else {
            throw .notAPeerName(uri: facts.uris.joined(separator: " "))
        }
        return cluster
    }
}
