// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import Secret

/// What a peer asks an authority to sign (PKCS #10, RFC 2986): its public key, and a proof that it has the private one.
///
/// The names in it are what the peer believes to be; an authority of ours takes the key alone.
public struct CertificateRequest: Sendable, Hashable {
    /// As it goes over the wire.
    public let pem: String

    /// The URIs that it asks for.
    public let uris: [String]

    /// The DNS names that it asks for.
    public let dnsNames: [String]

    /// Longest text that is looked at: one with a key of ours has some 500 bytes.
    private static let longestByteCount = 16_384

    /// A new key on P-256, and a request for it.
    public static func create(
        _ name: PeerName
    ) throws(CertificateError) -> (request: CertificateRequest, privateKeyPEM: Secret) {
        let key = try PrivateKeyHandle()
        let request = try RequestHandle()
        try request.fillAndSign(.peer(name), key: key)
        return (try CertificateRequest(pem: request.pem()), try key.pem())
    }

    /// Reads a request of whatever origin: it must prove itself with a key on P-256.
    public init(pem: String) throws(CertificateError) {
        guard pem.utf8.count <= Self.longestByteCount else {
            throw .unusableRequest(reason: "it is longer than \(Self.longestByteCount) bytes")
        }
        let request = try RequestHandle(pem: pem)
        let key = X509_REQ_get0_pubkey(request.pointer)
        guard key != nil, openssl_is_p256_key(key) == 1 else {
            LibcryptoErrors.clear()
            throw .unusableRequest(reason: "its key is not one on the curve P-256")
        }
        LibcryptoErrors.clear()
        guard X509_REQ_verify(request.pointer, key) == 1 else {
            LibcryptoErrors.clear()
            throw .unusableRequest(reason: "its signature is not that of its key")
        }
        let names = SubjectAlternativeNames(ofRequest: request.pointer)
        uris = names.uris
        dnsNames = names.dnsNames
        self.pem = try request.pem()
    }
}
