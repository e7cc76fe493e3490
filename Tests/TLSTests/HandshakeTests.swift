// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import TLS
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)), .enabled(if: ClientProgram.areUsable))
struct HandshakeTests {
    @Test func `lets the coordinator in and names it to the route`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.curl("who", "--http2", "-w", "%{http_version} %{num_connects}")
            let notAfter = try CertificateFacts(contentsOf: server.coordinator.certificate).notAfter
            #expect(outcome.text.hasPrefix("spiffe://demo/coordinator \(notAfter) 127.0.0.1:"))
            #expect(outcome.text.hasSuffix("1.1 1"))
            #expect(server.log.text == "")
        }
    }

    @Test func `keeps the connection for the next request`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.curl("who", "-w", "%{num_connects}\n", server.url("who"))
            #expect(outcome.text.split(separator: "\n").map { $0.suffix(1) } == ["1", "0"])
        }
    }

    /// Who is not let in: what curl then prints, and what the log then says.
    enum Stranger: CaseIterable {
        case nobody, foreignAuthority, expired, node, noURI, otherCluster, twoURIs, hiddenURI, authorityItself

        var alert: String {
            switch self {
            case .nobody: "certificate required"
            case .foreignAuthority: "unknown ca"
            case .expired: "certificate expired"
            case .node, .authorityItself: "unsupported certificate"
            case .noURI, .otherCluster, .twoURIs, .hiddenURI: "bad certificate"
            }
        }

        var logged: String {
            switch self {
            case .nobody: "peer did not return a certificate"
            case .foreignAuthority: "unable to get local issuer certificate (O = demo, CN = coordinator)"
            case .expired: "certificate has expired (O = demo, CN = coordinator)"
            case .node: "unsuitable certificate purpose (O = demo, CN = node02)"
            case .noURI: "'' names no node, coordinator or observer of a cluster (O = demo, CN = coordinator)"
            case .otherCluster: "'spiffe://other/coordinator' is no peer of the cluster 'demo'"
            case .twoURIs: "'spiffe://demo/coordinator spiffe://demo/observer' names no node"
            case .hiddenURI: "'' names no node"
            case .authorityItself: "unsuitable certificate purpose (O = demo, CN = amfleet authority)"
            }
        }

        func identity(_ authority: TestAuthority) throws -> TestIdentity? {
            var profile = try CertificateProfile.peer(PeerName(cluster: "demo", role: .coordinator))
            switch self {
            case .nobody:
                return nil
            case .foreignAuthority:
                return try TestAuthority(directory: authority.directory + "/foreign").write(.coordinator)
            case .expired:
                let past = CertificateValidity(notBefore: 1_700_000_000, notAfter: 1_700_086_400)
                return try authority.write(.coordinator, validity: past, file: "stranger")
            case .node:
                return try authority.write(.node("node02"))
            case .noURI:
                profile.subjectAlternativeName = "DNS:coordinator.demo"
            case .otherCluster:
                profile.subjectAlternativeName = "URI:spiffe://other/coordinator"
            case .twoURIs:
                profile.subjectAlternativeName = "URI:spiffe://demo/coordinator,URI:spiffe://demo/observer"
            case .hiddenURI:
                profile.subjectAlternativeName = derName("spiffe://demo/coordinator\0")
            case .authorityItself:
                return try authority.writeAuthorityAsPeer()
            }
            return try authority.write(profile, file: "stranger")
        }

        /// OpenSSL's config syntax has no way to write a NUL into a URI; DER has.
        private func derName(_ uri: String) -> String {
            let bytes = Array(uri.utf8)
            let names = [0x30, UInt8(bytes.count + 2), 0x86, UInt8(bytes.count)] + bytes
            return "DER:" + names.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        }
    }

    @Test(arguments: Stranger.allCases)
    func `refuses strangers by an alert that arrives, and logs why`(stranger: Stranger) async throws {
        try await TestServer.run { server in
            let identity = try stranger.identity(server.authority)
            let outcome = try await ClientProgram.run(
                "curl", server.curlArguments(identity) + [server.url("who")])
            #expect(outcome.status == 56)
            #expect(outcome.errors.contains("alert \(stranger.alert)"))
            #expect(outcome.text == "")
            #expect(server.log.text.contains("TLS handshake failed: \(stranger.logged)"))
            #expect(server.log.text.contains("peer=127.0.0.1"))
            #expect(!server.log.text.contains("peer=127.0.0.1:"), "a port would be a new peer each time")
        }
    }

    @Test func `tells each of many strangers in a row, never by a reset`() async throws {
        try await TestServer.run { server in
            let foreign = try TestAuthority(directory: server.authority.directory + "/foreign").write(
                .coordinator)
            var alerts = 0
            for _ in 0..<100 {
                let arguments =
                    server.curlArguments(foreign) + ["--data-binary", "@/usr/bin/env", server.url("sink")]
                let outcome = try await ClientProgram.run("curl", arguments)
                alerts += outcome.errors.contains("alert unknown ca") ? 1 : 0
            }
            #expect(alerts == 100)
        }
    }

    @Test func `speaks TLS 1.3 only`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.curl("who", "--tls-max", "1.2")
            #expect(outcome.status == 35)
            #expect(outcome.errors.contains("alert protocol version"))
            #expect(server.log.text.contains("TLS handshake failed: unsupported protocol"))
        }
    }

    @Test func `tells whoever speaks plain HTTP what the port is for`() async throws {
        try await TestServer.run { server in
            let outcome = try await ClientProgram.run(
                "curl", ["-sS", "-w", "%{http_code}", "http://127.0.0.1:\(server.port)/who"])
            #expect(
                outcome.text == "this port speaks HTTPS, and asks for a certificate of its cluster\n400")
            #expect(server.log.text.contains("TLS handshake failed: http request"))
        }
    }

    @Test func `gives no ticket that would let a client come back without a certificate`() async throws {
        try await TestServer.run { server in
            let session = server.authority.directory + "/session.pem"
            let request = Data("GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8)
            let outcome = try await ClientProgram.run(
                "openssl", server.sClientArguments + ["-sess_out", session, "-ign_eof"], input: request)
            #expect(outcome.text.contains("spiffe://demo/coordinator"))
            #expect(!outcome.text.contains("New Session Ticket arrived"))
            #expect(!FileManager.default.fileExists(atPath: session))
        }
    }
}
