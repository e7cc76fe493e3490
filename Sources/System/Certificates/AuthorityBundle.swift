// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The authorities of one file (`ca.pem`): one, or old and new side by side while the old one is replaced.
public struct AuthorityBundle: Sendable, Hashable {
    /// At least one, in the file's order.
    public let authorities: [CertificateFacts]

    /// More than these have no use, and each handshake would look at them.
    private static let greatestCount = 16

    /// What a certificate is shown for.
    public enum Use: Sendable {
        case server
        case client
    }

    /// Reads every certificate of the text; each must be an authority's.
    ///
    /// - Parameter source: names the text in errors.
    public init(pem: String, source: String) throws(CertificateError) {
        var found: [CertificateFacts] = []
        var fault: CertificateError?
        PEMText.withReader(pem) { reader in
            LibcryptoErrors.clear()
            while fault == nil, found.count <= Self.greatestCount,
                let pointer = PEM_read_bio_X509(reader, nil, nil, nil)
            {
                defer { X509_free(pointer) }
                do throws(CertificateError) {
                    found.append(try CertificateFacts(borrowing: pointer))
                } catch {
                    fault = error
                }
            }
        }
        let reason = LibcryptoErrors.take()
        if let fault { throw fault }
        guard !found.isEmpty else { throw .notPEM(source: source, kind: "certificate", reason: reason) }
        guard found.count <= Self.greatestCount else {
            throw .notPEM(
                source: source, kind: "set of certificates", reason: "more than \(Self.greatestCount) of them"
            )
        }
        if let other = found.first(where: { !$0.isAuthority }) {
            throw .notAnAuthority(subject: other.subject)
        }
        authorities = found
    }

    /// Reads a file.
    public init(contentsOf path: String) throws(CertificateError) {
        try self.init(pem: PEMText.read(path), source: "'\(path)'")
    }

    /// Which of them signed it; nil: none.
    public func issuer(of certificate: CertificateFacts) -> CertificateFacts? {
        authorities.filter(certificate.isIssued).max { $0.notAfter < $1.notAfter }
    }

    /// Every one in PEM.
    public func pem() throws(CertificateError) -> String {
        var text = ""
        for authority in authorities { text += try authority.pem() }
        return text
    }

    /// Why a peer that believes these authorities would refuse the certificate now, in libcrypto's words; nil: it would not.
    public func refusal(of certificate: CertificateFacts, as use: Use) throws(CertificateError) -> String? {
        let leaf = try X509Handle(der: certificate.der)
        guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new() else {
            throw LibcryptoErrors.failure(of: "X509_STORE_new")
        }
        defer {
            X509_STORE_CTX_free(context)
            X509_STORE_free(store)
        }
        for authority in authorities {
            let handle = try X509Handle(der: authority.der)
            X509_STORE_add_cert(store, handle.pointer)
        }
        guard X509_STORE_CTX_init(context, store, leaf.pointer, nil) == 1 else {
            throw LibcryptoErrors.failure(of: "X509_STORE_CTX_init")
        }
        X509_STORE_CTX_set_purpose(
            context, use == .server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT)
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        guard X509_verify_cert(context) != 1 else { return nil }
        return String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(context))))
    }
}
