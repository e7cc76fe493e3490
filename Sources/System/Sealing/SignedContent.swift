// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import Certificates
public import Secret

/// Content, and who vouches for it.
///
/// Shape: CMS SignedData (RFC 5652, section 5) in DER, with the content and the certificate of its one signer inside.
/// `openssl cms -verify -inform DER -purpose any` reads it.
public enum SignedContent {
    static let what = "the signed content"

    /// - Parameter privateKeyPEM: of the certificate, without a passphrase.
    public static func sign(
        _ content: [UInt8], certificatePEM: String, privateKeyPEM: Secret
    ) throws(SealingError) -> [UInt8] {
        guard content.count < ContentHandle.longestByteCount else {
            throw .tooLong(byteCount: content.count, limit: ContentHandle.longestByteCount)
        }
        let certificate = try certificateHandle(certificatePEM)
        let key = try keyHandle(privateKeyPEM)
        LibcryptoErrors.clear()
        let made = ContentHandle.withReader(content) {
            CMS_sign(
                certificate.pointer, key.pointer, nil, $0, UInt32(CMS_BINARY) | UInt32(CMS_NOSMIMECAP))
        }
        guard let made else { throw .failure(of: "CMS_sign") }
        return try ContentHandle(owning: made).der()
    }

    /// Reads it, and sees that the signature is that of the certificate inside. Whose that is, and whether he is to be believed, judges
    /// the caller.
    public static func read(
        _ der: [UInt8]
    ) throws(SealingError) -> (content: [UInt8], signer: CertificateFacts) {
        let handle = try ContentHandle(der: der, what: what)
        guard OBJ_obj2nid(CMS_get0_type(handle.pointer)) == NID_pkcs7_signed else {
            throw .damaged(what: what, reason: "it is no CMS SignedData")
        }
        guard openssl_signer_count(handle.pointer) == 1 else {
            throw .damaged(
                what: what, reason: "it has \(openssl_signer_count(handle.pointer)) signers, not one")
        }
        LibcryptoErrors.clear()
        let content = ContentHandle.written {
            CMS_verify(
                handle.pointer, nil, nil, nil, $0, UInt32(CMS_BINARY) | UInt32(CMS_NO_SIGNER_CERT_VERIFY))
        }
        guard let content else { throw .damaged(what: what, reason: LibcryptoErrors.take()) }
        return (content, try signer(of: handle))
    }

    /// The same, of somebody whom one of `authorities` has certified. His certificate may have ended since: it was signed while it held.
    public static func verify(
        _ der: [UInt8], authorities: AuthorityBundle
    ) throws(SealingError) -> (content: [UInt8], signer: PeerName) {
        let (content, signer) = try read(der)
        guard authorities.issuer(of: signer) != nil, !signer.isAuthority, let name = try? signer.peerName
        else {
            throw .foreignSigner(subject: signer.subject)
        }
        return (content, name)
    }

    private static func certificateHandle(_ pem: String) throws(SealingError) -> X509Handle {
        do {
            return try X509Handle(pem: pem, source: "the signer's certificate")
        } catch {
            throw SealingError(error, source: "the signer's certificate", kind: "certificate")
        }
    }

    private static func keyHandle(_ pem: Secret) throws(SealingError) -> PrivateKeyHandle {
        do {
            return try PrivateKeyHandle(pem: pem, source: "the signer's key")
        } catch {
            throw SealingError(error, source: "the signer's key", kind: "private key")
        }
    }

    private static func signer(of handle: borrowing ContentHandle) throws(SealingError) -> CertificateFacts {
        let signers = CMS_get0_signers(handle.pointer)
        defer { openssl_forget_certificates(signers) }
        guard openssl_certificate_count(signers) == 1, let certificate = openssl_certificate(signers, 0)
        else {
            throw .damaged(what: what, reason: "the signer's certificate is not in it")
        }
        do {
            return try CertificateFacts(borrowing: certificate)
        } catch {
            throw SealingError(error, source: what, kind: "certificate")
        }
    }
}
