// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import TestSupport
import Testing

@testable import S3

/// Many objects deleted by few requests.
@Suite(.enabled(if: RequiredTools.areUsable("weed", "rclone")), .timeLimit(.minutes(4)))
struct DeletionTests {
    private let proxy: FaultyProxy
    private let fixture: S3Fixture
    private var client: S3Client { fixture.client }

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket())
    }

    /// The sort of names that XML, URLs and S3 may get wrong.
    private static let names = [
        "a", "b & c", "<d>", "é\"'", "e+f%20", "g]]>", "h/i", "slot-01f00000001-b0000000000000000.data",
    ]

    private func put(_ keys: [String], _ client: S3Client) async throws {
        for key in keys { _ = try await client.put(key, [1]) }
    }

    private func count(_ method: String, _ target: String = "") -> Int {
        proxy.requests.count { $0.hasPrefix("\(method) ") && $0.contains(target) }
    }

    @Test(arguments: S3Fixture.Store.allCases)
    func `exactly the keys that were named go`(store: S3Fixture.Store) async throws {
        let fixture = try await S3Fixture(store)
        let names = store == .rclone ? Self.names.filter { $0 != "e+f%20" } : Self.names
        let keys = names.map(fixture.key)
        let kept = [fixture.key("kept"), fixture.key("a-kept")]
        try await put(keys + kept, fixture.client)
        try await fixture.client.delete(keys + [fixture.key("never there")])
        let left = try await fixture.client.list(prefix: fixture.prefix).objects.map(\.key)
        #expect(left.sorted() == kept.sorted())
        try await fixture.client.delete(keys)
        try await fixture.client.delete([])
    }

    @Test func `a thousand keys are one request`() async throws {
        let keys = (0..<1203).map { "block-\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<16 {
                group.addTask {
                    try await put(stride(from: start, to: keys.count, by: 16).map { keys[$0] }, client)
                }
            }
            try await group.waitForAll()
        }
        try await client.delete(keys)
        #expect(count("POST", "?delete") == 2)
        #expect(count("DELETE") == 0)
        #expect(try await client.list(prefix: "").objects.isEmpty)
    }

    private static func answer(_ errors: [(key: String, code: String)]) -> ProxyFault {
        let list = errors.map {
            "<Error><Key>\($0.key)</Key><Code>\($0.code)</Code><Message>said the proxy</Message></Error>"
        }
        return .answer(status: 200, body: "<DeleteResult>\(list.joined())</DeleteResult>")
    }

    @Test func `keys that the store could not delete just now are asked for again, together`() async throws {
        let keys = ["a", "b", "c", "d"]
        try await put(keys, client)
        proxy.inject(
            Self.answer(keys.map { ($0, "InternalError") }), method: "POST", target: "?delete")
        proxy.inject(Self.answer(keys.map { ($0, "SlowDown") }), method: "POST", target: "?delete")
        try await client.delete(keys)
        #expect(count("POST", "?delete") == 3)
        #expect(count("DELETE") == 0)
        #expect(try await client.list(prefix: "").objects.isEmpty)
    }

    @Test func `a key that the store refuses is named with the store's reason, and the others are gone`()
        async throws
    {
        let keys = ["a", "b", "c"]
        try await put(keys, client)
        try await client.delete(["a", "c"])
        proxy.inject(Self.answer([("b", "AccessDenied")]), method: "POST", target: "?delete")
        proxy.inject(.error(status: 403, code: "AccessDenied"), method: "DELETE")
        do {
            try await client.delete(keys)
            Issue.record("deleted")
        } catch S3Error.accessDenied(let call) {
            #expect(call.action == "DeleteObject" && call.key == "b")
        }
        #expect(try await client.list(prefix: "").objects.map(\.key) == ["b"])
    }

    private static let refusals: [ProxyFault] = [
        .error(status: 501, code: "NotImplemented"), .answer(status: 405),
        .error(status: 400, code: "InvalidRequest"), .error(status: 403, code: "AccessDenied"),
        .answer(status: 200, body: "<html>"),
    ]

    @Test(arguments: refusals.indices)
    func `a store that knows no such request gets one a key`(index: Int) async throws {
        let keys = (0..<40).map { "block-\($0)" }
        try await put(keys, client)
        proxy.inject(Self.refusals[index], method: "POST", target: "?delete", times: 3)
        try await client.delete(Array(keys.prefix(20)))
        #expect(count("POST", "?delete") == (index == 4 ? 3 : 1))
        try await client.delete(Array(keys.suffix(20)))
        #expect(count("POST", "?delete") == (index == 4 ? 3 : 1), "it is not asked a second time")
        #expect(count("DELETE") == 40)
        #expect(try await client.list(prefix: "").objects.isEmpty)
    }

    @Test func `a request whose answer is lost is sent again`() async throws {
        let keys = ["a", "b"]
        try await put(keys, client)
        for fault in [ProxyFault.cutAnswer(after: 0), .halveAnswer, .error(status: 503, code: "SlowDown")] {
            proxy.inject(fault, method: "POST", target: "?delete")
        }
        try await client.delete(keys)
        #expect(count("POST", "?delete") == 4)
        #expect(try await client.list(prefix: "").objects.isEmpty)
    }
}
