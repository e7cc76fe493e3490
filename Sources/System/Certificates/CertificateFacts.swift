// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

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
        return X509_check_issued(issuer.pointer, certificate.pointer) == X509_V_OK
            && X509_verify(certificate.pointer, X509_get0_pubkey(issuer.pointer)) == 1
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
}

extension CertificateFacts {
    private static func oneLine(_ name: OpaquePointer?) -> String {
        (try? PEMText.written("X509_NAME_print_ex") { openssl_print_name($0, name) }) ?? ""
    }

    private static func hexadecimal(_ serial: UnsafePointer<ASN1_INTEGER>?) -> String {
        let number = ASN1_INTEGER_to_BN(serial, nil)
        defer { BN_free(number) }
        guard let digits = BN_bn2hex(number) else { return "" }
        defer { CRYPTO_free(digits, #file, #line) }
        return String(cString: digits).lowercased()
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }
}
