// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import FoundationEssentials
import HTTPTransport
import TLS
import TestSupport

@testable import Agent

/// An agent's files and its peers' identities, and how to speak with it over real TLS.
struct AgentFixture: Sendable {
    let state: StateDirectory
    let settings: AgentSettings
    let transport: HTTPTransport
    let authority: CertificateAuthority
    let coordinator: TestIdentity
    let observer: TestIdentity
    let node: TestIdentity
    let stranger: TestIdentity

    init() throws {
        state = try StateDirectory()
        let authority = try TestAuthority(directory: "\(state.path)/demo")
        self.authority = authority.authority
        coordinator = try authority.write(.coordinator)
        observer = try authority.write(.observer)
        node = try authority.write(.node("node01"))
        let other = try TestAuthority(cluster: "other", directory: "\(state.path)/other").write(.coordinator)
        stranger = TestIdentity(
            authority: authority.certificatePath, certificate: other.certificate, privateKey: other.privateKey
        )
        transport = try HTTPTransport()
        settings = AgentSettings(
            node: "node01", cluster: "demo", listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(
                authority: node.authority, certificate: node.certificate, privateKey: node.privateKey),
            storage: .init(), amandaDirectory: "\(state.path)/amanda", stateDirectory: "\(state.path)/state")
    }

    /// Runs an agent with `work` while `body` talks to it.
    func withAgent(
        _ work: any JobWork, _ body: @escaping @Sendable (_ agent: AgentClient) async throws -> Void
    ) async throws {
        let server = try AgentServer(
            settings: settings, transport: try HTTPTransport(), work: work, logger: .silent
        ) { table, tls in
            { _ in
                NodeStatus(
                    node: "node01", cluster: "demo", version: "test", time: Date(),
                    certificateExpiresAt: Date(
                        timeIntervalSince1970: Double(tls.certificateFacts.notAfter)),
                    isRoot: true, runningJob: await table.runningJob)
            }
        }
        let (addresses, ready) = AsyncStream<AgentSettings.ListenAddress>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { ready.finish() }
                try await server.run(endingOnSignals: false) { ready.yield($0) }
            }
            for await address in addresses {
                try await body(AgentClient(fixture: self, port: address.port))
                break
            }
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }
}

/// One agent that listens, as its peers see it.
struct AgentClient: Sendable {
    let fixture: AgentFixture
    let port: Int

    func request(
        _ method: String, _ path: String, body: [UInt8] = [], as identity: TestIdentity
    ) -> HTTPRequest {
        var request = HTTPRequest(
            method: method, url: "https://node01.demo\(path)", sink: .collect(limit: 1 << 20))
        request.connectTo = "127.0.0.1:\(port)"
        request.identity = HTTPIdentity(
            authority: identity.authority, certificate: identity.certificate, privateKey: identity.privateKey)
        if !body.isEmpty { request.body = .bytes(body) }
        return request
    }

    func send(
        _ method: String, _ path: String, body: [UInt8] = [], as identity: TestIdentity? = nil
    ) async throws -> HTTPResponse {
        try await fixture.transport.send(
            request(method, path, body: body, as: identity ?? fixture.coordinator))
    }

    /// The `WireError` of an answer that refuses.
    func refusal(
        _ method: String, _ path: String, body: [UInt8] = [], as identity: TestIdentity? = nil
    ) async throws -> (status: Int, error: WireError) {
        let response = try await send(method, path, body: body, as: identity)
        return (response.status, try WireJSON.read(from: response.body, what: path))
    }
}
