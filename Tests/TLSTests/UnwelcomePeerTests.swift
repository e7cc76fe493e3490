// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import TestSupport
import Testing

@testable import TLS

/// A connection lasts no longer than the right of its peer to it, whatever it carries.
@Suite(.timeLimit(.minutes(2)), .enabled(if: ClientProgram.areUsable))
struct UnwelcomePeerTests {
    @Test func `a revoked certificate is refused by an alert of its own`() async throws {
        try await TestServer.run { server in
            #expect(try await server.curl("who").status == 0)
            let serial = try server.revoke(server.coordinator)
            let refused = try await server.curl("who")
            #expect(refused.status != 0)
            #expect(refused.errors.contains("alert certificate revoked"), "\(refused.errors)")
            #expect(server.log.text.contains("the certificate with serial \(serial) is revoked"))
            let observer = try server.authority.write(.observer)
            let other = try await ClientProgram.run(
                "curl", server.curlArguments(observer) + [server.url("who")])
            #expect(other.status == 0, "\(other.errors)")
        }
    }

    @Test(arguments: ["stream", "bytes/100000000000"])
    func `an answer without an end ends with the certificate's revocation`(path: String) async throws {
        try await TestServer.run { server in
            let client = try ClientProgram(
                "curl", server.curlArguments(server.coordinator) + ["-o", "/dev/null", server.url(path)])
            try await eventually { server.seen.runningStreamCount == 1 }
            try server.revoke(server.coordinator)
            #expect(try await client.outcome().status != 0)
            try await eventually { server.seen.runningStreamCount == 0 }
        }
    }

    @Test func `a body that is being sent ends with it`() async throws {
        try await TestServer.run { server in
            let client = try ClientProgram(
                "curl",
                server.curlArguments(server.coordinator) + ["-T", "-", "-X", "POST", server.url("sink")],
                keepsInput: true)
            client.type(String(repeating: "x", count: 100_000))
            try await eventually { server.context.peers.count == 1 }
            try server.revoke(server.coordinator)
            try await eventually { server.seen.uploads.count == 1 }
            #expect(server.seen.uploads.first?.failure != nil)
            client.type("more")
            client.endInput()
            #expect(try await client.outcome().status != 0)
        }
    }

    @Test func `a connection that waits for its next request ends with it`() async throws {
        try await TestServer.run { server in
            let client = try ClientProgram("openssl", server.sClientArguments, keepsInput: true)
            client.type("GET /who HTTP/1.1\r\nHost: node01.demo\r\n\r\n")
            try await eventually { client.printed.contains("spiffe://demo/coordinator") }
            try server.revoke(server.coordinator)
            _ = try await client.outcome()
            try await eventually { server.context.peers.count == 0 }
            #expect(server.log.text.contains("the connection is ended: the peer's certificate with serial"))
        }
    }

    @Test func `other peers stay where one is revoked`() async throws {
        try await TestServer.run { server in
            let observer = try server.authority.write(.observer)
            let stays = try ClientProgram(
                "curl", server.curlArguments(observer) + ["-o", "/dev/null", server.url("stream")])
            let goes = try ClientProgram(
                "curl", server.curlArguments(server.coordinator) + ["-o", "/dev/null", server.url("stream")])
            try await eventually { server.seen.runningStreamCount == 2 }
            try server.revoke(server.coordinator)
            #expect(try await goes.outcome().status != 0)
            try await eventually { server.seen.runningStreamCount == 1 }
            #expect(server.context.peers.count == 1)
            stays.signal(SIGKILL)
            _ = try await stays.outcome()
        }
    }

    @Test func `an answer without an end ends with the certificate's life`() async throws {
        try await TestServer.run { server in
            var lifeSeconds: Int64 = 3
            while true {
                let now = Int64(Date().timeIntervalSince1970)
                let short = try server.authority.write(
                    .coordinator,
                    validity: CertificateValidity(notBefore: now - 60, notAfter: now + lifeSeconds),
                    file: "short-\(lifeSeconds)")
                let client = try ClientProgram(
                    "curl", server.curlArguments(short) + ["-o", "/dev/null", server.url("stream")])
                #expect(try await client.outcome().status != 0)
                // A machine that takes longer than that for a handshake gets more.
                if server.log.text.contains("ended: the peer's certificate has expired") { break }
                lifeSeconds *= 2
            }
            try await eventually { server.seen.runningStreamCount == 0 }
        }
    }
}

extension TestServer {
    /// - Returns: the serial.
    @discardableResult fileprivate func revoke(_ identity: TestIdentity) throws -> String {
        let serial = try CertificateFacts(contentsOf: identity.certificate).serial
        let list = try RevocationList(
            [.init(serial: serial, revokedAt: 1)], number: 1, now: 1, signedBy: authority.authority)
        context.revoke(RevocationLists([list]))
        return serial
    }
}
