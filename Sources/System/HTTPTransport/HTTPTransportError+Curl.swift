// SPDX-License-Identifier: Apache-2.0

import CCurl

extension HTTPTransportError {
    /// What libcurl's code means for `transfer`, which still has its handle; nil for success.
    init?(_ code: CURLcode, of transfer: Transfer) {
        guard code != CURLE_OK else { return nil }
        if let failure = transfer.failure {
            self = failure
            return
        }
        let url = transfer.request.url
        let spoken = transfer.easy?.message ?? ""
        let text = spoken.isEmpty ? String(cString: curl_easy_strerror(code)) : spoken
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            self = .nameNotResolved(url: url, text: text)
        case CURLE_COULDNT_CONNECT:
            self = .connectionRefused(url: url, text: text)
        case CURLE_OPERATION_TIMEDOUT:
            let isConnected = transfer.easy?.isConnected ?? false
            self = isConnected ? .timedOut(url: url, text: text) : .connectTimeout(url: url, text: text)
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
            CURLE_SSL_CONNECT_ERROR:
            self = Self.broken(code, url: url, received: transfer.receivedByteCount, text: text)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            self = .malformed(url: url, text: text)
        case CURLE_PEER_FAILED_VERIFICATION:
            self = .tlsPeerUntrusted(url: url, text: text)
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS:
            self = .tls(url: url, text: text)
        default:
            self = .other(url: url, code: Int(code.rawValue), text: text)
        }
    }

    /// A connection that ended early: by the network, or by a peer that said why in a TLS alert.
    ///
    /// In TLS 1.3 the server judges our certificate after its own handshake is done, so the alert comes as a
    /// receive error (56), not as a connect error (35).
    private static func broken(
        _ code: CURLcode, url: String, received: Int, text: String
    ) -> HTTPTransportError {
        if text.contains("alert") { return .tlsPeerRefused(url: url, text: text) }
        let isNetwork = ["SSL_ERROR_SYSCALL", "reset by peer", "unexpected eof"].contains {
            text.contains($0)
        }
        if code == CURLE_SSL_CONNECT_ERROR, !isNetwork { return .tls(url: url, text: text) }
        return .cut(url: url, received: received, text: text)
    }
}
