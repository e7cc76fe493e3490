// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Secret

/// One libcrypto private key, freed (and wiped, by libcrypto) exactly once.
struct PrivateKeyHandle: ~Copyable {
    let pointer: OpaquePointer

    /// A new key on the curve P-256.
    init() throws(CertificateError) {
        LibcryptoErrors.clear()
        guard let pointer = openssl_generate_p256_key() else {
            throw LibcryptoErrors.failure(of: "EVP_EC_gen")
        }
        self.pointer = pointer
    }

    /// The first private key of `pem`. A key behind a passphrase is refused: nobody is there to be asked.
    init(pem: Secret, source: String) throws(CertificateError) {
        LibcryptoErrors.clear()
        let read = PEMText.withReader(pem.plaintext) { reader in
            PEM_read_bio_PrivateKey(reader, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let read else {
            throw .notPEM(source: source, kind: "private key", reason: LibcryptoErrors.take())
        }
        pointer = read
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// PKCS#8, not encrypted.
    func pem() throws(CertificateError) -> Secret {
        Secret(
            try PEMText.written("PEM_write_bio_PKCS8PrivateKey") {
                PEM_write_bio_PKCS8PrivateKey($0, pointer, nil, nil, 0, nil, nil)
            })
    }
}
