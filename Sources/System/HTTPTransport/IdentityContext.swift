// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// A member's certificate, key and authorities as libssl holds them, decoded once for many connections.
///
/// A connection for which libcurl reads the three files costs about as much for that as for its handshake.
/// Ownership: the thread that made it, then the loop's.
final class IdentityContext {
    private let pointer: OpaquePointer

    /// nil: one of the files cannot be used; libcurl reads them then, and says which.
    ///
    /// - Parameter asking: told of each file before it is read. Blocks for as long as they do.
    init?(authority: String, certificate: String, privateKey: String, asking: (String) -> Void = { _ in }) {
        LibcryptoErrors.clear()
        defer { LibcryptoErrors.clear() }
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { return nil }
        SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in -1 }  // nobody is there to type a passphrase
        func reads(_ path: String, _ read: (String) -> Int32) -> Bool {
            asking(path)
            return read(path) == 1
        }
        guard reads(certificate, { SSL_CTX_use_certificate_chain_file(pointer, $0) }),
            reads(privateKey, { SSL_CTX_use_PrivateKey_file(pointer, $0, SSL_FILETYPE_PEM) }),
            reads(authority, { SSL_CTX_load_verify_locations(pointer, $0, nil) })
        else {
            SSL_CTX_free(pointer)
            return nil
        }
        // As libcurl has it for stores that it fills itself.
        X509_STORE_set_flags(
            SSL_CTX_get_cert_store(pointer), UInt(X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN))
        self.pointer = pointer
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    /// Gives all of it to a connection's context.
    func share(with context: OpaquePointer) -> Bool {
        guard
            SSL_CTX_use_cert_and_key(
                context, SSL_CTX_get0_certificate(pointer), SSL_CTX_get0_privatekey(pointer),
                openssl_ctx_chain(pointer), 1) == 1
        else { return false }
        SSL_CTX_set1_cert_store(context, SSL_CTX_get_cert_store(pointer))
        return true
    }
}
