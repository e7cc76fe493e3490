// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import HTTPTransport
import TestSupport
import Testing

@testable import Coordinator

/// The coordinator's side of mutual TLS, against `openssl s_server` that hands out answers from files.
@Suite(.enabled(if: RequiredTools.areUsable("openssl")), .timeLimit(.minutes(5)))
struct AgentClientTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let coordinator: TestIdentity
    private let transport: HTTPTransport

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority(cluster: "demo", directory: directory.path("tls"))
        coordinator = try authority.write(.coordinator)
        transport = try HTTPTransport()
        try FileSystem.makeDirectories(directory.path("v1/jobs/backup-x"))
        try answer("v1/status", WireJSON.document(status("node01")))
    }

    @Test func `reads an agent's status by the node's name, wherever the address leads`() async throws {
        let server = try await server(authority.write(.node("node01")))
        let found = try await agent(server.port).status()
        #expect(found.node == "node01")
        await server.process.stop()
    }

    @Test func `reads events line by line until the agent ends the stream`() async throws {
        let events = (1...3).map {
            JobEvent(sequence: $0, time: Sample.time, kind: .note, text: "note \($0)")
        }
        try answer("v1/jobs/backup-x/events?after=0", events.flatMap { try WireJSON.line($0) })
        let server = try await server(authority.write(.node("node01")))
        var read: [JobEvent] = []
        for try await event in try await agent(server.port).events("backup-x", after: 0) {
            read.append(event)
        }
        #expect(read == events)
        await server.process.stop()
    }

    @Test func `an agent with another node's certificate is not authenticated`() async throws {
        let server = try await server(authority.write(.node("node02")))
        let error = await refusal(agent(server.port))
        #expect(error?.kind == .authentication)
        #expect(error?.node == "node01")
        #expect(
            error?.message.hasPrefix(
                "the agent at 127.0.0.1:\(server.port) has no certificate of this node and cluster: ")
                == true)
        await server.process.stop()
    }

    @Test func `an agent that refuses our certificate is told from one that goes away`() async throws {
        let proxy = try FaultyProxy(to: 1, mode: .opaque)
        for (alert, kind) in [
            (42, .authentication), (45, .authentication), (48, .authentication), (116, .authentication),
            (80, .agentLost), (40, .agentLost), (10, .agentLost), (200, .agentLost),
        ] as [(UInt8, WireError.Kind)] {
            proxy.answerTLS(alert: alert, connections: 1)
            let error = await refusal(agent(proxy.port))
            #expect(error?.kind == kind, "\(alert): \(String(describing: error))")
            #expect(error?.message.contains("alert \(alert)") == true, "\(String(describing: error))")
        }
    }

    @Test(arguments: [
        "spiffe://demo/node/node02", "spiffe://demo/coordinator", "spiffe://other/node/node01",
    ])
    func `an agent with the right DNS name and another URI is not authenticated`(uri: String) async throws {
        var profile = try CertificateProfile.peer(PeerName(cluster: "demo", role: .node("node01")))
        profile.subjectAlternativeName = "URI:\(uri),DNS:node01.demo"
        let server = try await server(authority.write(profile, file: "other-uri"))
        let agent = agent(server.port)
        let error = await refusal(agent)
        #expect(error?.kind == .authentication)
        #expect(
            error?.message
                == "the agent at 127.0.0.1:\(server.port) has no certificate of this node and cluster: its "
                + "certificate names '\(uri)', not 'spiffe://demo/node/node01'")
        let streamError = await #expect(throws: WireError.self) {
            _ = try await agent.events("backup-x", after: 0)
        }
        #expect(streamError?.kind == .authentication)
        await server.process.stop()
    }

    @Test func `an agent of another cluster's authority is not authenticated`() async throws {
        let other = try TestAuthority(cluster: "demo", directory: directory.path("other"))
        let server = try await server(other.write(.node("node01")))
        #expect(await refusal(agent(server.port))?.kind == .authentication)
        await server.process.stop()
    }

    @Test func `a coordinator whom the agent refuses is told to compare authorities`() async throws {
        let other = try TestAuthority(cluster: "demo", directory: directory.path("other"))
        let stranger = try other.write(.coordinator)
        let server = try await server(authority.write(.node("node01")))
        let identity = HTTPIdentity(
            authority: coordinator.authority, certificate: stranger.certificate,
            privateKey: stranger.privateKey)
        let error = await refusal(agent(server.port, identity))
        #expect(error?.kind == .authentication)
        #expect(
            error?.hint
                == "compare the authority in agent.json and cluster.json: both must be this cluster's ca.pem; and the clocks of both machines."
        )
        await server.process.stop()
    }

    @Test func `an agent that calls itself another node is not authenticated`() async throws {
        try answer("v1/status", WireJSON.document(status("node02")))
        let server = try await server(authority.write(.node("node01")))
        let error = await refusal(agent(server.port))
        #expect(error?.kind == .authentication)
        #expect(error?.message == "the agent calls itself 'node02' of cluster 'demo'")
        await server.process.stop()
    }

    @Test func `an agent that is not there is lost, with its address and what to do`() async throws {
        let port = FreePort.find()
        let error = await refusal(agent(port))
        #expect(error?.kind == .agentLost)
        #expect(error?.message.hasPrefix("the agent at 127.0.0.1:\(port) does not answer: ") == true)
        #expect(error?.message.contains("https://") == false)
        #expect(error?.hint?.hasPrefix("check that amfleetd runs on the node") == true)
    }

    @Test func `an answer that is no status names what is wrong with it`() async throws {
        try answer("v1/status", Array("{\"format\": 1}".utf8))
        let server = try await server(authority.write(.node("node01")))
        let error = await refusal(agent(server.port))
        #expect(error?.kind == .unsupported)
        #expect(error?.message.hasPrefix("the agent's answer cannot be read: ") == true)
        await server.process.stop()
    }

    @Test func `what an agent says of another node it says of its own`() async throws {
        let server = try await server(authority.write(.node("node01")))
        let said = ["node02", "node03"].map { WireError(.configuration, node: $0, "no room") }
        for (body, count) in [
            (try WireJSON.document(WireErrors(said)), 2), (try WireJSON.document(said[0]), 1),
        ] {
            try answer("v1/status", body, status: "422 Unprocessable Content")
            do {
                _ = try await agent(server.port).status()
                Issue.record("no refusal")
            } catch let fault as any Fault {
                let errors = WireError.all(of: fault, node: nil)
                #expect(errors.map(\.node) == Array(repeating: "node01", count: count))
            }
        }
        await server.process.stop()
    }

    @Test func `an answer that is longer than any document of ours is not read`() async throws {
        let whole = try WireJSON.document(status("node01"))
        let server = try await server(authority.write(.node("node01")))
        for byteCount in [ClusterBucket.documentLimit, ClusterBucket.documentLimit + 1] {
            let blanks = [UInt8](repeating: UInt8(ascii: " "), count: byteCount - whole.count)
            try answer("v1/status", whole + blanks)
            guard byteCount > ClusterBucket.documentLimit else {
                #expect(try await agent(server.port).status().node == "node01")
                continue
            }
            let error = await refusal(agent(server.port))
            // It is there, and would say the same once more.
            #expect(error?.kind == .failed && error?.node == "node01")
            #expect(
                error?.message
                    == "what the agent at 127.0.0.1:\(server.port) says is not read: its answer is longer than 25165824 bytes"
            )
        }
        await server.process.stop()
    }

    @Test func `an agent that is older than a question is said to be, one that knows it answers`()
        async throws
    {
        let place = StatusQuestion(
            storage: StorageAddress(bucket: "b", prefix: "demo", region: "us-east-1"), configurations: [])
        let question = RestorabilityQuestion(place, run: Sample.run, provesFiles: true)
        let path = String(question.path.dropFirst())
        let server = try await server(authority.write(.node("node01")))
        let old = try WireJSON.document(
            WireError(.unsupported, node: "node01", "there is no such path on an agent"))
        try answer(path, old, status: "404 Not Found")
        let error = await #expect(throws: WireError.self) {
            _ = try await agent(server.port).restorability(question)
        }
        #expect(error?.message == "its agent is older and does not know this question")
        let word = NodeRestorability(node: "node01", run: Sample.run, .damaged("a file is gone"))
        try answer(path, WireJSON.document(word))
        #expect(
            try await agent(server.port).restorability(question).restorability == .damaged("a file is gone"))
        try answer(
            path, WireJSON.document(NodeRestorability(node: "node02", run: Sample.run, .restorable)))
        await #expect(throws: WireError.self) { _ = try await agent(server.port).restorability(question) }
        await server.process.stop()
    }

    @Test func `what a node says of its volumes counts as its own, of all that it was asked about`()
        async throws
    {
        let question = StatusQuestion(
            storage: StorageAddress(bucket: "b", prefix: "demo", region: "us-east-1"),
            configurations: [.init(name: "vertica", role: .data)])
        let path = String(question.path(AgentPaths.volumes).dropFirst())
        let server = try await server(authority.write(.node("node01")))
        let vertica = ConfigurationVolumes(name: "vertica", role: .data)
        for (word, reason) in [
            (NodeVolumes(node: "node02", configurations: [vertica]), "the agent answers as 'node02'"),
            (
                NodeVolumes(node: "node01", configurations: []),
                "the agent's answer says nothing of configuration 'vertica'"
            ),
        ] {
            try answer(path, WireJSON.document(word))
            let error = await #expect(throws: WireError.self) {
                _ = try await agent(server.port).volumes(question)
            }
            #expect(error?.message == reason && error?.node == "node01")
        }
        let whole = NodeVolumes(node: "node01", configurations: [vertica])
        try answer(path, WireJSON.document(whole))
        #expect(try await agent(server.port).volumes(question) == whole)
        await server.process.stop()
    }

    private func refusal(_ agent: AgentClient) async -> WireError? {
        await #expect(throws: WireError.self) { _ = try await agent.status() }
    }

    private func agent(_ port: Int, _ identity: HTTPIdentity? = nil) -> AgentClient {
        let own = HTTPIdentity(
            authority: coordinator.authority, certificate: coordinator.certificate,
            privateKey: coordinator.privateKey)
        guard let address = AgentAddress("127.0.0.1:\(port)") else { preconditionFailure("port \(port)") }
        return AgentClient(
            connection: AgentConnection(
                node: "node01", address: address, cluster: "demo", identity: identity ?? own,
                transport: transport
            ))
    }

    private func status(_ node: String) -> NodeStatus {
        NodeStatus(
            node: node, cluster: "demo", version: "0.1.0", time: Sample.time,
            certificateExpiresAt: Sample.time,
            isRoot: true)
    }

    /// What the server hands out for a path: a whole HTTP answer.
    private func answer(_ path: String, _ body: [UInt8], status: String = "200 OK") throws {
        let head = "HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        try FileSystem.writeAtomically(directory.path(path), Array(head.utf8) + body)
    }

    private func server(_ identity: TestIdentity) async throws -> (port: Int, process: ServerProcess) {
        let port = FreePort.find()
        let process = try ServerProcess(
            [
                "/usr/bin/env", "-C", directory.path, try RequiredTools.path("openssl"), "s_server",
                "-accept",
                "127.0.0.1:\(port)", "-cert", identity.certificate, "-key", identity.privateKey, "-CAfile",
                authority.certificatePath, "-Verify", "2", "-verify_return_error", "-HTTP", "-quiet",
                "-tls1_3",
            ], logPath: directory.path("s_server-\(port).log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        return (port, process)
    }
}
