// SPDX-License-Identifier: Apache-2.0

import Certificates
import Glibc
import NIOCore

// The end of a connection with the certificate that began it.
extension TLSChannelHandler {
    /// How often the clock is looked at, at most: a node's may be set, forward or back.
    private static let longestExpirySeconds: Int64 = 60

    /// Has the connection end when the peer's certificate expires or is revoked.
    func watch(_ certificate: CertificateFacts, _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let serial = certificate.serial
        admission = peers.admit(serial) {
            loop.execute {
                let (handler, context) = bound.value
                handler.end("the peer's certificate with serial \(serial) is revoked", context)
            }
        }
        awaitExpiry(certificate.notAfter, context)
    }

    func endWatch() {
        expiry.take()?.cancel()
        if let admission = admission.take() { peers.remove(admission) }
    }

    private func awaitExpiry(_ notAfter: Int64, _ context: ChannelHandlerContext) {
        let left = notAfter + 1 - Int64(time(nil))
        guard left > 0 else { return end("the peer's certificate has expired", context) }
        let wait = min(left, Self.longestExpirySeconds)
        expiry = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(wait)) {
            [weak self, weak context] in
            guard let self, let context else { return }
            awaitExpiry(notAfter, context)
        }
    }

    private func end(_ reason: String, _ context: ChannelHandlerContext) {
        guard admission != nil else { return }  // gone already
        perform(state.peerBecameUnwelcome(reason: reason), context)
    }
}
