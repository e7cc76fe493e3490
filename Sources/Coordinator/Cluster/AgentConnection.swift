// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import HTTPTransport
import LogOutput
import Logging

/// How requests reach one node's agent, and who it must be.
///
/// The URL's host is the node's name in the cluster, `<node>.<cluster>`, which TLS checks against the agent's certificate,
/// as the transport does with its URI; the address only says where to connect.
struct AgentConnection: Sendable {
    let node: String
    let address: AgentAddress
    let cluster: String
    let identity: HTTPIdentity
    let transport: HTTPTransport
    var logger = Logger.discarding
    /// What is revoked; nil: nothing, and nobody is told.
    var revocations: RevocationKeeper?
    /// False: each request has a connection of its own, whose certificates are those of now.
    var reusesConnection = true

    /// Sends a request, and brings or takes lists of revoked certificates on the way.
    ///
    /// - Throws: `WireError`, `NotAsked` or `CancellationError`. Whatever was answered is none.
    func send(_ method: String, _ path: String, body: HTTPBody, limit: Duration) async throws -> AgentAnswer {
        await revocations?.refresh()
        let answer = try await sendPlainly(method, path, body: body, limit: limit)
        try await exchangeRevocations(after: answer.response)
        return answer
    }

    /// Without a look at what the agent knows of revoked certificates.
    func sendPlainly(
        _ method: String, _ path: String, body: HTTPBody = .empty, limit: Duration
    ) async throws -> AgentAnswer {
        var request = try request(method, path)
        request.body = body
        request.limits = HTTPLimits(stall: limit, total: limit)
        if body.byteCount > 0 { request.headers.append(("Content-Type", "application/json")) }
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch {
            throw failure(error, of: method, path)
        }
        logger.debug("\(method) \(path.withoutQuery) was answered with \(response.status)")
        return AgentAnswer(node: node, response: response, logger: logger)
    }

    /// An answer that is read as it comes.
    ///
    /// - Parameter stall: without a byte.
    func open(_ path: String, stall: Duration) async throws -> HTTPStream {
        var request = try request("GET", path)
        request.limits = HTTPLimits(stall: stall, total: nil)
        do {
            return try await transport.open(request)
        } catch {
            throw failure(error, of: "GET", path)
        }
    }

    private func request(_ method: String, _ path: String) throws -> HTTPRequest {
        var identity = identity
        do {
            identity.peerURI = try PeerName(cluster: cluster, role: .node(node)).uri
        } catch {
            throw WireError(.configuration, node: node, error.headline, hint: error.hint)
        }
        if let revocations { identity.revoked = revocations.lists }
        var request = HTTPRequest(
            method: method, url: "https://\(node).\(cluster):\(address.port)\(path)",
            sink: .collect(limit: ClusterBucket.documentLimit),
            connectTo: address.description, identity: identity)
        request.reusesConnection = reusesConnection
        return request
    }

    private func failure(_ error: HTTPTransportError, of method: String, _ path: String) -> any Error {
        if error == .cancelled { return CancellationError() }
        if case .shortage(_, let number) = error {
            return NotAsked(agent: "the agent at \(address)", number: number)
        }
        let failure = WireError(error, node: node, agent: "the agent at \(address)")
        logger.info(
            "\(method) \(path.withoutQuery) was not answered",
            metadata: ["reason": "\(failure.message)"])
        return failure
    }
}

extension String {
    /// As the log has it: a query is long.
    fileprivate var withoutQuery: Substring { prefix { $0 != "?" } }
}
