// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import HTTPTransport
import Secret
import TestSupport
import Testing

@testable import Agent

/// A running agent gets a new certificate and other authorities over real TLS.
@Suite(.timeLimit(.minutes(3))) struct AgentIdentityTests {
    private let fixture: AgentFixture
    private let authority: CertificateAuthority

    init() throws {
        fixture = try AgentFixture()
        authority = fixture.authority
    }

    @Test func `makes a key, takes a certificate for it, and shows it from then on`() async throws {
        try await fixture.withAgent(HeldWork()) { agent in
            let before = try FileSystem.readAll(fixture.node.privateKey)
            let request = try await agent.request()
            let waiting = try FileSystem.readAll(fixture.node.privateKey)
            #expect(waiting == before)
            let certificate = try authority.issue(.node("node01"), for: request)
            let answer = try await agent.order(IdentityOrder(certificate: certificate))
            let serial = try CertificateFacts(pem: certificate).serial
            #expect(answer.identity.serial == serial)
            #expect(answer.identity.issuer == answer.identity.authorities.first)
            let replaced = try FileSystem.readAll(fixture.node.privateKey)
            #expect(replaced != before)
            var fresh = agent.request("GET", AgentPaths.jobs, as: fixture.coordinator)
            fresh.reusesConnection = false
            let status = try await fixture.transport.send(fresh).status
            #expect(status == 200)
        }
    }

    /// Of a swap that was killed: a key that nobody knows of must not lie about.
    @Test func `what a killed agent had begun to write goes at the next start, and what is others' stays`()
        async throws
    {
        let (tls, state) = (fixture.settings.tls, fixture.settings.stateDirectory)
        let folder = FileSystem.parentDirectory(of: tls.privateKey)
        try FileSystem.makeDirectories("\(state)/jobs")
        let gone = [
            "\(tls.privateKey).new", tls.privateKey, "\(tls.certificate).new", tls.authority,
            "\(state)/revoked.pem", "\(state)/jobs/backup-1.json",
        ].map { "\($0).4194305-0.tmp" }
        // In a container the one before had the same number.
        let own = "\(tls.privateKey).new.\(ProcessInfo.processInfo.processIdentifier)-0.tmp"
        let stays = ["\(folder)/other.key.4194305-0.tmp", "\(folder)/notes.tmp"]
        for path in gone + [own] + stays { try FileSystem.writeAtomically(path, Array("half".utf8)) }
        try await fixture.withAgent(HeldWork()) { _ in
            #expect((gone + [own]).filter { FileSystem.exists($0) } == [])
            #expect(stays.filter { !FileSystem.exists($0) } == [])
        }
    }

    @Test func `a certificate that begins ahead of the node's clock is refused as that`() async throws {
        try await fixture.withAgent(HeldWork()) { agent in
            let now = Int64(Date().timeIntervalSince1970)
            let certificate = try authority.issue(
                .node("node01"), for: try await agent.request(),
                validity: CertificateValidity(notBefore: now + 7_200, notAfter: now + 86_400))
            let body = try WireJSON.document(IdentityOrder(certificate: certificate))
            let (status, error) = try await agent.refusal("POST", AgentPaths.identity, body: body)
            #expect(status == 403 && error.message.contains("ahead of this node's clock"), "\(error)")
        }
    }

    @Test func `refuses what is another's, another key's, another authority's or expired, and keeps its own`()
        async throws
    {
        try await fixture.withAgent(HeldWork()) { agent in
            let before = try FileSystem.readAll(fixture.node.certificate)
            let request = try await agent.request()
            let stranger = try CertificateAuthority.create(cluster: "demo")
            let (other, _) = try CertificateRequest.create(PeerName(cluster: "demo", role: .node("node02")))
            let past = CertificateValidity(notBefore: 1_000_000, notAfter: 2_000_000)
            let refused = [
                try authority.issue(.node("node02"), for: other),
                try authority.issue(.node("node01")).certificatePEM,
                try stranger.issue(.node("node01"), for: request),
                try authority.issue(.node("node01"), for: request, validity: past), "nonsense",
            ]
            for certificate in refused {
                let body = try WireJSON.document(IdentityOrder(certificate: certificate))
                let (status, error) = try await agent.refusal("POST", AgentPaths.identity, body: body)
                #expect(status == 403, "\(error)")
                #expect(error.node == "node01")
            }
            let kept = try FileSystem.readAll(fixture.node.certificate)
            #expect(kept == before)
        }
    }

    @Test(.enabled(if: RequiredTools.areUsable("openssl")))
    func `refuses a certificate for its own key that names another`() async throws {
        try await fixture.withAgent(HeldWork()) { agent in
            let before = try FileSystem.readAll(fixture.node.certificate)
            for names in [
                "URI:spiffe://demo/node/node02,DNS:node02.demo", "URI:spiffe://demo/coordinator",
                "URI:spiffe://other/node/node01,DNS:node01.other",
            ] {
                let certificate = try signed(try await agent.request(), names)
                let body = try WireJSON.document(IdentityOrder(certificate: certificate))
                let (status, error) = try await agent.refusal("POST", AgentPaths.identity, body: body)
                #expect(
                    status == 403 && error.message.contains("not 'spiffe://demo/node/node01'"), "\(error)")
            }
            let kept = try FileSystem.readAll(fixture.node.certificate)
            #expect(kept == before)
        }
    }

    /// By the cluster's authority, as no coordinator of ours would.
    private func signed(_ request: CertificateRequest, _ names: String) throws -> String {
        let directory = try TemporaryDirectory()
        for (file, text) in [
            ("request", request.pem), ("ca.pem", authority.certificatePEM),
            ("ca.key", authority.privateKeyPEM.plaintext),
            ("extensions", "subjectAltName=\(names)\nextendedKeyUsage=serverAuth,clientAuth\n"),
        ] { _ = try directory.write(file, text) }
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: try RequiredTools.path("openssl"))
        openssl.currentDirectoryURL = URL(fileURLWithPath: directory.path)
        openssl.arguments =
            "x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extensions -days 2 -out certificate"
            .split(separator: " ").map(String.init)
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        return try String(contentsOfFile: directory.path("certificate"), encoding: .utf8)
    }

    @Test
    func `believes a new authority that the old one has endorsed, and lets go of one that it needs no more`()
        async throws
    {
        try await fixture.withAgent(HeldWork()) { agent in
            let next = try CertificateAuthority.create(cluster: "demo")
            let both = authority.certificatePEM + next.certificatePEM
            let bare = try WireJSON.document(IdentityOrder(authorities: both))
            let unendorsed = try await agent.refusal("POST", AgentPaths.identity, body: bare).status
            #expect(unendorsed == 403)
            let endorsements = [try authority.endorse(next)]
            let first = try await agent.order(IdentityOrder(authorities: both, endorsements: endorsements))
            #expect(first.identity.authorities.count == 2)
            let alone = try WireJSON.document(IdentityOrder(authorities: next.certificatePEM))
            let early = try await agent.refusal("POST", AgentPaths.identity, body: alone)
            #expect(early.error.message.contains("own certificate"))
            let request = try await agent.request()
            let second = try await agent.order(
                IdentityOrder(certificate: try next.issue(.node("node01"), for: request)))
            #expect(second.identity.issuer == second.identity.authorities[1])
            let third = try await agent.order(IdentityOrder(authorities: next.certificatePEM))
            #expect(third.identity.authorities.first == second.identity.issuer)
            #expect(third.identity.authorities.count == 1)
        }
    }

    @Test func `is changed by the coordinator alone`() async throws {
        try await fixture.withAgent(HeldWork()) { agent in
            let body = try WireJSON.document(IdentityRequest())
            for path in [AgentPaths.identityRequest, AgentPaths.identity] {
                let status = try await agent.send("POST", path, body: body, as: fixture.observer).status
                #expect(status == 403)
            }
        }
    }

    @Test func `an agent that was killed between key and certificate begins with the new pair`() async throws
    {
        let old = try FileSystem.readAll(fixture.node.certificate)
        let (request, key) = try CertificateRequest.create(PeerName(cluster: "demo", role: .node("node01")))
        let certificate = try authority.issue(.node("node01"), for: request)
        try FileSystem.writeAtomically("\(fixture.node.certificate).new", Array(certificate.utf8))
        try FileSystem.writeAtomically(fixture.node.privateKey, Array(key.plaintext.utf8))
        try await fixture.withAgent(HeldWork()) { agent in
            let answer = try await agent.send("GET", AgentPaths.jobs)
            #expect(answer.status == 200)
        }
        #expect(try FileSystem.readAll(fixture.node.certificate) != old)
    }

    @Test func `a directory that cannot be written is named, and nothing is lost`() async throws {
        let directory = FileSystem.parentDirectory(of: fixture.node.privateKey)
        try await fixture.withAgent(HeldWork()) { agent in
            try attributes("+i", directory)
            defer { try? attributes("-i", directory) }
            let body = try WireJSON.document(IdentityRequest())
            let (_, error) = try await agent.refusal("POST", AgentPaths.identityRequest, body: body)
            #expect(error.kind == .configuration, "\(error)")
            #expect(error.message.contains(directory))
            #expect(error.hint?.contains("--folder") == true)
        }
    }

    private func attributes(_ change: String, _ path: String) throws {
        let process = try Process.run(URL(fileURLWithPath: "/usr/bin/chattr"), arguments: [change, path])
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}

extension AgentClient {
    fileprivate func request() async throws -> CertificateRequest {
        let answer = try await send(
            "POST", AgentPaths.identityRequest, body: WireJSON.document(IdentityRequest()))
        let request: NodeCertificateRequest = try WireJSON.read(from: answer.body, what: "request")
        return try CertificateRequest(pem: request.request)
    }

    fileprivate func order(_ order: IdentityOrder) async throws -> IdentityAnswer {
        let answer = try await send("POST", AgentPaths.identity, body: WireJSON.document(order))
        return try WireJSON.read(from: answer.body, what: String(decoding: answer.body, as: UTF8.self))
    }
}
