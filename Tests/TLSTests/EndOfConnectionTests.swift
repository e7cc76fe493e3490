// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServiceLifecycle
import TestSupport
import Testing

@testable import TLS

@Suite(.timeLimit(.minutes(5)), .enabled(if: ClientProgram.areUsable))
struct EndOfConnectionTests {
    @Test(arguments: [
        ("cut-mid-record", "fin"), ("cut-mid-record", "reset"), ("fin-between-records", "fin"),
        ("close-notify-in-chunked", "close_notify"),
    ])
    func `never takes a body that was cut for a whole one`(scene: String, ending: String) async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene(scene, ending)
            #expect(outcome.status == 0, "\(outcome.errors)")
            try await eventually { !server.seen.uploads.isEmpty }
            #expect(server.seen.uploads.map { $0.failure != nil } == [true])
            #expect(server.seen.uploads.allSatisfy { $0.byteCount <= 32_000 })
        }
    }

    @Test func `refuses a record that was tampered with, by an alert`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene("tampered")
            #expect(outcome.text.contains("BAD_RECORD_MAC"), "\(outcome.text)\(outcome.errors)")
        }
    }

    @Test func `sends all to a peer that has said close_notify and only reads`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene("close-notify-then-read")
            #expect(outcome.text == "True close_notify fin\n", "\(outcome.errors)")
        }
    }

    @Test func `sends all to a peer that has closed its side without close_notify`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene("fin-then-read")
            #expect(outcome.text == "True close_notify\n", "\(outcome.errors)")
        }
    }

    @Test func `lets go of a peer that never closes`() async throws {
        try await TestServer.run(limits: TLSLimits(linger: .milliseconds(500))) { server in
            let outcome = try await server.scene("never-closes")
            let words = outcome.text.split(separator: " ")
            #expect(words.dropLast() == ["close_notify", "fin"], "\(outcome.errors)")
            #expect(try #require(words.last.flatMap { Double($0.dropLast()) }) >= 0.4)
        }
    }

    @Test func `sends all to a slow reader before it closes`() async throws {
        try await TestServer.run(limits: TLSLimits(linger: .milliseconds(200))) { server in
            let outcome = try await server.scene("slow")
            #expect(outcome.text == "True close_notify\n", "\(outcome.errors)")
        }
    }

    @Test func `reads a body that nobody wants, so that the answer is not lost`() async throws {
        try await TestServer.run(limits: TLSLimits(linger: .seconds(60))) { server in
            let outcome = try await server.scene("refused-upload")
            #expect(outcome.text == "HTTP/1.1 200 close_notify\n", "\(outcome.errors)")
        }
    }

    @Test func `closes an idle connection`() async throws {
        try await TestServer.run(limits: TLSLimits(idle: .milliseconds(300))) { server in
            let client = try ClientProgram("openssl", server.sClientArguments + ["-quiet"], keepsInput: true)
            let outcome = try await client.outcome()
            #expect(outcome.text == "")
        }
    }

    @Test(arguments: ["kill", "close_notify", "fin", "reset"])
    func `ends a stream when its reader is gone`(ending: String) async throws {
        try await TestServer.run { server in
            let client = try server.startScene("leave-stream", [ending])
            try await eventually { client.printed.contains("reading") }
            if ending == "kill" {
                client.signal(SIGKILL)
            }
            _ = try await client.outcome()
            try await eventually { server.seen.runningStreamCount == 0 }
        }
    }

    @Test func `ends a graceful shutdown when the requests have ended`() async throws {
        try await TestServer.run { server in
            let idle = try ClientProgram("openssl", server.sClientArguments + ["-quiet"], keepsInput: true)
            let busy = try ClientProgram(
                "curl",
                server.curlArguments(server.coordinator) + [
                    "--limit-rate", "4M", server.url("bytes/6000000"),
                ])
            try await eventually { server.seen.producedByteCount > 0 }
            await server.services.triggerGracefulShutdown()
            #expect(try await busy.outcome().output.count == 6_000_000)
            _ = try await idle.outcome()
        }
    }
}
