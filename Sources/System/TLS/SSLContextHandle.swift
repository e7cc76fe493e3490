// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates

/// One `SSL_CTX`, whole and never changed after it is made, freed when the last connection lets go of it.
///
/// `@unchecked Sendable`: libssl counts references to it under a lock of its own, and `SSL_new`, the only call that
/// comes after `init`, may be made from any thread.
final class SSLContextHandle: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// What the server's certificate says.
    let certificate: CertificateFacts

    /// Whom it believes; nil where something else stands in the file besides.
    let authorities: AuthorityBundle?

    init(_ files: TLSFiles) throws(TLSError) {
        LibcryptoErrors.clear()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw Self.failure("SSL_CTX_new") }
        do throws(TLSError) {
            try Self.configure(pointer)
            try Self.load(files, into: pointer)
            certificate = try Self.facts(of: pointer, path: files.certificate)
            authorities = try? AuthorityBundle(contentsOf: files.authority)
        } catch {
            SSL_CTX_free(pointer)
            throw error
        }
        self.pointer = pointer
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    func makeSSL() throws(TLSError) -> OpaquePointer {
        LibcryptoErrors.clear()
        guard let ssl = SSL_new(pointer) else { throw Self.failure("SSL_new") }
        return ssl
    }

    /// Resumption stays off: a resumed session skips the check of the chain and of the dates, and a ticket alone,
    /// without any certificate, was let in (seen).
    private static func configure(_ context: OpaquePointer) throws(TLSError) {
        guard openssl_ctx_set_tls13_only(context) == 1 else { throw failure("SSL_CTX_set_min_proto_version") }
        openssl_ctx_disable_resumption(context)
        openssl_ctx_release_idle_buffers(context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, peerVerification)
        SSL_CTX_set_alpn_select_cb(context, protocolSelection, nil)
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }  // nobody is there to type a passphrase
    }

    private static func load(_ files: TLSFiles, into context: OpaquePointer) throws(TLSError) {
        for path in [files.authority, files.certificate, files.privateKey] {
            try requireReadable(path)
        }
        LibcryptoErrors.clear()
        guard SSL_CTX_load_verify_locations(context, files.authority, nil) == 1 else {
            throw .unusable(what: "authority", path: files.authority, reason: LibcryptoErrors.take())
        }
        LibcryptoErrors.clear()
        guard SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
            throw .unusable(what: "certificate", path: files.certificate, reason: LibcryptoErrors.take())
        }
        LibcryptoErrors.clear()
        guard SSL_CTX_use_PrivateKey_file(context, files.privateKey, SSL_FILETYPE_PEM) == 1 else {
            guard !LibcryptoErrors.isKeyMismatch else {
                throw .keyMismatch(certificate: files.certificate, privateKey: files.privateKey)
            }
            throw .unusable(what: "private key", path: files.privateKey, reason: LibcryptoErrors.take())
        }
    }

    private static func requireReadable(_ path: String) throws(TLSError) {
        do {
            _ = try PEMText.read(path)
        } catch {
            guard case .unreadable(let path, let reason) = error else { return }
            throw .unreadable(path: path, reason: reason)
        }
    }

    private static func facts(of context: OpaquePointer, path: String) throws(TLSError) -> CertificateFacts {
        guard let certificate = SSL_CTX_get0_certificate(context),
            let facts = try? CertificateFacts(borrowing: certificate)
        else { throw .unusable(what: "certificate", path: path, reason: LibcryptoErrors.take()) }
        return facts
    }

    private static func failure(_ call: String) -> TLSError {
        .libssl(call: call, reason: LibcryptoErrors.take())
    }
}

/// Chooses `http/1.1` where the client offers it; a client that offers only others goes on without.
private func protocolSelection(
    ssl: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    chosenCount: UnsafeMutablePointer<UInt8>?, offered: UnsafePointer<UInt8>?, offeredCount: UInt32,
    argument: UnsafeMutableRawPointer?
) -> Int32 {
    let offers = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    var index = 0
    while index < offers.count {
        let name = (index + 1)..<min(index + 1 + Int(offers[index]), offers.count)
        if offers[name].elementsEqual("http/1.1".utf8) {
            chosen?.pointee = offered?.advanced(by: name.lowerBound)
            chosenCount?.pointee = UInt8(name.count)
            return SSL_TLSEXT_ERR_OK
        }
        index = name.upperBound
    }
    return SSL_TLSEXT_ERR_NOACK
}
