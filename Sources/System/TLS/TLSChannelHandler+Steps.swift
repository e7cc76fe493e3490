// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

// How the steps that the state asks for are carried out.
extension TLSChannelHandler {
    /// For whoever speaks HTTP to the port: an administrator with a typing error, as a rule.
    private static let plainHTTPAnswer: String = {
        let text = "this port speaks HTTPS, and asks for a certificate of its cluster\n"
        return """
            HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r
            Content-Length: \(text.utf8.count)\r\n\r\n\(text)
            """
    }()

    func activate(_ context: ChannelHandlerContext) {
        if let address = context.channel.remoteAddress {
            remoteHost = address.ipAddress ?? "\(address)"
            remoteAddress = "\(remoteHost):\(address.port ?? 0)"
        }
        perform(state.channelActive(), context)
        arrive(context)
    }

    private func sendLastBytes(_ context: ChannelHandlerContext) {
        connection.sayGoodbye()
        let written = context.eventLoop.makePromise(of: Void.self)
        if connection.isPlainHTTP {
            let answer = context.channel.allocator.buffer(string: Self.plainHTTPAnswer)
            context.write(wrapOutboundOut(answer), promise: written)
        } else {
            passDown(written, context)
        }
        context.flush()
        written.futureResult.assumeIsolated().whenComplete { outcome in
            let isSuccess = (try? outcome.get()) != nil
            self.perform(self.state.lastBytesWritten(isSuccess: isSuccess), context)
        }
    }

    func perform(_ steps: [TLSHandlerState.Step], _ context: ChannelHandlerContext) {
        for step in steps {
            switch step {
            case .startTimer(let timer): start(timer, context)
            case .cancelTimer: timer.take()?.cancel()
            case .report(let failure): report(failure)
            case .announceFailure(let failure): announce(failure, context)
            case .announceEndOfInput: announceEndOfInput(context)
            case .sendQueue: sendQueue(context)
            case .failQueue: failQueue()
            case .sendLastBytes: sendLastBytes(context)
            case .closeOutput: context.close(mode: .output, promise: nil)
            case .close: context.close(mode: .all, promise: closePromise.take())
            case .read: context.read()
            }
        }
    }

    private func start(_ kind: TLSHandlerState.Timer, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let limit =
            switch kind {
            case .handshake: limits.handshake
            case .stalledPeer: limits.stalledPeer
            case .lastBytes: limits.lastBytes
            case .linger: limits.linger
            }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) {
            [weak self, weak context] in
            guard let self, let context else { return }
            timer = nil
            perform(state.timerFired(), context)
        }
    }

    private func announce(_ failure: TLSHandlerState.Failure, _ context: ChannelHandlerContext) {
        completeRead(context)
        context.fireErrorCaught(error(of: failure))
    }

    private func announceEndOfInput(_ context: ChannelHandlerContext) {
        completeRead(context)
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// What was passed up so far must have arrived before an end or an error does.
    private func completeRead(_ context: ChannelHandlerContext) {
        guard hasFired else { return }
        hasFired = false
        context.fireChannelReadComplete()
    }

    private func failQueue() {
        while let (_, promise) = queue.popFirst() {
            promise?.fail(ChannelError.ioOnClosedChannel)
        }
    }

    func completeClose() {
        closePromise.take()?.succeed()
    }

    private func error(of failure: TLSHandlerState.Failure) -> TLSError {
        switch failure {
        case .handshake(let reason): .handshakeFailed(reason: reason)
        case .broken(let reason): .broken(reason: reason)
        case .truncated: .truncated
        case .stalled: .stalled(limit: limits.stalledPeer)
        case .unwelcome(let reason): .unwelcome(reason: reason)
        }
    }

    /// A failed handshake is for the administrator, since no route ever sees it, and so is a peer that is let in no longer. The rest
    /// is for who looks closely.
    ///
    /// The peer is named without its port, which is another every time: a log limits what one peer writes.
    private func report(_ failure: TLSHandlerState.Failure) {
        let level: Logger.Level =
            switch failure {
            case .handshake, .unwelcome: .notice
            case .broken, .truncated, .stalled: .debug
            }
        logger.log(level: level, "\(error(of: failure))", metadata: ["peer": "\(remoteHost)"])
    }
}
