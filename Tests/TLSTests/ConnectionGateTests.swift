// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import TLS

@Suite(.timeLimit(.minutes(3)), .enabled(if: ClientProgram.areUsable))
struct ConnectionGateTests {
    private var few: ConnectionLimits {
        var limits = ConnectionLimits(descriptorCount: 1_024)
        (limits.all, limits.unproved, limits.perPeer) = (16, 8, 4)
        return limits
    }

    @Test func `a crowd of strangers keeps nobody out, and all but a few are let go of`() async throws {
        try await TestServer.run(limits: TLSLimits(handshake: .seconds(600)), connections: few) { server in
            let crowd = try server.startScene("crowd", ["200", "192"])
            try await eventually { crowd.printed.contains("there") }
            let outcome = try await server.curl("who")
            #expect(outcome.text.hasPrefix("spiffe://demo/coordinator"), "\(outcome.errors)")
            try await eventually { crowd.printed.contains("gone") }
            #expect(server.log.text.contains("too many connections have not proved who they are"))
        }
    }

    @Test func `one name has a few connections, and is told so`() async throws {
        try await TestServer.run(connections: few) { server in
            let outcome = try await server.scene("too-many", "4")
            #expect(outcome.text.contains("503 Service Unavailable"), "\(outcome.text)\(outcome.errors)")
            #expect(outcome.text.contains("spiffe://demo/coordinator has 4"))
        }
    }

    @Test func `a connection that is idle gives way to one of the same name`() async throws {
        try await TestServer.run(connections: few) { server in
            let outcome = try await server.scene("idle-goes", "4")
            #expect(outcome.text.hasSuffix("\nclose_notify\n"), "\(outcome.text)\(outcome.errors)")
        }
    }

    @Test func `a request whose head never ends has an end`() async throws {
        try await TestServer.run(limits: TLSLimits(idle: .milliseconds(700)), connections: few) { server in
            let outcome = try await server.scene("slow-head")
            #expect(outcome.text == "ended\n", "\(outcome.errors)")
        }
    }
}
