// SPDX-License-Identifier: Apache-2.0

import CCurl

extension HTTPTransportError {
    /// What libcurl's code means where a proxy stands on the way and did not make one; nil: the proxy did its part.
    static func ofProxy(_ code: CURLcode, of transfer: Transfer, text: String) -> HTTPTransportError? {
        guard let proxy = transfer.request.proxy, let easy = transfer.easy, !easy.isConnected else {
            return nil
        }
        let status = easy.tunnelStatus
        func failed(_ reason: String, isPassing: Bool = true) -> HTTPTransportError {
            .proxyFailed(proxy: proxy.label, reason: reason, isPassing: isPassing)
        }
        if status >= 300 { return failed("it \(refusal(status))", isPassing: isPassing(status)) }
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY: return failed("its host cannot be resolved: \(text)")
        case CURLE_COULDNT_CONNECT: return failed("it cannot be reached: \(text)")
        case CURLE_OPERATION_TIMEDOUT where status == 0: return failed("it did not answer in time: \(text)")
        case CURLE_PROXY: return failed(text)
        case CURLE_PEER_FAILED_VERIFICATION where status == 0:
            return failed("its certificate is not trusted: \(text)", isPassing: false)
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_SSL_CONNECT_ERROR,
            CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL:
            guard status == 0, transfer.request.url.hasPrefix("https:") else { return nil }
            return failed("it ended the connection before there was a way through: \(text)")
        default: return nil
        }
    }

    /// Of a request that a proxy answers instead of passing it on.
    public static func proxyAsksForLogin(_ proxy: HTTPProxy) -> HTTPTransportError {
        .proxyFailed(proxy: proxy.label, reason: "it \(refusal(407))", isPassing: false)
    }

    private static func refusal(_ status: Int) -> String {
        status == 407
            ? "asks for a user and a password (status 407)" : "refused the way through with status \(status)"
    }

    /// As of any HTTP server: it or the way behind it is at fault for now, or it does not want to.
    private static func isPassing(_ status: Int) -> Bool {
        status >= 500 && status != 501 || status == 408 || status == 429
    }
}
