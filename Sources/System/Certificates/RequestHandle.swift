// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// One libcrypto request for a certificate, freed exactly once.
struct RequestHandle: ~Copyable {
    let pointer: OpaquePointer

    /// An empty request, to be filled in.
    init() throws(CertificateError) {
        LibcryptoErrors.clear()
        guard let pointer = X509_REQ_new() else { throw LibcryptoErrors.failure(of: "X509_REQ_new") }
        self.pointer = pointer
    }

    init(pem: String) throws(CertificateError) {
        LibcryptoErrors.clear()
        let read = PEMText.withReader(pem) { PEM_read_bio_X509_REQ($0, nil, nil, nil) }
        guard let read else {
            throw .notPEM(source: "the text", kind: "certificate request", reason: LibcryptoErrors.take())
        }
        pointer = read
    }

    deinit {
        X509_REQ_free(pointer)
    }

    /// Asks for `profile` and for `key`, which signs it.
    func fillAndSign(_ profile: CertificateProfile, key: borrowing PrivateKeyHandle) throws(CertificateError)
    {
        LibcryptoErrors.clear()
        let subject = X509_REQ_get_subject_name(pointer)
        for (field, text) in [("O", profile.organization), ("CN", profile.commonName)] {
            try require(
                "X509_NAME_add_entry_by_txt",
                X509_NAME_add_entry_by_txt(
                    subject, field, MBSTRING_UTF8, Array(text.utf8), Int32(text.utf8.count), -1, 0))
        }
        try require(
            "X509_REQ_add_extensions",
            openssl_request_set_extension(
                pointer, NID_subject_alt_name, profile.subjectAlternativeName ?? ""))
        try require("X509_REQ_set_pubkey", X509_REQ_set_pubkey(pointer, key.pointer))
        try require("X509_REQ_sign", X509_REQ_sign(pointer, key.pointer, EVP_sha256()))
    }

    private func require(_ call: String, _ outcome: Int32) throws(CertificateError) {
        guard outcome > 0 else { throw LibcryptoErrors.failure(of: call) }
    }

    func pem() throws(CertificateError) -> String {
        try PEMText.written("PEM_write_bio_X509_REQ") { PEM_write_bio_X509_REQ($0, pointer) }
    }
}
