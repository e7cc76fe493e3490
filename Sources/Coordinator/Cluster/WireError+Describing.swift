// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport
import S3
import Settings

extension WireError {
    /// Any error in the wire's words: kinds are kept or found, the hint is told apart from the message.
    init(describing error: any Error, node: String? = nil) {
        switch error {
        case var error as WireError:
            error.node = error.node ?? node
            self = error
        case let error as HTTPTransportError:
            self.init(error, node: node, agent: "the agent")
        case let error as S3Error:
            let kind: Kind =
                error.isUnreachable ? .storageUnreachable : error.isRefusal ? .storageRefused : .failed
            self.init(kind, node: node, text: "\(error)")
        case CoordinatorError.storage(let error):
            self = error
        case let error as CoordinatorError:
            self.init(error.ending.wireKind, node: node, text: "\(error)")
        case is SettingsError:
            self.init(.configuration, node: node, text: "\(error)")
        case is CancellationError:
            self.init(.cancelled, node: node, "cancelled")
        default:
            self.init(.failed, node: node, text: "\(error)")
        }
    }

    /// Splits a text of ours into its message and its hint.
    init(_ kind: Kind, node: String?, text: String) {
        let mark = "\nhint: "
        guard let start = Self.start(of: mark, in: text) else {
            self.init(kind, node: node, text)
            return
        }
        self.init(
            kind, node: node, String(text[..<start]),
            hint: String(text[text.index(start, offsetBy: mark.count)...]))
    }

    /// Why a request to an agent has no answer.
    ///
    /// - Parameter agent: how the text calls it: `the agent at 192.0.2.1:7443`.
    init(_ error: HTTPTransportError, node: String?, agent: String) {
        switch error {
        case .tlsPeerRefused(_, let text):
            self.init(
                .authentication, node: node, "\(agent) refused the coordinator's certificate: \(text)",
                hint:
                    "compare the authority in agent.json and cluster.json: both must be this cluster's ca.pem."
            )
        case .tlsPeerUntrusted(_, let text):
            self.init(
                .authentication, node: node,
                "\(agent) has no certificate of this node and cluster: \(text)",
                hint: "copy the folder that 'amfleet node add' made to the node, or correct its address.")
        case .tls(_, let text):
            self.init(
                .authentication, node: node, "TLS with \(agent) failed: \(text)",
                hint: "check the files named under 'tls' in cluster.json and agent.json.")
        case .cancelled:
            self.init(.cancelled, node: node, "cancelled")
        case .connectionRefused, .nameNotResolved, .connectTimeout, .stalled, .timedOut, .cut, .malformed,
            .tooLong,
            .shutDown, .other:
            self.init(
                .agentLost, node: node, "\(agent) does not answer: \(error.reason)",
                hint: "check that amfleetd runs on the node and that its address in cluster.json is right.")
        }
    }

    private static func start(of mark: String, in text: String) -> String.Index? {
        var rest = text[...]
        while let newline = rest.firstIndex(of: "\n") {
            if rest[newline...].hasPrefix(mark) { return newline }
            rest = rest[rest.index(after: newline)...]
        }
        return nil
    }
}

extension HTTPTransportError {
    /// What happened, without the URL, which says nothing that the node's name and address do not.
    fileprivate var reason: String {
        switch self {
        case .connectionRefused(_, let text), .nameNotResolved(_, let text), .connectTimeout(_, let text),
            .timedOut(_, let text), .malformed(_, let text), .tlsPeerRefused(_, let text),
            .tlsPeerUntrusted(_, let text), .tls(_, let text), .other(_, _, let text):
            text
        case .stalled(_, let after): "nothing came for \(Quantity.duration(seconds: after.inSeconds))"
        case .cut(_, let received, let text): "the connection was cut after \(received) bytes: \(text)"
        case .tooLong(_, let limit): "its answer is longer than \(limit) bytes"
        case .cancelled: "cancelled"
        case .shutDown: "the connection was shut down"
        }
    }
}

extension CommandEnding {
    /// The nearest kind that crosses the wire.
    fileprivate var wireKind: WireError.Kind {
        switch self {
        case .unusable: .configuration
        case .unauthenticated: .authentication
        case .storage: .storageRefused
        case .busy: .busy
        case .cancelled: .cancelled
        case .complete, .failed, .partial, .held, .problem: .failed
        }
    }
}
