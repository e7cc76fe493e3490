// SPDX-License-Identifier: Apache-2.0

import Certificates
import HummingbirdCore
import Logging
import NIOCore

/// A connection of a Hummingbird server with mutual TLS below it.
struct TLSServerChildChannel<Base: ServerChildChannel>: ServerChildChannel {
    /// The connection above TLS, and where the handshake leaves the peer's identity.
    struct Value: ServerChildChannelValue {
        let base: Base.Value
        let peer: PeerSlot

        /// The connection's channel.
        var channel: any Channel { base.channel }
    }

    private let base: Base
    private let context: TLSServerContext
    private let limits: TLSLimits
    private let gate: ConnectionGate
    private let refusal: @Sendable (PeerName, Int) -> [UInt8]

    /// Puts TLS below `base`.
    init(
        _ base: Base, context: TLSServerContext, limits: TLSLimits, gate: ConnectionGate,
        refusal: @escaping @Sendable (PeerName, Int) -> [UInt8]
    ) {
        self.base = base
        self.context = context
        self.limits = limits
        self.gate = gate
        self.refusal = refusal
    }

    /// Puts the TLS handler first into the pipeline, then whatever `base` has.
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let peer = PeerSlot()
        return channel.eventLoop.makeCompletedFuture {
            // Without tickets the server says nothing after the client's Finished: with Nagle 40 ms are lost.
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
            try channel.pipeline.syncOperations.addHandler(
                TLSChannelHandler(
                    context.makeConnection(), peer: peer, peers: context.peers, limits: limits, gate: gate,
                    refusal: refusal,
                    logger: logger))
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }.map { Value(base: $0, peer: peer) }
    }

    /// Serves the connection; `PeerIdentity.current` is its peer in every request.
    func handle(value: Value, logger: Logger) async {
        await PeerIdentity.$connection.withValue(value.peer) {
            await base.handle(value: value.base, logger: logger)
        }
    }
}
