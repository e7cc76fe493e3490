// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// One libcrypto revocation list (`X509_CRL`), freed exactly once.
struct RevocationListHandle: ~Copyable {
    let pointer: OpaquePointer

    /// An empty list, to be filled in.
    init() throws(CertificateError) {
        guard let pointer = X509_CRL_new() else { throw LibcryptoErrors.failure(of: "X509_CRL_new") }
        self.pointer = pointer
    }

    /// The first list of `pem`.
    init(pem: String) throws(CertificateError) {
        LibcryptoErrors.clear()
        let read = PEMText.withReader(pem) { PEM_read_bio_X509_CRL($0, nil, nil, nil) }
        guard let read else { throw .unusableList(reason: LibcryptoErrors.take()) }
        pointer = read
    }

    deinit {
        X509_CRL_free(pointer)
    }

    func pem() throws(CertificateError) -> String {
        try PEMText.written("PEM_write_bio_X509_CRL") { PEM_write_bio_X509_CRL($0, pointer) }
    }

    /// Whether the key of `authority` has signed it.
    func isSigned(by authority: borrowing X509Handle) -> Bool {
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        guard let key = X509_get0_pubkey(authority.pointer) else { return false }
        return X509_CRL_verify(pointer, key) == 1
    }

    /// The extension "CRL number" (RFC 5280, 5.2.3); nil where it has none, or one that is no number of ours.
    var number: Int64? {
        guard let decoded = X509_CRL_get_ext_d2i(pointer, NID_crl_number, nil, nil) else { return nil }
        let integer = decoded.assumingMemoryBound(to: ASN1_INTEGER.self)
        defer { ASN1_INTEGER_free(integer) }
        var number: Int64 = 0
        guard ASN1_INTEGER_get_int64(&number, integer) == 1, RevocationList.numbers.contains(number) else {
            return nil
        }
        return number
    }

    var entries: [RevocationList.Entry] {
        (0..<openssl_revoked_count(pointer)).map { index in
            let revoked = openssl_revoked(pointer, index)
            return RevocationList.Entry(
                serial: CertificateFacts.hexadecimal(X509_REVOKED_get0_serialNumber(revoked)),
                revokedAt: CertificateFacts.seconds(X509_REVOKED_get0_revocationDate(revoked)))
        }
    }
}
