// SPDX-License-Identifier: Apache-2.0

import CCurl

extension HTTPTransportError {
    /// What libcurl's code means for `transfer`, which still has its handle; nil for success.
    init?(_ code: CURLcode, of transfer: Transfer) {
        if code == CURLE_OK {
            if transfer.hasWholeHead { return nil }
            self = .cut(
                url: transfer.request.url, received: 0, text: "the answer's head ended in the middle")
            return
        }
        if let failure = transfer.failure {
            self = failure
            return
        }
        let spoken = transfer.easy?.message ?? ""
        let text = spoken.isEmpty ? String(cString: curl_easy_strerror(code)) : spoken
        if let shortage = Self.shortage(code, of: transfer, text: text) {
            self = shortage
            return
        }
        if let ofProxy = Self.ofProxy(code, of: transfer, text: text) {
            self = ofProxy
            return
        }
        self.init(
            curlCode: code.rawValue, url: transfer.request.url, received: transfer.receivedByteCount,
            isConnected: transfer.easy?.isConnected ?? false, text: text)
    }

    /// The one table of libcurl's codes. What it does not list is a connection that was lost: the harmless case, tried again.
    init(curlCode code: UInt32, url: String, received: Int, isConnected: Bool, text: String) {
        switch CURLcode(rawValue: code) {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            self = .nameNotResolved(url: url, text: text)
        case CURLE_COULDNT_CONNECT:
            self = .connectionRefused(url: url, text: text)
        case CURLE_OPERATION_TIMEDOUT:
            self = isConnected ? .timedOut(url: url, text: text) : .connectTimeout(url: url, text: text)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            self = .malformed(url: url, text: text)
        case CURLE_PEER_FAILED_VERIFICATION:
            self = Self.untrusted(url: url, text: text)
        case CURLE_SSL_CLIENTCERT:
            self = .tlsPeerRefused(
                url: url, text: TLSAlert(openSSLText: text).map { "TLS \($0.text)" } ?? text)
        // Files and settings of ours that libcurl or OpenSSL cannot use.
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS:
            self = .tls(url: url, text: text)
        // Before a byte is sent, or on our side: the same comes again.
        case CURLE_FAILED_INIT, CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN, CURLE_OUT_OF_MEMORY,
            CURLE_WRITE_ERROR, CURLE_READ_ERROR, CURLE_ABORTED_BY_CALLBACK, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_UNKNOWN_OPTION:
            self = .other(url: url, code: Int(code), text: text)
        default:
            self = Self.broken(url: url, received: received, text: text)
        }
    }

    /// libcurl says the same code where a server refuses our certificate as expired (alert 45) while it connects, and then has found
    /// nothing wrong with the server's: otherwise its text is `SSL certificate problem: …`, or about the name.
    private static func untrusted(url: String, text: String) -> HTTPTransportError {
        text == "SSL certificate verification failed"
            ? .tlsPeerRefused(url: url, text: "TLS \(TLSAlert(number: 45).text)")
            : .tlsPeerUntrusted(url: url, text: text)
    }

    /// A connection that ended early: by the network, or by a peer that said why in a TLS alert.
    ///
    /// In TLS 1.3 the server judges our certificate after its own handshake is done, so the alert comes as a
    /// receive error (56), not as a connect error (35).
    private static func broken(url: String, received: Int, text: String) -> HTTPTransportError {
        guard let alert = TLSAlert(openSSLText: text) else {
            return .cut(url: url, received: received, text: text)
        }
        return switch alert.meaning {
        case .certificateRefused: .tlsPeerRefused(url: url, text: "TLS \(alert.text)")
        case .nothingInCommon: .tls(url: url, text: "the peer answered with TLS \(alert.text)")
        case .lostConnection:
            .cut(url: url, received: received, text: "the peer ended TLS with \(alert.text)")
        }
    }
}
