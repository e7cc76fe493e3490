// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// What only recovery keys open.
///
/// Shape: CMS AuthEnvelopedData (RFC 5083) in DER, AES-256-GCM, one recipient a certificate: by ECDH with X9.63 and SHA-256 to curves,
/// by OAEP with SHA-256 to RSA. `openssl cms -decrypt -inform DER` opens it.
public enum Envelope {
    static let what = "the sealed content"

    /// - Parameter recipients: at least one; one that stands there twice is sealed to once.
    public static func seal(
        _ plaintext: [UInt8], to recipients: [RecoveryCertificate]
    ) throws(SealingError) -> [UInt8] {
        guard !recipients.isEmpty else { throw .noRecipients }
        guard plaintext.count < ContentHandle.longestByteCount else {
            throw .tooLong(byteCount: plaintext.count, limit: ContentHandle.longestByteCount)
        }
        LibcryptoErrors.clear()
        guard let created = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm()) else {
            throw .failure(of: "CMS_AuthEnvelopedData_create")
        }
        let content = ContentHandle(owning: created)
        guard CMS_set_detached(created, 0) == 1 else { throw .failure(of: "CMS_set_detached") }
        var seen: Set<String> = []
        for recipient in recipients where seen.insert(recipient.fingerprint).inserted {
            try add(recipient, to: content)
        }
        let outcome = ContentHandle.withReader(plaintext) {
            CMS_final(content.pointer, $0, nil, UInt32(CMS_BINARY))
        }
        guard outcome == 1 else { throw .failure(of: "CMS_final") }
        return try content.der()
    }

    /// Opens it, whole or not at all: what libcrypto gives out before it has seen the tag at the end is thrown away where the tag
    /// does not fit.
    ///
    /// - Throws: `SealingError.notForThisKey`, `.damaged`, `.tooLong`
    public static func open(_ der: [UInt8], with key: RecoveryKey) throws(SealingError) -> [UInt8] {
        let content = try ContentHandle(der: der, what: what)
        try requireEnvelope(content)
        let handle = try key.handle()
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        // With the key alone each recipient is tried; without this flag a wrong key would only show as damage, at the end.
        let flags = UInt32(CMS_DEBUG_DECRYPT) | UInt32(CMS_BINARY)
        guard CMS_decrypt(content.pointer, nil, nil, nil, nil, flags) == 1 else {
            throw .damaged(what: what, reason: LibcryptoErrors.take())
        }
        guard CMS_decrypt_set1_pkey(content.pointer, handle.pointer, nil) == 1 else { throw .notForThisKey }
        LibcryptoErrors.clear()
        let plaintext = ContentHandle.written {
            CMS_decrypt(content.pointer, nil, nil, nil, $0, flags)
        }
        guard let plaintext else {
            throw .damaged(what: what, reason: "its bytes and its authentication tag do not fit")
        }
        return plaintext
    }

    /// Whether `recipient` is one of those that it is sealed to, as it says itself: only opening it proves that.
    public static func isSealed(
        _ der: [UInt8], to recipient: RecoveryCertificate
    ) throws(SealingError) -> Bool {
        let content = try ContentHandle(der: der, what: what)
        try requireEnvelope(content)
        let certificate = try recipient.handle()
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        return openssl_is_recipient(content.pointer, certificate.pointer) == 1
    }

    private static func requireEnvelope(_ content: borrowing ContentHandle) throws(SealingError) {
        guard OBJ_obj2nid(CMS_get0_type(content.pointer)) == NID_id_smime_ct_authEnvelopedData else {
            throw .damaged(what: what, reason: "it is no CMS AuthEnvelopedData")
        }
    }

    private static func add(
        _ recipient: RecoveryCertificate, to content: borrowing ContentHandle
    ) throws(SealingError) {
        let certificate = try recipient.handle()
        guard
            let entry = CMS_add1_recipient_cert(
                content.pointer, certificate.pointer, UInt32(CMS_KEY_PARAM))
        else { throw .failure(of: "CMS_add1_recipient_cert") }
        let settings =
            ReceivingKey.isRSA(X509_get0_pubkey(certificate.pointer))
            ? [("rsa_padding_mode", "oaep"), ("rsa_oaep_md", "sha256")] : [("ecdh_kdf_md", "sha256")]
        let context = CMS_RecipientInfo_get0_pkey_ctx(entry)
        for (name, value) in settings {
            guard EVP_PKEY_CTX_ctrl_str(context, name, value) > 0 else {
                throw .failure(of: "EVP_PKEY_CTX_ctrl_str")
            }
        }
    }
}
