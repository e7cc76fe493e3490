// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// The public half of a recovery key: to it is sealed what only the key opens.
///
/// Its dates keep nobody from sealing: secrets that are sealed to an old certificate are worth more than none.
public struct RecoveryCertificate: Sendable, Hashable {
    /// As libcrypto writes it, without anything that stood around it.
    public let pem: String
    /// SHA-256 of the DER, hexadecimal, lower case.
    public let fingerprint: String
    /// The first second, since 1970.
    public let notBefore: Int64
    /// The last second, since 1970.
    public let notAfter: Int64
    /// On one line, as `O = demo, CN = amfleet recovery key`.
    public let subject: String

    /// Reads the first certificate of a text. Its key is on P-256 or P-384, or RSA of 3072 bits or more.
    ///
    /// - Parameter source: names the text in errors.
    public init(pem: String, source: String) throws(SealingError) {
        let handle = try Self.handle(pem, source: source)
        let facts = try Self.facts(of: handle, source: source)
        let key = X509_get0_pubkey(handle.pointer)
        if let kind = ReceivingKey.refusal(of: key) { throw .unusableKey(source: source, kind: kind) }
        let (bit, name) =
            ReceivingKey.isRSA(key)
            ? (UInt32(KU_KEY_ENCIPHERMENT), "keyEncipherment") : (UInt32(KU_KEY_AGREEMENT), "keyAgreement")
        guard X509_get_key_usage(handle.pointer) & bit != 0 else {
            let whose = facts.isAuthority ? "it is an authority's, made to sign others: " : ""
            throw .unusableCertificate(
                source: source, subject: facts.subject, reason: "\(whose)its key usage lacks \(name)")
        }
        do {
            self.pem = try facts.pem()
        } catch {
            throw SealingError(error, source: source, kind: "certificate")
        }
        fingerprint = facts.fingerprint
        notBefore = facts.notBefore
        notAfter = facts.notAfter
        subject = facts.subject
    }

    /// The certificate for libcrypto.
    func handle() throws(SealingError) -> X509Handle { try Self.handle(pem, source: subject) }

    private static func handle(_ pem: String, source: String) throws(SealingError) -> X509Handle {
        do {
            return try X509Handle(pem: pem, source: source)
        } catch {
            throw SealingError(error, source: source, kind: "certificate")
        }
    }

    private static func facts(
        of handle: borrowing X509Handle, source: String
    ) throws(SealingError) -> CertificateFacts {
        do {
            return try CertificateFacts(borrowing: handle.pointer)
        } catch {
            throw SealingError(error, source: source, kind: "certificate")
        }
    }
}
