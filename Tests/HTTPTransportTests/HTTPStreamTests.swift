// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import TestSupport
import Testing

/// Answers that are read as they come.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct HTTPStreamTests {
    private static let byteCount = 40 << 20
    private let transport: HTTPTransport
    private let proxy: FaultyProxy
    private var url: String { "\(proxy.endpoint)/readiness/stream-\(proxy.port)" }

    init() async throws {
        transport = try HTTPTransport()
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        let block = ByteBlock(capacity: Self.byteCount)
        for index in 0..<Self.byteCount / 4096 {
            block.storage[index * 4096] = UInt8(truncatingIfNeeded: index)
        }
        block.count = block.capacity
        let put = HTTPRequest(
            method: "PUT", url: "\(server.endpoint)/readiness/stream-\(proxy.port)", body: .block(block))
        #expect(try await transport.send(put).status == 200)
    }

    @Test func `a slow reader stops the server and then gets every byte`() async throws {
        let stream = try await transport.open(HTTPRequest(url: url))
        #expect(stream.status == 200)
        #expect(stream.header("content-length") == "\(Self.byteCount)")
        try await Task.sleep(for: .milliseconds(700))
        #expect(proxy.passedByteCount < Self.byteCount)
        var received = 0
        var isSame = true
        for try await piece in stream {
            for offset in stride(from: (4096 - received % 4096) % 4096, to: piece.count, by: 4096) {
                isSame = isSame && piece[offset] == UInt8(truncatingIfNeeded: (received + offset) / 4096)
            }
            received += piece.count
        }
        #expect(received == Self.byteCount)
        #expect(isSame)
    }

    @Test func `a held stream does not count as stalled`() async throws {
        let limits = HTTPLimits(stall: .seconds(2))
        let stream = try await transport.open(HTTPRequest(url: url, limits: limits))
        try await Task.sleep(for: .seconds(4))
        var received = 0
        for try await piece in stream { received += piece.count }
        #expect(received == Self.byteCount)
    }

    @Test func `what came before a cut is given, then the cut`() async throws {
        proxy.inject(.cutAnswer(after: 100_000), method: "GET")
        let stream = try await transport.open(HTTPRequest(url: url))
        var received = 0
        do {
            for try await piece in stream { received += piece.count }
            Issue.record("the cut was not noticed")
        } catch {
            guard case .cut = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(received > 90_000)
    }

    @Test func `silence between pieces ends the stream`() async throws {
        proxy.inject(.stallAnswer(after: 100_000), method: "GET")
        let limits = HTTPLimits(stall: .seconds(2))
        let stream = try await transport.open(HTTPRequest(url: url, limits: limits))
        await #expect(throws: HTTPTransportError.stalled(url: url, after: .seconds(2))) {
            for try await _ in stream {}
        }
    }

    @Test func `cancelling the reader ends the request`() async throws {
        proxy.inject(.stallAnswer(after: 100_000), method: "GET")
        let (transport, url) = (transport, url)
        let task = Task {
            let stream = try await transport.open(HTTPRequest(url: url))
            for try await _ in stream {}
        }
        while proxy.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        await #expect(throws: HTTPTransportError.cancelled) { try await task.value }
    }

    @Test func `a refused connection fails before there is a stream`() async throws {
        proxy.refuse()
        await #expect(throws: HTTPTransportError.self) { try await transport.open(HTTPRequest(url: url)) }
    }
}
