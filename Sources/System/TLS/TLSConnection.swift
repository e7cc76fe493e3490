// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
import NIOCore

/// The server's end of one TLS connection: libssl between two buffers in memory, no socket.
///
/// Bytes from the peer go in by `feed`, bytes for the peer come out by `takeCiphertext`. Owned by one event loop,
/// on which every call is made, and freed with its libssl object. After a failure only `takeCiphertext` is of use.
final class TLSConnection {
    enum Handshake {
        case wantsInput
        case finished
        case failed(reason: String)
    }

    enum Reading {
        case plaintext
        case wantsInput
        case closeNotify
        case failed(reason: String)
    }

    /// Most that libssl is given or asked for at once: one TLS record. Its buffers grow with the largest and never
    /// shrink.
    static let sliceByteCount = 16_384

    /// Why the verification of the peer's certificate failed. Set by `peerVerification`.
    var refusal: String?

    /// Who the peer is, and its certificate. Of worth only once the handshake has finished.
    private(set) var peer: (name: PeerName, certificate: CertificateFacts)?

    /// Whether the peer speaks HTTP without TLS.
    private(set) var isPlainHTTP = false

    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    private let cluster: String
    private let peers: AdmittedPeers
    private var hasFailed = false

    init(_ context: SSLContextHandle, cluster: String, peers: AdmittedPeers) throws(TLSError) {
        self.cluster = cluster
        self.peers = peers
        ssl = try context.makeSSL()
        guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
            SSL_free(ssl)
            throw .libssl(call: "BIO_new", reason: LibcryptoErrors.take())
        }
        self.input = input
        self.output = output
        SSL_set_bio(ssl, input, output)  // which owns both from now on
        SSL_set_accept_state(ssl)
        _ = openssl_set_owner(ssl, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        SSL_free(ssl)
    }

    /// Takes up to a slice of what the peer sent off the front of `bytes`.
    func feed(_ bytes: inout ByteBuffer) {
        bytes.readWithUnsafeReadableBytes { readable in
            let slice = readable.prefix(Self.sliceByteCount)
            guard !slice.isEmpty else { return 0 }
            return max(
                0,
                Int(BIO_write(input, UnsafeRawBufferPointer(rebasing: slice).baseAddress, Int32(slice.count)))
            )
        }
    }

    /// Goes on with the handshake, as far as the input allows.
    func shakeHands() -> Handshake {
        LibcryptoErrors.clear()
        let outcome = SSL_do_handshake(ssl)
        guard outcome != 1 else {
            guard peer != nil, SSL_get_verify_result(ssl) == Int(X509_V_OK) else {
                return .failed(reason: fail("the peer has no name"))
            }
            return .finished
        }
        guard SSL_get_error(ssl, outcome) != SSL_ERROR_WANT_READ else { return .wantsInput }
        isPlainHTTP = LibcryptoErrors.isPlainHTTP
        return .failed(reason: fail(refusal))
    }

    /// Appends up to a slice of the peer's plaintext to `buffer`.
    func read(into buffer: inout ByteBuffer) -> Reading {
        LibcryptoErrors.clear()
        var outcome: Int32 = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.sliceByteCount) { free in
            outcome = SSL_read(ssl, free.baseAddress, Int32(min(free.count, Self.sliceByteCount)))
            return max(0, Int(outcome))
        }
        guard outcome <= 0 else { return .plaintext }
        switch SSL_get_error(ssl, outcome) {
        case SSL_ERROR_WANT_READ: return .wantsInput
        case SSL_ERROR_ZERO_RETURN: return .closeNotify
        default: return .failed(reason: fail(nil))
        }
    }

    /// Encrypts up to a slice off the front of `bytes`, which must not be empty. Returns the reason of a failure.
    func write(_ bytes: inout ByteBuffer) -> String? {
        LibcryptoErrors.clear()
        var isWritten = false
        bytes.readWithUnsafeReadableBytes { readable in
            let slice = readable.prefix(Self.sliceByteCount)
            let count = SSL_write(
                ssl, UnsafeRawBufferPointer(rebasing: slice).baseAddress, Int32(slice.count))
            isWritten = count == slice.count
            return max(0, Int(count))
        }
        return isWritten ? nil : fail(nil)
    }

    /// Makes a close_notify, unless a failure has made its alert already.
    func sayGoodbye() {
        guard !hasFailed else { return }
        LibcryptoErrors.clear()
        _ = SSL_shutdown(ssl)
    }

    /// Bytes that `takeCiphertext` would give.
    var ciphertextByteCount: Int { BIO_ctrl_pending(output) }

    /// What must go to the peer.
    func takeCiphertext(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        let count = ciphertextByteCount
        var buffer = allocator.buffer(capacity: count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { free in
            max(0, Int(BIO_read(output, free.baseAddress, Int32(clamping: count))))
        }
        return buffer
    }

    /// Notes who the peer is, if its certificate names a peer of our cluster and is not revoked.
    func admit(_ certificate: CertificateFacts) throws(CertificateError) {
        let name = try certificate.peerName
        guard name.cluster == cluster else { throw .otherCluster(name: name, expected: cluster) }
        guard !peers.isRevoked(certificate.serial) else { throw .revoked(serial: certificate.serial) }
        peer = (name, certificate)
    }

    private func fail(_ reason: String?) -> String {
        hasFailed = true
        peer = nil
        return reason ?? LibcryptoErrors.take()
    }
}
