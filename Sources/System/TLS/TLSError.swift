// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults

/// What can go wrong with the server's own TLS files, or with one connection.
public enum TLSError: Fault, Hashable {
    /// A file that cannot be read, and the kernel's reason.
    case unreadable(path: String, reason: FaultText)

    /// A file that is not the `what` ("authority", "certificate", "private key") that it should be.
    case unusable(what: String, path: String, reason: String)

    /// A private key that belongs to another certificate.
    case keyMismatch(certificate: String, privateKey: String)

    /// A call into libssl that failed, with libssl's own words.
    case libssl(call: String, reason: String)

    /// The handshake ended without a peer that we know.
    case handshakeFailed(reason: String)

    /// The peer closed the connection without saying that it was done: what came before may be incomplete.
    case truncated

    /// The peer sent something that is no TLS, or tampered with.
    case broken(reason: String)

    /// The peer took nothing of what was sent to it for this long.
    case stalled(limit: Duration)

    /// The peer's certificate has expired, or was revoked, while the connection stood.
    case unwelcome(reason: String)
}

extension TLSError {
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .unreadable(let path, let reason):
            FaultText("cannot read '\(path)': \(reason.facts)", hint: reason.hint)
        case .unusable(let what, let path, let reason):
            "'\(path)' cannot be used as the \(what): \(reason)"
        case .keyMismatch(let certificate, let privateKey):
            FaultText(
                "the private key '\(privateKey)' is not that of the certificate '\(certificate)'",
                hint: "copy both again, from the same folder.")
        case .libssl(let call, let reason):
            "\(call) failed: \(reason)"
        case .handshakeFailed(let reason):
            "TLS handshake failed: \(reason)"
        case .truncated:
            "the peer closed the connection without TLS's close_notify: what it sent may be incomplete"
        case .broken(let reason):
            "the TLS connection broke: \(reason)"
        case .stalled(let limit):
            "the peer has taken nothing for \(limit)"
        case .unwelcome(let reason):
            "the connection is ended: \(reason)"
        }
    }
}
