// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Logging
import TestSupport
import Testing

@testable import TLS

@Suite(.timeLimit(.minutes(5)), .enabled(if: ClientProgram.areUsable))
struct TLSServerContextTests {
    @Test func `names the file that is missing, rubbish or another's`() throws {
        try withIdentity { identity, authority in
            let other = try authority.write(.node("node02"))
            #expect(throws: TLSError.unreadable(path: "/nowhere.pem", reason: "No such file or directory")) {
                try context(
                    TestIdentity(
                        authority: "/nowhere.pem", certificate: identity.certificate,
                        privateKey: identity.privateKey))
            }
            let rubbish = #expect(throws: TLSError.self) {
                try context(
                    TestIdentity(
                        authority: identity.authority, certificate: "/etc/hostname",
                        privateKey: identity.privateKey))
            }
            #expect(
                rubbish?.description
                    == "'/etc/hostname' cannot be used as the certificate: no start line; PEM lib")
            let mismatch = #expect(throws: TLSError.self) {
                try context(
                    TestIdentity(
                        authority: identity.authority, certificate: identity.certificate,
                        privateKey: other.privateKey))
            }
            #expect(
                mismatch?.description == """
                    the private key '\(other.privateKey)' is not that of the certificate '\(identity.certificate)'
                    hint: copy both again, from the same folder.
                    """)
        }
    }

    @Test func `warns of what peers will refuse`() throws {
        try withIdentity { identity, authority in
            #expect(try context(identity).warnings == [])
            let foreign = try TestAuthority(cluster: "other", directory: authority.directory)
                .write(.node("node01"), file: "foreign")
            let mixed = TestIdentity(
                authority: identity.authority, certificate: foreign.certificate,
                privateKey: foreign.privateKey)
            #expect(
                try context(mixed).warnings.map { $0.contains("not issued by") || $0.contains("no peer of") }
                    == [true, true])
        }
    }

    @Test func `shows new certificates to new connections and keeps old streams`() async throws {
        try await TestServer.run { server in
            let stream = try ClientProgram(
                "curl", server.curlArguments(server.coordinator) + ["-N", server.url("stream")])
            try await eventually { stream.printed.contains("event") }
            let before = try await serial(server)
            let reloader = TLSReloader(server.context, logger: server.log.logger)
            #expect(reloader.checkNow() == .unchanged)
            _ = try server.authority.write(.node("node01"))
            #expect(reloader.checkNow() == .reloaded)
            let after = try await serial(server)
            #expect(after != before)
            #expect(after == server.context.certificateFacts.serial)

            let stranger = try server.authority.write(.node("node02"))
            try replace(server.context.files.privateKey, by: stranger.privateKey)
            guard case .refused(.keyMismatch) = reloader.checkNow() else {
                Issue.record("took a key that is not the certificate's")
                return
            }
            #expect(reloader.checkNow() == .unchanged)
            try Data("rubbish".utf8).write(to: URL(fileURLWithPath: server.context.files.certificate))
            guard case .refused(.unusable) = reloader.checkNow() else {
                Issue.record("took rubbish for a certificate")
                return
            }
            #expect(try await serial(server) == after)

            let lineCount = stream.printed.count
            try await eventually { stream.printed.count > lineCount }
            #expect(server.seen.runningStreamCount == 1)
        }
    }

    @Test func `refuses the peers of an authority that was replaced`() async throws {
        try await TestServer.run { server in
            #expect(try await server.curl("who").status == 0)
            let replacement = try TestAuthority(directory: server.authority.directory + "/new")
            try replace(server.context.files.authority, by: replacement.certificatePath)
            try server.context.reload()
            let arguments = server.curlArguments(server.coordinator) + ["--insecure", server.url("who")]
            let outcome = try await ClientProgram.run("curl", arguments)
            #expect(outcome.errors.contains("alert unknown ca"))
        }
    }

    @Test func `reloads by itself when the files change`() async throws {
        try await TestServer.run { server in
            let reloader = TLSReloader(server.context, every: .milliseconds(50), logger: server.log.logger)
            let before = server.context.certificateFacts.serial
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await reloader.run() }
                _ = try server.authority.write(.node("node01"))
                try await eventually { server.context.certificateFacts.serial != before }
                tasks.cancelAll()
            }
        }
    }

    private func serial(_ server: TestServer) async throws -> String {
        let shown = try await ClientProgram.run("openssl", server.sClientArguments)
        return try CertificateFacts(pem: shown.text).serial
    }

    private func replace(_ path: String, by other: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: other)).write(
            to: URL(fileURLWithPath: path), options: .atomic)
    }

    private func context(_ identity: TestIdentity) throws -> TLSServerContext {
        try TLSServerContext(
            authority: identity.authority, certificate: identity.certificate, privateKey: identity.privateKey,
            cluster: "demo")
    }

    private func withIdentity(_ body: (TestIdentity, TestAuthority) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "tls-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let authority = try TestAuthority(directory: directory)
        try body(authority.write(.node("node01")), authority)
    }
}
