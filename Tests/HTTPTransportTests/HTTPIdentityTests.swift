// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import TestSupport
import Testing

@testable import HTTPTransport

/// TLS against `openssl s_server`, which demands a client certificate.
@Suite(.enabled(if: RequiredTools.areUsable("openssl")), .timeLimit(.minutes(5)))
struct HTTPIdentityTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let node: TestIdentity
    private let coordinator: TestIdentity
    private let transport: HTTPTransport

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority(cluster: "demo", directory: directory.path)
        node = try authority.write(.node("node01"))
        coordinator = try authority.write(.coordinator)
        transport = try HTTPTransport()
    }

    private func server(
        as identity: TestIdentity? = nil, options: [String] = ["-tls1_3"]
    ) async throws -> (port: Int, process: ServerProcess) {
        let node = identity ?? self.node
        let port = FreePort.find()
        let process = try ServerProcess(
            [
                try RequiredTools.path("openssl"), "s_server", "-accept", "127.0.0.1:\(port)", "-cert",
                node.certificate, "-key", node.privateKey, "-CAfile", node.authority, "-Verify", "2",
                "-verify_return_error", "-www", "-quiet",
            ] + options, logPath: directory.path("s_server-\(port).log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        return (port, process)
    }

    private func request(_ port: Int, _ identity: HTTPIdentity, host: String = "node01.demo") -> HTTPRequest {
        HTTPRequest(url: "https://\(host):7443/", connectTo: "127.0.0.1:\(port)", identity: identity)
    }

    private func identity(of peer: TestIdentity) -> HTTPIdentity {
        HTTPIdentity(authority: peer.authority, certificate: peer.certificate, privateKey: peer.privateKey)
    }

    @Test func `both sides are content with certificates of one authority`() async throws {
        let (port, process) = try await server()
        #expect(try await transport.send(request(port, identity(of: coordinator))).status == 200)
        await process.stop()
    }

    @Test func `a server of another cluster is not trusted`() async throws {
        let (port, process) = try await server()
        let other = try TestAuthority(cluster: "other", directory: directory.path("other"))
        let stranger = try other.write(.coordinator)
        await expect(request(port, identity(of: stranger))) { error in
            if case .tlsPeerUntrusted = error { true } else { false }
        }
        await process.stop()
    }

    @Test func `a server of another name is not trusted`() async throws {
        let (port, process) = try await server()
        await expect(request(port, identity(of: coordinator), host: "node02.demo")) { error in
            if case .tlsPeerUntrusted = error { true } else { false }
        }
        await process.stop()
    }

    @Test func `the URI in the server's certificate is looked at before anything is sent`() async throws {
        let (port, process) = try await server()
        var wanted = identity(of: coordinator)
        wanted.peerURI = "spiffe://demo/node/node01"
        #expect(try await transport.send(request(port, wanted)).status == 200)
        wanted.peerURI = "spiffe://demo/node/node02"
        await expect(request(port, wanted)) { error in
            guard case .tlsPeerUntrusted(_, let text) = error else { return false }
            return text
                == "its certificate names 'spiffe://demo/node/node01', not 'spiffe://demo/node/node02'"
        }
        await process.stop()
    }

    @Test(arguments: [
        ("DNS:node01.demo", "no URI"),
        (
            "URI:spiffe://demo/node/node01,URI:spiffe://demo/observer,DNS:node01.demo",
            "'spiffe://demo/node/node01', 'spiffe://demo/observer'"
        ),
    ])
    func `a certificate without a URI, or with a second one, is not the one that is wanted`(
        names: String, told: String
    ) async throws {
        var profile = try CertificateProfile.peer(PeerName(cluster: "demo", role: .node("node01")))
        profile.subjectAlternativeName = names
        let (port, process) = try await server(as: authority.write(profile, file: "odd"))
        var wanted = identity(of: coordinator)
        wanted.peerURI = "spiffe://demo/node/node01"
        await expect(request(port, wanted)) { error in
            guard case .tlsPeerUntrusted(_, let text) = error else { return false }
            return text == "its certificate names \(told), not 'spiffe://demo/node/node01'"
        }
        await process.stop()
    }

    @Test func `a connection that is used again is looked at again`() async throws {
        let port = FreePort.find()
        let process = try ServerProcess(
            [
                try RequiredTools.path("python3"), "-c", Self.keepingServer, "\(port)", node.certificate,
                node.privateKey,
            ], logPath: directory.path("keeping.log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        var wanted = identity(of: coordinator)
        #expect(try await transport.send(request(port, wanted)).body == Array("1".utf8))
        wanted.peerURI = "spiffe://demo/node/node01"
        #expect(try await transport.send(request(port, wanted)).body == Array("2".utf8))
        wanted.peerURI = "spiffe://demo/node/node02"
        await expect(request(port, wanted)) { error in
            if case .tlsPeerUntrusted = error { true } else { false }
        }
        await process.stop()
    }

    private func keepingServer(as node: TestIdentity) async throws -> (port: Int, process: ServerProcess) {
        let port = FreePort.find()
        let process = try ServerProcess(
            [
                try RequiredTools.path("python3"), "-c", Self.keepingServer, "\(port)", node.certificate,
                node.privateKey,
            ], logPath: directory.path("keeping-\(port).log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        return (port, process)
    }

    @Test func `identities of different files share no connection`() async throws {
        let (port, process) = try await keepingServer(as: node)
        let other = try authority.write(.observer, file: "observer")
        for (peer, count) in [(coordinator, "1"), (other, "1"), (coordinator, "2"), (other, "2")] {
            #expect(try await transport.send(request(port, identity(of: peer))).body == Array(count.utf8))
        }
        await process.stop()
    }

    @Test func `files that were replaced count for the next connection`() async throws {
        let (port, process) = try await server()
        var first = request(port, identity(of: coordinator))
        first.reusesConnection = false
        #expect(try await transport.send(first).status == 200)
        let stranger = try TestAuthority(cluster: "other", directory: directory.path("other"))
            .write(.coordinator)
        let kept = try String(contentsOfFile: coordinator.certificate, encoding: .utf8)
        let keptKey = try String(contentsOfFile: coordinator.privateKey, encoding: .utf8)
        func replace(_ certificate: String, _ key: String) throws {
            try certificate.write(toFile: coordinator.certificate, atomically: true, encoding: .utf8)
            try key.write(toFile: coordinator.privateKey, atomically: true, encoding: .utf8)
        }
        try replace(
            String(contentsOfFile: stranger.certificate, encoding: .utf8),
            String(contentsOfFile: stranger.privateKey, encoding: .utf8))
        await expect(first) { if case .tlsPeerRefused = $0 { true } else { false } }
        try replace(kept, keptKey)
        #expect(try await transport.send(first).status == 200)
        let authorities = try String(contentsOfFile: coordinator.authority, encoding: .utf8)
        try String(contentsOfFile: stranger.authority, encoding: .utf8)
            .write(toFile: coordinator.authority, atomically: true, encoding: .utf8)
        await expect(first) { if case .tlsPeerUntrusted = $0 { true } else { false } }
        try authorities.write(toFile: coordinator.authority, atomically: true, encoding: .utf8)
        await process.stop()
    }

    private func look(
        _ identity: HTTPIdentity, known: IdentityReading? = nil
    ) -> IdentityReading {
        IdentityLook(IdentityPaths(identity), known: known, now: .now).read()
    }

    @Test func `files are read once, and again when one of them has changed`() throws {
        let identity = identity(of: coordinator)
        let first = look(identity)
        let context = try #require(first.context)
        #expect(look(identity, known: first).context === context)
        let text = try String(contentsOfFile: coordinator.certificate, encoding: .utf8)
        try text.write(toFile: coordinator.certificate, atomically: true, encoding: .utf8)
        let again = look(identity, known: first)
        #expect(again.context != nil && again.context !== context)
        try Data(text.utf8.dropLast(200)).write(to: URL(fileURLWithPath: coordinator.certificate))
        #expect(look(identity, known: again).context == nil)
        #expect(look(HTTPIdentity(authority: coordinator.authority)).context == nil)
        try text.write(toFile: coordinator.certificate, atomically: true, encoding: .utf8)
    }

    @Test func `a peer whose certificate is revoked is not spoken to, new or used again`() async throws {
        let port = FreePort.find()
        let process = try ServerProcess(
            [
                try RequiredTools.path("python3"), "-c", Self.keepingServer, "\(port)", node.certificate,
                node.privateKey,
            ], logPath: directory.path("revoked.log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        var wanted = identity(of: coordinator)
        wanted.peerURI = "spiffe://demo/node/node01"
        #expect(try await transport.send(request(port, wanted)).body == Array("1".utf8))
        let serial = try CertificateFacts(contentsOf: node.certificate).serial
        let list = try RevocationList(
            [.init(serial: serial, revokedAt: 1)], number: 1, now: 1, signedBy: authority.authority)
        wanted.revoked = RevocationLists([list])
        for _ in 0..<2 {
            await expect(request(port, wanted)) { error in
                guard case .tlsPeerRevoked(_, let found) = error else { return false }
                return found == serial
            }
        }
        await process.stop()
    }

    @Test func `a server that refuses our missing certificate says so`() async throws {
        let (port, process) = try await server()
        await expect(request(port, HTTPIdentity(authority: coordinator.authority))) { error in
            if case .tlsPeerRefused = error { true } else { false }
        }
        await process.stop()
    }

    @Test func `a server that refuses our foreign certificate says so`() async throws {
        let (port, process) = try await server()
        let other = try TestAuthority(cluster: "other", directory: directory.path("other"))
        var mixed = identity(of: try other.write(.coordinator))
        mixed.authority = coordinator.authority
        await expect(request(port, mixed)) { error in
            if case .tlsPeerRefused = error { true } else { false }
        }
        await process.stop()
    }

    @Test func `TLS 1.2 is not enough between nodes`() async throws {
        let (port, process) = try await server(options: ["-tls1_2"])
        await expect(request(port, identity(of: coordinator))) { error in
            switch error {
            case .tls, .tlsPeerRefused: true
            default: false
            }
        }
        await process.stop()
    }

    @Test func `a key file that is missing is named as a TLS failure`() async throws {
        let (port, process) = try await server()
        var broken = identity(of: coordinator)
        broken.privateKey = directory.path("absent.key")
        await expect(request(port, broken)) { error in
            if case .tls = error { true } else { false }
        }
        await process.stop()
    }

    /// Answers with the number of the request on its connection, and keeps connections open.
    private static let keepingServer = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            count = 0
            def do_GET(self):
                self.count += 1
                body = str(self.count).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
        """

    private func expect(_ request: HTTPRequest, _ isExpected: (HTTPTransportError) -> Bool) async {
        do {
            let response = try await transport.send(request)
            Issue.record("answered with \(response.status)")
        } catch {
            #expect(isExpected(error), "\(error)")
        }
    }
}
