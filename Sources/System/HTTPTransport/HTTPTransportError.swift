// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Descriptors
@_exported public import Faults
import Glibc

/// Why there is no answer. Any answer, whatever its status, is not an error here.
public enum HTTPTransportError: Fault, Equatable {
    /// Nobody listens there, or no way leads there.
    case connectionRefused(url: String, text: String)

    /// The host's name has no address.
    case nameNotResolved(url: String, text: String)

    /// This process or machine has no descriptors, memory or threads (`EAGAIN`) left for a connection (`errno`): nothing was sent, and
    /// nothing is known of the peer.
    case shortage(url: String, number: Int32)

    /// A file of our own identity did not answer within `limit`: nothing was sent, and nothing is known of the peer.
    case silentFile(url: String, path: String, limit: Duration)

    /// The connection, TLS included, did not stand within `HTTPLimits.connect`.
    case connectTimeout(url: String, text: String)

    /// No byte in either direction for `after` (`HTTPLimits.stall`).
    case stalled(url: String, after: Duration)

    /// The whole took longer than `HTTPLimits.total`.
    case timedOut(url: String, text: String)

    /// The connection ended before the answer was complete; `received` bytes of its body had come.
    case cut(url: String, received: Int, text: String)

    /// What came is not HTTP.
    case malformed(url: String, text: String)

    /// The peer refused us in TLS: no certificate, a foreign or an expired one.
    case tlsPeerRefused(url: String, text: String)

    /// We refused the peer in TLS: unknown authority, another name, expired.
    case tlsPeerUntrusted(url: String, text: String)

    /// The peer's certificate is on the list that the request brings: whoever has its key, it is not the peer any more.
    case tlsPeerRevoked(url: String, serial: String)

    /// TLS failed otherwise: an unreadable key, no common version.
    case tls(url: String, text: String)

    /// The answer's body is longer than its sink holds.
    case tooLong(url: String, limit: Int)

    /// The proxy on the way made none to the server. `proxy` is its name and origin; true: another time it may.
    case proxyFailed(proxy: String, reason: String, isPassing: Bool)

    /// The task that waited was cancelled.
    case cancelled

    /// `HTTPTransport.shutdown()` was called.
    case shutDown

    /// Anything else; `code` is libcurl's (`CURLcode`), or 0 for what was refused before it was sent.
    case other(url: String, code: Int, text: String)
}

extension HTTPTransportError {
    private static func reason(_ number: Int32) -> String {
        number == EAGAIN ? ThreadShortage.reason : SystemReason.text(number)
    }

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .connectionRefused(let url, let text): "cannot connect to \(url): \(text)"
        case .nameNotResolved(let url, let text): "cannot resolve the host of \(url): \(text)"
        case .shortage(let url, let number):
            FaultText(
                "no connection to \(url) was begun: \(Self.reason(number))",
                hint: number == EAGAIN ? ThreadShortage.hint : SystemReason.hint(number))
        case .silentFile(let url, let path, let limit):
            FaultText(
                "no connection to \(url) was begun: \(HangFault.noAnswer(path: path, limit: limit).facts)",
                hint: HangFault.noAnswer(path: path, limit: limit).hint)
        case .connectTimeout(let url, let text): "no connection to \(url) in time: \(text)"
        case .stalled(let url, let after): "nothing came from \(url) for \(after)"
        case .timedOut(let url, let text): "no complete answer from \(url) in time: \(text)"
        case .cut(let url, let received, let text):
            "the connection to \(url) was cut after \(received) bytes of the answer: \(text)"
        case .malformed(let url, let text): "the answer of \(url) is not HTTP: \(text)"
        case .tlsPeerRefused(let url, let text):
            FaultText(
                "\(url) refused our certificate: \(text)",
                hint: "use a certificate that this peer's own authority issued and that has not expired.")
        case .tlsPeerUntrusted(let url, let text):
            FaultText(
                "the certificate of \(url) is not trusted: \(text)",
                hint: "name the authority that issued it, and check the peer's name and both clocks.")
        case .tlsPeerRevoked(let url, let serial):
            FaultText(
                "the certificate of \(url), serial \(serial), is revoked", hint: "issue the peer a new one.")
        case .tls(let url, let text): "TLS with \(url) failed: \(text)"
        case .tooLong(let url, let limit): "the answer of \(url) is longer than \(limit) bytes"
        case .proxyFailed(let proxy, let reason, _): "no way through the proxy \(proxy): \(reason)"
        case .cancelled: "the request was cancelled"
        case .shutDown: "the HTTP transport has been shut down"
        case .other(let url, let code, let text): "request to \(url) failed: \(text) (curl \(code))"
        }
    }
}

extension HTTPTransportError {
    /// The description without the address, for URLs that hold a secret.
    public var reason: String {
        switch self {
        case .connectionRefused(_, let text): "cannot connect: \(text)"
        case .nameNotResolved(_, let text): "cannot resolve its host: \(text)"
        case .shortage(_, let number): "no connection was begun: \(Self.reason(number))"
        case .silentFile(_, let path, let limit):
            "no connection was begun: \(HangFault.noAnswer(path: path, limit: limit).facts)"
        case .connectTimeout: "no connection in time"
        case .stalled, .timedOut: "no complete answer in time"
        case .cut(_, _, let text): "the connection was cut: \(text)"
        case .malformed(_, let text): "the answer is not HTTP: \(text)"
        case .tlsPeerRefused(_, let text), .tlsPeerUntrusted(_, let text), .tls(_, let text):
            "TLS failed: \(text)"
        case .tlsPeerRevoked(_, let serial): "TLS failed: the certificate with serial \(serial) is revoked"
        case .tooLong(_, let limit): "the answer is longer than \(limit) bytes"
        case .other(_, let code, let text): "\(text) (curl \(code))"
        case .proxyFailed, .cancelled, .shutDown: description
        }
    }
}
