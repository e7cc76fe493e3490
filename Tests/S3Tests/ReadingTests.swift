// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import TestSupport
import Testing

@testable import S3

/// What is read from a real store over a way that turns bits.
@Suite(.enabled(if: RequiredTools.areUsable("weed", "rclone")), .timeLimit(.minutes(4)))
struct ReadingTests {
    private let proxy: FaultyProxy
    private let fixture: S3Fixture
    private var client: S3Client { fixture.client }

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        fixture = try S3Fixture(endpoint: proxy.endpoint, bucket: try await server.makeBucket())
    }

    private let content = Array("the content of a manifest".utf8)

    @Test func `two readings that agree are what is there, and eight that differ are none`() {
        var readings = Readings<Int>()
        #expect(!readings.agree(on: 1) && !readings.agree(on: 2) && readings.agree(on: 1))
        #expect(readings.differing(from: 1) == 1 && !readings.areExhausted)
        for value in 3...7 { _ = readings.agree(on: value) }
        #expect(readings.areExhausted)
    }

    @Test func `an object that changes on its way is fetched again, each time on a new connection`()
        async throws
    {
        _ = try await client.put("k", content)
        let before = proxy.connectionCount
        for place in 3...6 { proxy.inject(.flipAnswer(at: place), method: "GET") }
        #expect(try await client.get("k", limit: 100).bytes == content)
        #expect(proxy.flipCount == 4 && proxy.connectionCount == before + 4)
    }

    @Test func `an object that comes changed the same twice is damaged in the store`() async throws {
        _ = try await client.put("k", content)
        proxy.inject(.flipAnswer(at: 3), method: "GET", times: 9)
        let error = await #expect(throws: S3Error.self) { try await client.get("k", limit: 100) }
        #expect(
            "\(String(describing: error))".contains("is damaged in the store: stored CRC-32C ")
                && "\(String(describing: error))".contains("the same bytes came twice"))
        #expect(proxy.flipCount == 2 && error?.kind == .damaged)
    }

    @Test func `an object that comes otherwise each time says that the way is bad`() async throws {
        _ = try await client.put("k", content)
        proxy.inject(.flipAnswerSomewhere, method: "GET", times: 9)
        let error = await #expect(throws: S3Error.self) { try await client.get("k", limit: 100) }
        #expect(
            error?.description.hasPrefix(
                "what came differed each of 8 times, on as many connections: GetObject of 'k'")
                == true)
        #expect(proxy.flipCount == 8 && error?.kind == .failed)
    }

    @Test func `what a store gives without a checksum counts when it has come twice`() async throws {
        let server = try await RcloneServer.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try S3Fixture(endpoint: proxy.endpoint, bucket: RcloneServer.bucket)
        let key = fixture.key("label")
        _ = try await fixture.client.put(key, content)
        for skipped in 0...2 {
            proxy.clear()
            proxy.inject(.flipAnswerSomewhere, method: "GET", target: "label", skip: skipped)
            #expect(try await fixture.client.get(key, limit: 100).bytes == content)
        }
    }

    @Test func `an answer that is not S3's is asked for again on a new connection`() async throws {
        _ = try await client.put("k", ByteBlock.pattern(1_000))
        let before = proxy.connectionCount
        proxy.inject(.answer(status: 206, body: "odd"), method: "GET", times: 2)
        let block = ByteBlock(capacity: 500)
        try await client.get("k", range: 500..<1_000, into: block)
        #expect(block.bytes.elementsEqual(ByteBlock.pattern(1_000).bytes[500...]))
        #expect(proxy.connectionCount == before + 2)
    }

    /// `NoSuchKey` is what tells a free slot from one that cannot be read.
    @Test func `a refusal that changed on its way is heard again`() async throws {
        for _ in 0..<8 {
            proxy.inject(.flipAnswerSomewhere, method: "GET", target: "/absent")
            await #expect(throws: S3Error.self) {
                do {
                    _ = try await client.get("absent", limit: 100)
                } catch S3Error.notFound(let call) {
                    throw S3Error.notFound(call)
                } catch {
                    Issue.record("\(error)")
                    throw error
                }
            }
        }
        #expect(proxy.flipCount == 8)
        let before = proxy.requests.count
        proxy.inject(.error(status: 418, code: "Odd"), method: "GET", target: "/absent", times: 9)
        let error = await #expect(throws: S3Error.self) { try await client.get("absent", limit: 100) }
        #expect(error?.description.contains("418 Odd") == true && proxy.requests.count == before + 2)
    }

    @Test func `a listing that changes on its way counts when it has come the same twice`() async throws {
        for name in 0..<5 { _ = try await client.put("f-\(name)", Array(repeating: 7, count: 100 + name)) }
        let expected = try await client.list(prefix: "f-")
        #expect(expected.objects.map(\.byteCount) == [100, 101, 102, 103, 104])
        for _ in 0..<30 {
            proxy.inject(.flipAnswerSomewhere, method: "GET", target: "list-type=2")
            #expect(try await client.list(prefix: "f-") == expected)
        }
        #expect(proxy.flipCount == 30)
    }
}
