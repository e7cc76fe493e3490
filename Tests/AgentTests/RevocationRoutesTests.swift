// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import HTTPTransport
import TestSupport
import Testing

@testable import Agent

/// Lists of revoked certificates at a real agent, over TLS.
@Suite(.timeLimit(.minutes(2))) struct RevocationRoutesTests {
    private let fixture: AgentFixture
    private let work = HeldWork()

    init() throws {
        fixture = try AgentFixture()
    }

    @Test func `a list is in force at once, told with every answer, and kept`() async throws {
        let list = try list([serial(of: fixture.observer)], 3)
        let numbers = RevocationNumbers(RevocationLists([list]).numbers).text
        try await fixture.withAgent(work) { agent in
            let before = try await agent.send("GET", AgentPaths.status, as: fixture.observer)
            #expect(before.status == 200 && before.header(RevocationNumbers.header)?.isEmpty == true)
            #expect(try await agent.bring(list.pem).status == 200)
            try await agent.expectRevoked(fixture.observer)
            let after = try await agent.send("GET", "/v1/nothing")
            #expect(after.status == 404 && after.header(RevocationNumbers.header) == numbers)
        }
        try await fixture.withAgent(work) { agent in
            try await agent.expectRevoked(fixture.observer)
            let told: NodeRevocations = try WireJSON.read(
                from: try await agent.send("GET", AgentPaths.revocations).body, what: "lists")
            #expect(told.lists == list.pem)
        }
    }

    @Test func `an older list, another of the same number, and nobody's are refused`() async throws {
        let newer = try list([serial(of: fixture.observer)], 3)
        let (older, another) = (try list([], 2), try list(["0a"], 3))
        let foreign = try RevocationList(
            [], number: 9, now: 1, signedBy: CertificateAuthority.create(cluster: "demo"))
        try await fixture.withAgent(work) { agent in
            #expect(try await agent.bring(newer.pem).status == 200)
            #expect(try await agent.bring(newer.pem).status == 200)
            let (status, error) = try await agent.refusedList(older.pem)
            #expect(status == 409)
            #expect(error.message.contains("has number 2, but the node has number 3 already"))
            #expect(try await agent.refusedList(another.pem).status == 409)
            let (stranger, reason) = try await agent.refusedList(foreign.pem)
            #expect(stranger == 403)
            #expect(reason.message.contains("no authority of this node has signed"))
            #expect(try await agent.refusedList("garbage").status >= 400)
            try await agent.expectRevoked(fixture.observer)
        }
    }

    @Test func `nobody but the coordinator brings one`() async throws {
        let list = try list([], 1)
        try await fixture.withAgent(work) { agent in
            let body = try WireJSON.document(RevocationOrder(lists: list.pem))
            #expect(
                try await agent.refusal("POST", AgentPaths.revocations, body: body, as: fixture.observer)
                    .status == 403)
        }
    }

    @Test func `an event stream ends at once with its listener's certificate`() async throws {
        let list = try list([serial(of: fixture.observer)], 1)
        let work = work
        try await fixture.withAgent(work) { agent in
            _ = try await agent.send("POST", AgentPaths.jobs, body: WireJSON.document(JobRequest.sample()))
            let stream = try await fixture.transport.open(
                agent.request("GET", AgentPaths.events("job-1", after: 0), as: fixture.observer))
            #expect(stream.status == 200)
            #expect(try await agent.bring(list.pem).status == 200)
            await #expect(throws: HTTPTransportError.self) { for try await _ in stream {} }
        }
    }

    @Test func `a damaged file of lists is set aside`() async throws {
        let path = "\(fixture.settings.stateDirectory)/revoked.pem"
        try FileSystem.makeDirectories(fixture.settings.stateDirectory, mode: 0o700)
        try FileSystem.writeAtomically(path, Array("-----BEGIN X509 CRL-----\n".utf8))
        try await fixture.withAgent(work) { agent in
            let status = try await agent.send("GET", AgentPaths.status).status
            #expect(status == 200)
        }
        #expect(FileSystem.exists("\(path).damaged") && !FileSystem.exists(path))
    }

    private func serial(of identity: TestIdentity) throws -> String {
        try CertificateFacts(contentsOf: identity.certificate).serial
    }

    private func list(_ serials: [String], _ number: Int64) throws -> RevocationList {
        try RevocationList(
            serials.map { .init(serial: $0, revokedAt: 1) }, number: number, now: 1,
            signedBy: fixture.authority)
    }
}

extension AgentClient {
    fileprivate func bring(_ lists: String) async throws -> HTTPResponse {
        try await send(
            "POST", AgentPaths.revocations, body: WireJSON.document(RevocationOrder(lists: lists)))
    }

    fileprivate func refusedList(_ lists: String) async throws -> (status: Int, error: WireError) {
        try await refusal(
            "POST", AgentPaths.revocations, body: WireJSON.document(RevocationOrder(lists: lists)))
    }

    fileprivate func expectRevoked(_ identity: TestIdentity) async throws {
        let error = await #expect(throws: HTTPTransportError.self) {
            try await send("GET", AgentPaths.status, as: identity)
        }
        guard case .tlsPeerRefused(_, let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains("revoked"), "\(text)")
    }
}
