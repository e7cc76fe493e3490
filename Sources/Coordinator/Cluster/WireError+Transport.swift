// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Descriptors
import HTTPTransport

extension WireError {
    /// Why a request to an agent has no answer.
    ///
    /// - Parameter agent: how the text calls it: `the agent at 192.0.2.1:7443`.
    init(_ error: HTTPTransportError, node: String?, agent: String) {
        switch error {
        case .tlsPeerRefused(_, let text):
            self.init(
                .authentication, node: node, "\(agent) refused the coordinator's certificate: \(text)",
                hint:
                    "compare the authority in agent.json and cluster.json: both must be this cluster's ca.pem; and the clocks of both machines."
            )
        case .tlsPeerUntrusted(_, let text):
            self.init(
                .authentication, node: node,
                "\(agent) has no certificate of this node and cluster: \(text)",
                hint:
                    "correct its address; compare the clocks of both machines; or, where its certificate has expired or it missed a change of the authority, copy to it what "
                    + "'amfleet node renew \(node ?? "NAME") --folder DIRECTORY' writes.")
        case .tlsPeerRevoked(_, let serial):
            self.init(revoked: serial, node: node, agent: agent)
        case .tls(_, let text):
            self.init(
                .authentication, node: node, "TLS with \(agent) failed: \(text)",
                hint: "check the files named under 'tls' in cluster.json and agent.json.")
        case .cancelled:
            self.init(.cancelled, node: node, "cancelled")
        case .shortage(_, let number):
            self.init(NotAsked(agent: agent, number: number), node: node)
        case .silentFile:
            self.init(.failed, node: node, "\(agent) was not asked: \(error.reason)", hint: error.hint)
        case .tooLong:
            // Asked again it would say the same.
            self.init(
                .failed, node: node, "what \(agent) says is not read: \(error.reason)",
                hint: "look at amfleetd's log on the node, and that no other program answers at its address.")
        case .connectionRefused, .nameNotResolved, .connectTimeout, .stalled, .timedOut, .cut, .malformed,
            .shutDown, .proxyFailed, .other:
            self.init(
                .agentLost, node: node, "\(agent) does not answer: \(error.reason)",
                hint: "check that amfleetd runs on the node and that its address in cluster.json is right.")
        }
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
        case .shortage(_, let number): "this machine has \(SystemReason.text(number))"
        case .silentFile(_, let path, let limit): HangFault.noAnswer(path: path, limit: limit).facts
        case .stalled(_, let after): "nothing came for \(Quantity.duration(seconds: after.inSeconds))"
        case .cut(_, let received, let text): "the connection was cut after \(received) bytes: \(text)"
        case .tooLong(_, let limit): "its answer is longer than \(limit) bytes"
        case .proxyFailed(_, let reason, _): reason
        case .tlsPeerRevoked(_, let serial): "its certificate with serial \(serial) is revoked"
        case .cancelled: "cancelled"
        case .shutDown: "the connection was shut down"
        }
    }
}
