// SPDX-License-Identifier: Apache-2.0

import Certificates
import Logging
import NIOCore

// What the connection has to do with the others of its server.
extension TLSChannelHandler {
    func arrive(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        number = gate.arrived(context.channel, from: remoteHost) { reason in
            eventLoop.execute { bound.value.go(reason) }
        }
    }

    /// The handshake is done: a peer that has as many connections as it may have is told so, and this one ends.
    func prove(_ context: ChannelHandlerContext) {
        guard let number, let name = peer.identity?.name,
            !gate.proved(number, context.channel, as: name.uri), state.isOpen
        else { return }
        logger.notice(
            "\(name.uri) has \(gate.limits.perPeer) connections open: another is refused",
            metadata: ["peer": "\(remoteHost)"])
        let body = refusal(name, gate.limits.perPeer)
        let head =
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        var answer = context.channel.allocator.buffer(string: head)
        answer.writeBytes(body)
        queue.append((answer, nil))
        queue.mark()
        perform(state.closeRequested(isWhole: true), context)
    }

    func leave(_ context: ChannelHandlerContext) {
        guard let number = number.take() else { return }
        gate.left(number, context.channel)
    }

    private func go(_ reason: ConnectionGate.Reason) {
        guard let context, state.phase != .closed else { return }
        logger.notice("\(reason.rawValue)", metadata: ["peer": "\(remoteHost)"])
        perform(state.evicted(), context)
    }
}
