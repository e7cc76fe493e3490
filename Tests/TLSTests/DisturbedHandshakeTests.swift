// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import TLS

@Suite(.timeLimit(.minutes(5)), .enabled(if: ClientProgram.areUsable))
struct DisturbedHandshakeTests {
    @Test func `lets a silent connection go when its time is up`() async throws {
        try await TestServer.run(limits: TLSLimits(handshake: .milliseconds(300))) { server in
            let words = try await server.scene("silent").text.split(separator: " ")
            #expect(words.first == "b''")
            #expect(try #require(words.last.flatMap { Double($0.dropLast()) }) >= 0.25)
            #expect(server.log.text.contains("TLS handshake failed: the peer took too long peer=127.0.0.1"))
            #expect(!server.log.text.contains("peer=127.0.0.1:"), "a port would be a new peer each time")
        }
    }

    @Test(arguments: ["half-hello", "after-server-hello"], ["fin", "reset"])
    func `closes when the peer leaves within the handshake`(scene: String, ending: String) async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene(scene, ending)
            #expect(outcome.status == 0, "\(outcome.errors)")
            try await eventually {
                server.log.text.contains("TLS handshake failed: the peer closed the connection")
            }
            #expect(try await server.curl("who").status == 0)
        }
    }

    @Test func `closes on garbage and goes on serving`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene("garbage")
            #expect(outcome.text == "107 107\n", "\(outcome.errors)")
            #expect(try await server.curl("who").status == 0)
        }
    }

    @Test(.long, arguments: 1...4)
    func `outlives peers that do anything at any moment, and lets go of all of them`(seed: Int) async throws {
        let limits = TLSLimits(
            handshake: .seconds(2), idle: .seconds(1), stalledPeer: .seconds(2), lastBytes: .seconds(2))
        try await TestServer.run(limits: limits, endsGracefully: true) { server in
            let outcome = try await server.scene("chaos", "\(seed)")
            #expect(outcome.text == "done\n", "\(outcome.errors)")
            try await eventually { server.seen.runningStreamCount == 0 }
            #expect(try await server.curl("who").text.hasPrefix("spiffe://demo/coordinator"))
        }
    }

    @Test func `takes a handshake and a request that come byte by byte`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene("byte-by-byte")
            #expect(outcome.text == "close_notify True\n", "\(outcome.errors)")
        }
    }
}
