// SPDX-License-Identifier: Apache-2.0

public import Certificates
public import HummingbirdCore
import NIOCore

extension HTTPServerBuilder {
    /// Longest header field of a request, all of its header fields, and their number.
    private static var decoder: HTTP1Channel.Configuration.DecoderConfiguration {
        HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: 8_192, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100)
    }

    /// An HTTP/1.1 server over TLS that asks every client for a certificate of the cluster.
    ///
    /// - Parameters:
    ///   - connections: how many there may be.
    ///   - refusal: the JSON body for a peer that has as many as it may have.
    public static func mutualTLS(
        _ context: TLSServerContext,
        connections: ConnectionLimits = ConnectionLimits(),
        refusal: @escaping @Sendable (_ peer: PeerName, _ limit: Int) -> [UInt8] = { _, _ in [] }
    ) -> HTTPServerBuilder {
        mutualTLS(context, limits: TLSLimits(), connections: connections, refusal: refusal)
    }

    static func mutualTLS(
        _ context: TLSServerContext, limits: TLSLimits,
        connections: ConnectionLimits = ConnectionLimits(),
        refusal: @escaping @Sendable (_ peer: PeerName, _ limit: Int) -> [UInt8] = { _, _ in [] }
    ) -> HTTPServerBuilder {
        let gate = ConnectionGate(connections, idle: limits.idle)
        return HTTPServerBuilder { responder in
            let watched: HTTPChannelHandler.Responder = { request, writer, channel in
                gate.began(channel)
                defer { gate.ended(channel) }
                try await responder(request, writer, channel)
            }
            let configuration = HTTP1Channel.Configuration(
                idleTimeout: TimeAmount(limits.idle), httpDecoderConfiguration: decoder)
            return TLSServerChildChannel(
                HTTP1Channel(responder: watched, configuration: configuration), context: context,
                limits: limits, gate: gate, refusal: refusal)
        }
    }
}
