// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc
public import Secret

/// What a certificate says, read once; nothing here says that it may be trusted.
public struct CertificateFacts: Sendable, Hashable {
    /// The subject on one line, as `O = demo, CN = node01`.
    public let subject: String

    /// The serial number, hexadecimal, lower case.
    public let serial: String

    /// Seconds since 1970 before which it does not hold.
    public let notBefore: Int64

    /// Seconds since 1970 after which it does not hold.
    public let notAfter: Int64

    /// The URIs of the subject alternative name, in order.
    public let uris: [String]

    /// The DNS names of the subject alternative name, in order.
    public let dnsNames: [String]

    /// Whether it may sign other certificates.
    public let isAuthority: Bool

    let der: [UInt8]

    /// Reads the first certificate of a PEM text.
    public init(pem: String) throws(CertificateError) {
        try self.init(X509Handle(pem: pem, source: "the text"))
    }

    /// Reads the first certificate of a PEM file.
    public init(contentsOf path: String) throws(CertificateError) {
        try self.init(X509Handle(pem: PEMText.read(path), source: "'\(path)'"))
    }

    init(_ certificate: borrowing X509Handle) throws(CertificateError) {
        try self.init(borrowing: certificate.pointer)
    }

    /// Reads libcrypto's certificate (`X509 *`), which stays the caller's.
    package init(borrowing certificate: OpaquePointer) throws(CertificateError) {
        subject = Self.oneLine(X509_get_subject_name(certificate))
        serial = Self.hexadecimal(X509_get0_serialNumber(certificate))
        notBefore = Self.seconds(X509_get0_notBefore(certificate))
        notAfter = Self.seconds(X509_get0_notAfter(certificate))
        let names = SubjectAlternativeNames(of: certificate)
        uris = names.uris
        dnsNames = names.dnsNames
        isAuthority = X509_check_ca(certificate) == 1
        var encoding: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(certificate, &encoding)
        guard count > 0, let encoding else { throw LibcryptoErrors.failure(of: "i2d_X509") }
        defer { CRYPTO_free(encoding, #file, #line) }
        der = Array(UnsafeBufferPointer(start: encoding, count: Int(count)))
    }

    /// Whether `authority` signed this certificate and bears the name that it gives for its issuer.
    public func isIssued(by authority: CertificateFacts) -> Bool {
        guard let certificate = try? X509Handle(der: der), let issuer = try? X509Handle(der: authority.der)
        else { return false }
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        guard let key = X509_get0_pubkey(issuer.pointer) else { return false }
        return X509_check_issued(issuer.pointer, certificate.pointer) == X509_V_OK
            && X509_verify(certificate.pointer, key) == 1
    }

    /// Whether this is the certificate's private key.
    public func isOf(_ privateKeyPEM: Secret) throws(CertificateError) -> Bool {
        let certificate = try X509Handle(der: der)
        let key = try PrivateKeyHandle(pem: privateKeyPEM, source: "the private key")
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        return X509_check_private_key(certificate.pointer, key.pointer) == 1
    }

    /// Whether both are of the same key, as an authority's are that was renewed with its own.
    public func hasKey(of other: CertificateFacts) -> Bool {
        guard let mine = try? X509Handle(der: der), let its = try? X509Handle(der: other.der) else {
            return false
        }
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        // Of two keys that cannot be read libcrypto would say that they are equal.
        guard let key = X509_get0_pubkey(mine.pointer) else { return false }
        return EVP_PKEY_eq(key, X509_get0_pubkey(its.pointer)) == 1
    }

    /// In PEM, as libcrypto writes it.
    public func pem() throws(CertificateError) -> String { try X509Handle(der: der).pem() }

    /// SHA-256 of the DER, hexadecimal, lower case.
    public var fingerprint: String {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(der, der.count, &digest, nil, EVP_sha256(), nil) == 1 else { return "" }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Tells keys apart, hexadecimal: SHA-256 of the public key's bits. A renewed certificate of the same key has the same.
    public var keyFingerprint: String {
        guard let certificate = try? X509Handle(der: der) else { return "" }
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        guard X509_pubkey_digest(certificate.pointer, EVP_sha256(), &digest, &count) == 1 else { return "" }
        return digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Who the certificate is for: its one URI, as a name.
    public var peerName: PeerName {
        get throws(CertificateError) {
            guard let uri = uris.first, uris.count == 1 else {
                throw .notAPeerName(uri: uris.joined(separator: " "))
            }
            return try PeerName(uri: uri)
        }
    }

    /// Of whose cluster it is the authority; nil where it is none.
    public var authorityCluster: String? {
        guard isAuthority, let uri = uris.first, uris.count == 1, uri.hasPrefix(PeerName.scheme),
            case let cluster = String(uri.dropFirst(PeerName.scheme.count)), DNSLabel.isValid(cluster)
        else { return nil }
        return cluster
    }
}

extension CertificateFacts {
    private static func oneLine(_ name: OpaquePointer?) -> String {
        (try? PEMText.written("X509_NAME_print_ex") { openssl_print_name($0, name) }) ?? ""
    }

    static func hexadecimal(_ serial: UnsafePointer<ASN1_INTEGER>?) -> String {
        let number = ASN1_INTEGER_to_BN(serial, nil)
        defer { BN_free(number) }
        guard let digits = BN_bn2hex(number) else { return "" }
        defer { CRYPTO_free(digits, #file, #line) }
        return String(cString: digits).lowercased()
    }

    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }
}
