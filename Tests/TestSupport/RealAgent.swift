// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// The agent that a misbehaving one stands before, asked as the coordinator would.
struct RealAgent: Sendable {
    let origin: String
    let address: String
    let identity: HTTPIdentity
    let transport: HTTPTransport

    private func request(_ question: AgentQuestion) -> HTTPRequest {
        var request = HTTPRequest(
            method: question.method, url: origin + question.target,
            headers: question.body.isEmpty ? [] : [("Content-Type", "application/json")],
            body: question.body.isEmpty ? .empty : .bytes(question.body), sink: .collect(limit: 512 << 20),
            connectTo: address, identity: identity)
        request.limits.stall = .seconds(100)
        return request
    }

    /// - Returns: nil where it does not answer.
    func answer(_ question: AgentQuestion) async -> (status: Int, body: [UInt8])? {
        guard let response = try? await transport.send(request(question)) else { return nil }
        return (response.status, response.body)
    }

    /// - Returns: its stream; nil where it does not answer.
    func stream(_ question: AgentQuestion) async -> HTTPStream? {
        try? await transport.open(request(question))
    }
}
