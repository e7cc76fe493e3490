// SPDX-License-Identifier: Apache-2.0

import Certificates
import NIOCore

// How bytes go through libssl, either way.
extension TLSChannelHandler {
    /// Ciphertext that is collected before it is passed down.
    private static let drainByteCount = 65_536

    func shakeHands(_ input: inout ByteBuffer, _ context: ChannelHandlerContext) {
        while input.readableBytes > 0, state.inputUse == .handshake {
            connection.feed(&input)
            switch connection.shakeHands() {
            case .wantsInput:
                if connection.ciphertextByteCount > 0 {
                    passDown(nil, context)
                    context.flush()
                }
            case .finished:
                if let (name, certificate) = connection.peer {
                    peer.fill(
                        PeerIdentity(
                            name: name, notAfter: certificate.notAfter, serial: certificate.serial,
                            commonName: IssuedCertificate(certificate).commonName,
                            remoteAddress: remoteAddress))
                }
                perform(state.handshakeFinished(), context)
                if let (_, certificate) = connection.peer { watch(certificate, context) }
                prove(context)
            case .failed(let reason):
                perform(state.handshakeFailed(reason: reason), context)
            }
        }
    }

    /// Passes on what `input` completes in one piece; only then acts on an end or a failure found behind it.
    func decrypt(_ input: inout ByteBuffer, _ context: ChannelHandlerContext) {
        var plaintext = context.channel.allocator.buffer(capacity: input.readableBytes)
        var last = TLSConnection.Reading.plaintext
        repeat {
            connection.feed(&input)
            repeat {
                last = connection.read(into: &plaintext)
            } while last.isPlaintext
        } while last.wantsInput && input.readableBytes > 0
        if last.wantsInput, connection.ciphertextByteCount > 0 {  // the answer to a KeyUpdate
            passDown(nil, context)
            context.flush()
        }
        if plaintext.readableBytes > 0 {
            hasFired = true
            context.fireChannelRead(wrapInboundOut(plaintext))
        }
        switch last {
        case .plaintext, .wantsInput: break
        case .closeNotify: perform(state.closeNotifyArrived(), context)
        case .failed(let reason): perform(state.streamFailed(reason: reason), context)
        }
    }

    /// Encrypts everything up to the mark. Small neighbours without a promise share a write.
    func sendQueue(_ context: ChannelHandlerContext) {
        guard !isSending else { return }
        isSending = true
        var failure: String?
        while failure == nil, queue.hasMark, let (bytes, promise) = queue.popFirst() {
            var bytes = bytes
            while failure == nil, bytes.readableBytes > 0 {
                failure = connection.write(&bytes)
                if failure == nil, connection.ciphertextByteCount >= Self.drainByteCount {
                    passDown(nil, context)
                }
            }
            if let failure {
                promise?.fail(TLSError.broken(reason: failure))
            } else if let promise {
                passDown(promise, context)
            }
        }
        if failure == nil, connection.ciphertextByteCount > 0 {
            passDown(nil, context)
        }
        isSending = false
        context.flush()
        if let failure {
            perform(state.streamFailed(reason: failure), context)
        }
    }

    func passDown(_ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(connection.takeCiphertext(context.channel.allocator)), promise: promise)
    }
}

extension TLSConnection.Reading {
    fileprivate var isPlaintext: Bool {
        if case .plaintext = self { true } else { false }
    }

    fileprivate var wantsInput: Bool {
        if case .wantsInput = self { true } else { false }
    }
}
