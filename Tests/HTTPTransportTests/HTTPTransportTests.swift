// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Foundation
import HTTPTransport
import TestSupport
import Testing

/// Requests to a real server, through the bucket that it opens to everybody.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct HTTPTransportTests {
    private let transport: HTTPTransport
    private let server: LocalS3Server

    init() async throws {
        transport = try HTTPTransport()
        server = try await LocalS3Server.shared()
    }

    private func url(_ name: String) -> String { "\(server.endpoint)/readiness/\(name)" }

    @Test func `a block goes up and comes back byte for byte`() async throws {
        let sent = ByteBlock((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let put = try await transport.send(HTTPRequest(method: "PUT", url: url("block"), body: .block(sent)))
        #expect(put.status == 200)
        let received = ByteBlock(capacity: 6_000_000)
        let get = try await transport.send(HTTPRequest(url: url("block"), sink: .block(received)))
        #expect(get.status == 200)
        #expect(get.bodyByteCount == 5_000_000)
        #expect(get.body.isEmpty)
        #expect(received.bytes.elementsEqual(sent.bytes))
    }

    @Test func `the server's clock is read from the Date header`() async throws {
        let response = try await transport.send(HTTPRequest(url: url("absent")))
        let now = Int64(Date().timeIntervalSince1970)
        let date = try #require(response.date)
        #expect(abs(date - now) < 120)
    }

    @Test func `the body of a refusal is kept and does not touch the block`() async throws {
        let block = ByteBlock([1, 2, 3])
        let response = try await transport.send(HTTPRequest(url: url("absent"), sink: .block(block)))
        #expect(response.status == 404)
        #expect(String(decoding: response.body, as: UTF8.self).contains("<Code>NoSuchKey</Code>"))
        #expect(Array(block.bytes) == [1, 2, 3])
    }

    @Test func `an answer that is longer than its sink is an error`() async throws {
        _ = try await transport.send(
            HTTPRequest(method: "PUT", url: url("long"), body: .bytes(Array(repeating: 7, count: 1000))))
        await #expect(throws: HTTPTransportError.tooLong(url: url("long"), limit: 999)) {
            try await transport.send(HTTPRequest(url: url("long"), sink: .collect(limit: 999)))
        }
        await #expect(throws: HTTPTransportError.tooLong(url: url("long"), limit: 10)) {
            try await transport.send(HTTPRequest(url: url("long"), sink: .block(ByteBlock(capacity: 10))))
        }
        let fits = try await transport.send(HTTPRequest(url: url("long"), sink: .collect(limit: 1000)))
        #expect(fits.body.count == 1000)
    }

    @Test func `a hundred requests at a time all succeed`() async throws {
        let transport = self.transport
        let url = self.url("parallel")
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let bytes = Array("object \(number)".utf8)
                    let put = HTTPRequest(method: "PUT", url: "\(url)\(number)", body: .bytes(bytes))
                    _ = try await transport.send(put)
                    let get = try await transport.send(HTTPRequest(url: "\(url)\(number)"))
                    return get.body == bytes ? 1 : 0
                }
            }
            let same = try await group.reduce(0, +)
            #expect(same == 100)
        }
    }

    @Test func `connectTo leads any host to an address`() async throws {
        let request = HTTPRequest(
            method: "PUT", url: "http://node01.demo.invalid/readiness/led", body: .bytes([1]),
            connectTo: "127.0.0.1:\(server.port)")
        #expect(try await transport.send(request).status == 200)
    }

    @Test func `text that would smuggle a header in is refused`() async throws {
        await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest(url: url("a"), headers: [("x-a", "1\r\nx-b: 2")]))
        }
        await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest(url: url("a\r\nx-b: 2")))
        }
    }

    @Test func `other protocols than http and https are refused`() async throws {
        await #expect(throws: HTTPTransportError.self) {
            try await transport.send(HTTPRequest(url: "file:///etc/passwd"))
        }
    }

    @Test func `after shutdown nothing is sent`() async throws {
        let transport = try HTTPTransport()
        await transport.shutdown()
        await #expect(throws: HTTPTransportError.shutDown) {
            try await transport.send(HTTPRequest(url: url("late")))
        }
    }
}
