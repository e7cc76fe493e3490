// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServiceLifecycle
import TestSupport
import Testing

@testable import TLS

@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: ClientProgram.areUsable))
struct TransferTests {
    static let bulkByteCount = 100 << 20

    @Test func `sends 100 MiB as they were`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.curl("bytes/\(Self.bulkByteCount)", "--limit-rate", "80M")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output == Self.bulk)
        }
    }

    @Test func `takes 100 MiB as they were, in a route that begins late`() async throws {
        try await TestServer.run { server in
            let file = server.authority.directory + "/bulk"
            try Self.bulk.write(to: URL(fileURLWithPath: file))
            let outcome = try await server.curl("slowsink", "-T", file, "-X", "POST", "-H", "Expect:")
            #expect(server.seen.uploads == [Observations.Upload(byteCount: Self.bulkByteCount)])
            #expect(outcome.text == "\(Self.bulkByteCount)\n", "\(outcome.errors)")
        }
    }

    @Test func `reads no further ahead than the route does`() async throws {
        try await TestServer.run { server in
            let before = try residentByteCount()
            let clients = try (0..<4).map { _ in
                try ClientProgram(
                    "curl",
                    server.curlArguments(server.coordinator)
                        + [
                            "-T", "/dev/zero", "-X", "POST", "-H", "Expect:", "-m", "1",
                            server.url("slowsink"),
                        ])
            }
            for client in clients {
                _ = try await client.outcome()
            }
            #expect(try residentByteCount() - before < 64 << 20)
            try await eventually { server.seen.uploads.count == 4 }
            #expect(server.seen.uploads.allSatisfy { $0.failure != nil })
        }
    }

    @Test func `produces no more for stalled readers than the kernel takes`() async throws {
        try await TestServer.run { server in
            let clients = try (0..<10).map { _ in
                try server.startScene("stalled", ["bytes/\(Self.bulkByteCount)"])
            }
            try await eventually { clients.allSatisfy { $0.printed.contains("asked") } }
            var last = -1
            try await eventually {
                defer { last = server.seen.producedByteCount }
                try await Task.sleep(for: .seconds(1))
                return server.seen.producedByteCount == last
            }
            #expect(server.seen.producedByteCount < clients.count * 12 << 20)
            #expect(try await server.curl("who").status == 0)
        }
    }

    @Test func `lets a stalled reader go when its time is up`() async throws {
        try await TestServer.run(limits: TLSLimits(stalledPeer: .milliseconds(500))) { server in
            let client = try server.startScene("stalled", ["bytes/\(Self.bulkByteCount)"])
            try await eventually { client.printed.contains("asked") && server.seen.producedByteCount > 0 }
            try await eventually { server.seen.runningStreamCount == 0 }
            #expect(server.seen.producedByteCount < Self.bulkByteCount)
        }
    }

    @Test func `serves 300 connections at once`() async throws {
        // As many of one name as a server of the most descriptors would not take by itself.
        var limits = ConnectionLimits()
        (limits.all, limits.unproved, limits.perPeer) = (400, 400, 400)
        try await TestServer.run(connections: limits) { server in
            let list = server.authority.directory + "/urls"
            let urls = (0..<300).map { _ in "url = \(server.url("together/300"))" }
            try Data(urls.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: list))
            let outcome = try await ClientProgram.run(
                "curl",
                server.curlArguments(server.coordinator)
                    + ["--parallel", "--parallel-immediate", "--parallel-max", "300", "--config", list])
            #expect(
                outcome.text == String(repeating: "together\n", count: 300), "\(outcome.errors.suffix(500))")
        }
    }

    @Test func `answers requests that come in one record, in order`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene("pipelined")
            #expect(outcome.text == "5 close_notify\n", "\(outcome.errors)")
        }
    }

    @Test func `takes a body in 150,000 records`() async throws {
        try await TestServer.run { server in
            let outcome = try await server.scene("many-records")
            #expect(outcome.text == "enough\n", "\(outcome.errors)")
            #expect(server.seen.uploads.map(\.byteCount) == [1 << 20])
        }
    }

    @Test(arguments: ["k", "K"])
    func `goes on after the peer has changed its keys`(command: String) async throws {
        try await TestServer.run { server in
            let client = try ClientProgram("openssl", server.sClientArguments, keepsInput: true)
            let request = "GET /who HTTP/1.1\r\nHost: x\r\n"
            client.type(request + "\r\n")
            try await eventually { client.printed.contains("spiffe://demo/coordinator ") }
            for _ in 0..<3 {
                client.type("\(command)\n")
                try await Task.sleep(for: .milliseconds(100))
            }
            client.type(request + "Connection: close\r\n\r\n")
            let outcome = try await client.outcome()
            #expect(outcome.text.components(separatedBy: "spiffe://demo/coordinator ").count == 3)
            #expect(outcome.errors.contains("KEYUPDATE"))
        }
    }

    private static let bulk: Data = {
        var data = Data(capacity: bulkByteCount)
        while data.count < bulkByteCount {
            data.append(contentsOf: Pattern.bytes(at: data.count, count: bulkByteCount - data.count))
        }
        return data
    }()

    private func residentByteCount() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4_096
    }
}
