// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport
import Logging

/// What an agent answered, and what that means.
///
/// Everything throws `WireError` with the node's name, or `WireErrors` where the agent gives several reasons.
struct AgentAnswer: Sendable {
    let node: String
    let response: HTTPResponse
    let logger: Logger

    /// The agent knows no such job; or, where every agent of this version knows the path, it is older.
    var isUnknown: Bool { response.status == 404 }

    /// Throws what the agent said in its own words, or what its status code means, unless it did what was asked.
    @discardableResult
    func accepted() throws -> AgentAnswer {
        guard (200...299).contains(response.status) else { throw refusal }
        return self
    }

    /// The same where an older agent does not know the question.
    ///
    /// - Parameters:
    ///   - lack: what it cannot do: `marks no volumes`.
    ///   - besides: another way than a newer agent.
    @discardableResult
    func accepted(olderAgent lack: String, besides: String = "") throws -> AgentAnswer {
        guard isUnknown else { return try accepted() }
        throw Self.tooOld(node, lack, besides)
    }

    static func tooOld(_ node: String, _ lack: String, _ besides: String = "") -> WireError {
        WireError(
            .unsupported, node: node, "its agent is older and \(lack)",
            hint: "bring amfleetd on the node to the version of amfleet\(besides).")
    }

    func value<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        do {
            return try WireJSON.read(Value.self, from: response.body, what: "the agent's answer")
        } catch {
            throw WireError(
                .unsupported, node: node, "\(error)", hint: "bring amfleet and amfleetd to the same version.")
        }
    }

    private var refusal: any Fault {
        if let said = try? WireJSON.read(WireErrors.self, from: response.body, what: "error") {
            // It speaks for its own node alone.
            let errors = WireError.all(of: said, node: node).bounded.map { $0.said(by: node) }
            for error in errors {
                logger.info(
                    "the agent refused with \(response.status)",
                    metadata: ["reason": "\(error.message)", "kind": "\(error.kind.rawValue)"])
            }
            return WireErrors.joined(errors)
        }
        let kind: WireError.Kind =
            switch response.status {
            case 401, 403: .authentication
            case 409: .busy
            case 500...599: .agentLost
            default: .failed
            }
        return WireError(kind, node: node, "the agent answered \(response.status)")
    }
}
