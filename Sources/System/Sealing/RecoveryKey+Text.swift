// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
public import Secret

extension RecoveryKey {
    /// How often PBKDF2 turns: what OWASP asks for with HMAC-SHA-256 (2023). Half a second for whoever knows the passphrase.
    private static let iterations: Int32 = 600_000
    /// libcrypto cuts a longer passphrase silently (`PEM_BUFSIZE`).
    private static let longestPassphrase = 1_000

    /// Reads the one private key of a text: PKCS#8, SEC1 or PKCS#1, behind a passphrase or not; and its certificate, if it is there.
    ///
    /// - Parameters:
    ///   - passphrase: not looked at where the key has none.
    ///   - source: names the text in errors.
    /// - Throws: `SealingError.passphraseNeeded`, `.wrongPassphrase`, `.unusableKey`, `.keyMismatch`, `.unreadable`
    public init(pem: Secret, passphrase: Secret?, source: String) throws(SealingError) {
        guard pem.plaintext.utf8.count <= PEMText.longestByteCount else {
            throw .tooLong(byteCount: pem.plaintext.utf8.count, limit: PEMText.longestByteCount)
        }
        let blocks = PEMBlocks(of: pem.plaintext)
        let keys = blocks.blocks(of: PEMBlocks.privateKeys)
        guard let text = keys.first, keys.count == 1 else {
            let reason = keys.isEmpty ? "there is none" : "there are \(keys.count), and it must be one"
            throw .unreadable(source: source, kind: "private key", reason: reason)
        }
        let key = try Self.opened(text, passphrase: passphrase, source: source)
        if let kind = ReceivingKey.refusal(of: key.pointer) { throw .unusableKey(source: source, kind: kind) }
        guard Self.isPair(key) else {
            throw .unreadable(
                source: source, kind: "private key",
                reason: "its private half is not that of its public half: compare it with the printed sheet")
        }
        do {
            keyPEM = try key.pem()
        } catch {
            throw SealingError(error, source: source, kind: "private key")
        }
        certificate = try Self.certificate(of: key, among: blocks, source: source)
    }

    /// The key as PKCS#8: with a passphrase encrypted with AES-256-CBC by PBKDF2 with HMAC-SHA-256.
    public func pem(passphrase: Secret?) throws(SealingError) -> Secret {
        guard let passphrase else { return keyPEM }
        try Self.check(passphrase)
        let key = try handle()
        LibcryptoErrors.clear()
        let plain = EVP_PKEY2PKCS8(key.pointer)
        defer { PKCS8_PRIV_KEY_INFO_free(plain) }
        let scheme = PKCS5_pbe2_set_iv(
            EVP_aes_256_cbc(), Self.iterations, nil, 0, nil, NID_hmacWithSHA256)
        guard plain != nil, scheme != nil else {
            X509_ALGOR_free(scheme)
            throw .failure(of: "PKCS5_pbe2_set_iv")
        }
        // Takes the scheme over where it succeeds.
        let count = Int32(passphrase.plaintext.utf8.count)
        guard let sealed = PKCS8_set0_pbe(passphrase.plaintext, count, plain, scheme) else {
            X509_ALGOR_free(scheme)
            throw .failure(of: "PKCS8_set0_pbe")
        }
        defer { X509_SIG_free(sealed) }
        do throws(CertificateError) {
            return Secret(try PEMText.written("PEM_write_bio_PKCS8") { PEM_write_bio_PKCS8($0, sealed) })
        } catch {
            throw SealingError(error, source: "the recovery key", kind: "private key")
        }
    }

    /// Whether the text's key is behind a passphrase.
    public static func isLocked(_ pem: Secret) -> Bool {
        PEMBlocks(of: pem.plaintext).blocks(of: PEMBlocks.privateKeys).contains {
            $0.hasPrefix("-----BEGIN ENCRYPTED") || $0.contains("\nProc-Type: 4,ENCRYPTED")
        }
    }

    private static func opened(
        _ text: String, passphrase: Secret?, source: String
    ) throws(SealingError) -> PrivateKeyHandle {
        guard isLocked(Secret(text)) else {
            do {
                return try PrivateKeyHandle(pem: Secret(text), source: source)
            } catch {
                throw SealingError(error, source: source, kind: "private key")
            }
        }
        guard let passphrase else { throw .passphraseNeeded(source: source) }
        try check(passphrase)
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        // Without a callback libcrypto takes the last argument for the passphrase, up to its NUL.
        let read = passphrase.plaintext.withCString { words in
            PEMText.withReader(text) { reader in
                PEM_read_bio_PrivateKey(reader, nil, nil, UnsafeMutableRawPointer(mutating: words))
            }
        }
        guard let read else { throw .wrongPassphrase(source: source) }
        return PrivateKeyHandle(owning: read)
    }

    /// Whether its two halves belong together. A text has both, and libcrypto compares keys by the public one alone: one letter that was
    /// mistyped in the private half shows nowhere else before something is to be opened.
    private static func isPair(_ key: borrowing PrivateKeyHandle) -> Bool {
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        let context = EVP_PKEY_CTX_new(key.pointer, nil)
        defer { EVP_PKEY_CTX_free(context) }
        return EVP_PKEY_pairwise_check(context) == 1
    }

    private static func check(_ passphrase: Secret) throws(SealingError) {
        let bytes = passphrase.plaintext.utf8
        guard !bytes.isEmpty else { throw .unusablePassphrase(reason: "it is empty") }
        guard bytes.count <= longestPassphrase else {
            throw .unusablePassphrase(reason: "it has more than \(longestPassphrase) bytes")
        }
        guard !bytes.contains(0) else { throw .unusablePassphrase(reason: "it holds a NUL") }
    }

    private static func certificate(
        of key: borrowing PrivateKeyHandle, among blocks: PEMBlocks, source: String
    ) throws(SealingError) -> RecoveryCertificate? {
        let texts = blocks.blocks(of: ["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"])
        for text in texts {
            // Others may stand there that nothing can be sealed to, such as an authority's.
            guard let other = try? X509Handle(pem: text, source: source),
                EVP_PKEY_eq(key.pointer, X509_get0_pubkey(other.pointer)) == 1
            else { continue }
            return try RecoveryCertificate(pem: text, source: "the certificate in \(source)")
        }
        guard texts.isEmpty else { throw .keyMismatch(source: source) }
        return nil
    }
}
