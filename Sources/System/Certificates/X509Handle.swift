// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// One libcrypto certificate, freed exactly once.
package struct X509Handle: ~Copyable {
    package let pointer: OpaquePointer

    /// An empty certificate, to be filled in.
    package init() throws(CertificateError) {
        guard let pointer = X509_new() else { throw LibcryptoErrors.failure(of: "X509_new") }
        self.pointer = pointer
    }

    /// The first certificate of `pem`; `source` names the text in errors.
    package init(pem: String, source: String) throws(CertificateError) {
        LibcryptoErrors.clear()
        let read = PEMText.withReader(pem) { PEM_read_bio_X509($0, nil, nil, nil) }
        guard let read else {
            throw .notPEM(source: source, kind: "certificate", reason: LibcryptoErrors.take())
        }
        pointer = read
    }

    /// The certificate that these bytes encode.
    init(der: [UInt8]) throws(CertificateError) {
        LibcryptoErrors.clear()
        let read = der.withUnsafeBufferPointer { bytes in
            var cursor = bytes.baseAddress
            return d2i_X509(nil, &cursor, bytes.count)
        }
        guard let read else { throw LibcryptoErrors.failure(of: "d2i_X509") }
        pointer = read
    }

    deinit {
        X509_free(pointer)
    }

    package func pem() throws(CertificateError) -> String {
        try PEMText.written("PEM_write_bio_X509") { PEM_write_bio_X509($0, pointer) }
    }
}
