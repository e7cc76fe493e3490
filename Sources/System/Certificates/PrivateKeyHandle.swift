// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Secret

/// One libcrypto private key, freed (and wiped, by libcrypto) exactly once.
package struct PrivateKeyHandle: ~Copyable {
    package let pointer: OpaquePointer

    /// A new key on the curve P-256.
    package init() throws(CertificateError) {
        LibcryptoErrors.clear()
        guard let pointer = openssl_generate_p256_key() else {
            throw LibcryptoErrors.failure(of: "EVP_EC_gen")
        }
        self.pointer = pointer
    }

    /// The first private key of `pem`. A key behind a passphrase is refused: nobody is there to be asked.
    package init(pem: Secret, source: String) throws(CertificateError) {
        LibcryptoErrors.clear()
        let read = PEMText.withReader(pem.plaintext) { reader in
            PEM_read_bio_PrivateKey(reader, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let read else {
            throw .notPEM(source: source, kind: "private key", reason: LibcryptoErrors.take())
        }
        pointer = read
    }

    /// Takes over a key of libcrypto's (`EVP_PKEY *`).
    package init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// PKCS#8, not encrypted.
    package func pem() throws(CertificateError) -> Secret {
        Secret(
            try PEMText.written("PEM_write_bio_PKCS8PrivateKey") {
                PEM_write_bio_PKCS8PrivateKey($0, pointer, nil, nil, 0, nil, nil)
            })
    }
}
