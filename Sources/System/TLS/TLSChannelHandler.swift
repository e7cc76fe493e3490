// SPDX-License-Identifier: Apache-2.0

import Certificates
import Logging
import NIOCore

/// Ciphertext below, plaintext above: carries out what ``TLSHandlerState`` says, with libssl's bytes.
///
/// Holds no plaintext back in either direction. What comes in is decrypted and passed on at once, so back-pressure
/// stays with the reads of the socket; what is flushed is encrypted and passed down at once, so it counts in the
/// channel's own writability.
final class TLSChannelHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let connection: TLSConnection
    let peer: PeerSlot
    let peers: AdmittedPeers
    let limits: TLSLimits
    let gate: ConnectionGate
    /// What is said to a peer that has too many connections.
    let refusal: @Sendable (PeerName, Int) -> [UInt8]
    let logger: Logger

    var state = TLSHandlerState()
    var queue = MarkedCircularBuffer<(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)>(
        initialCapacity: 4)
    var closePromise: EventLoopPromise<Void>?
    var timer: Scheduled<Void>?
    var expiry: Scheduled<Void>?
    var admission: AdmittedPeers.Admission?
    var hasFired = false
    var isSending = false
    var remoteAddress = "unknown"
    var remoteHost = "unknown"
    /// The connection's number at the gate.
    var number: Int?
    var context: ChannelHandlerContext?

    init(
        _ connection: TLSConnection, peer: PeerSlot, peers: AdmittedPeers, limits: TLSLimits,
        gate: ConnectionGate,
        refusal: @escaping @Sendable (PeerName, Int) -> [UInt8], logger: Logger
    ) {
        self.connection = connection
        self.peer = peer
        self.peers = peers
        self.limits = limits
        self.gate = gate
        self.refusal = refusal
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard context.channel.isActive else { return }
        activate(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        endWatch()
        perform(state.channelInactive(), context)
        completeClose()
        leave(context)
        self.context = nil
    }

    // MARK: Inbound

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        activate(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = unwrapInboundIn(data)
        if state.inputUse == .handshake {
            shakeHands(&input, context)
        }
        if state.inputUse == .decrypt {
            decrypt(&input, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let isAutomatic = (try? context.channel.syncOptions?.getOption(.autoRead)) ?? true
        let next = state.readCompleted(hasFired: hasFired, isAutomatic: isAutomatic)
        hasFired = false
        if next.tellsAbove {
            context.fireChannelReadComplete()
        }
        if next.reads {
            context.read()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        perform(state.finArrived(), context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        perform(state.writabilityChanged(isWritable: context.channel.isWritable), context)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        endWatch()
        perform(state.channelInactive(), context)
        completeClose()
        leave(context)
        context.fireChannelInactive()
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard state.acceptsWrites else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        queue.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) {
        queue.mark()
        if state.isOpen {
            sendQueue(context)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode != .input else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        guard state.phase != .closed else {
            context.close(mode: mode, promise: promise)
            return
        }
        closePromise.setOrCascade(to: promise)
        perform(state.closeRequested(isWhole: mode == .all), context)
    }
}
