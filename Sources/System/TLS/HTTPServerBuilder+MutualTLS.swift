// SPDX-License-Identifier: Apache-2.0

public import HummingbirdCore
import NIOCore

extension HTTPServerBuilder {
    /// Longest header field of a request, all of its header fields, and their number.
    private static var decoder: HTTP1Channel.Configuration.DecoderConfiguration {
        HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: 8_192, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100)
    }

    /// An HTTP/1.1 server over TLS that asks every client for a certificate of the cluster.
    public static func mutualTLS(_ context: TLSServerContext) -> HTTPServerBuilder {
        mutualTLS(context, limits: TLSLimits())
    }

    static func mutualTLS(_ context: TLSServerContext, limits: TLSLimits) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let configuration = HTTP1Channel.Configuration(
                idleTimeout: TimeAmount(limits.idle), httpDecoderConfiguration: decoder)
            return TLSServerChildChannel(
                HTTP1Channel(responder: responder, configuration: configuration), context: context,
                limits: limits)
        }
    }
}
