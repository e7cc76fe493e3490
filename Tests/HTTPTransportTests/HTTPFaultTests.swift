// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import HTTPTransport
import TestSupport
import Testing

/// Each way a connection can fail, told apart.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct HTTPFaultTests {
    private let transport: HTTPTransport
    private let proxy: FaultyProxy

    init() async throws {
        transport = try HTTPTransport()
        proxy = try FaultyProxy(to: try await LocalS3Server.shared().port)
    }

    private var url: String { "\(proxy.endpoint)/readiness/fault-\(proxy.port)" }

    private func failure(_ request: HTTPRequest) async -> HTTPTransportError? {
        do {
            _ = try await transport.send(request)
            return nil
        } catch {
            return error
        }
    }

    @Test func `nobody listens`() async throws {
        proxy.refuse()
        guard case .connectionRefused = await failure(HTTPRequest(url: url)) else {
            Issue.record("not told apart")
            return
        }
    }

    @Test func `a name without an address`() async throws {
        guard case .nameNotResolved = await failure(HTTPRequest(url: "http://nowhere.invalid/")) else {
            Issue.record("not told apart")
            return
        }
    }

    @Test func `a handshake that gets no answer`() async throws {
        let silent = try FaultyProxy(to: proxy.port, mode: .opaque)
        silent.setStalled(true)
        let request = HTTPRequest(
            url: "https://127.0.0.1:\(silent.port)/", limits: HTTPLimits(connect: .milliseconds(300)))
        guard case .connectTimeout = await failure(request) else {
            Issue.record("not told apart")
            return
        }
    }

    @Test func `silence after the request`() async throws {
        proxy.inject(.delay(.seconds(20)))
        let request = HTTPRequest(url: url, limits: HTTPLimits(stall: .milliseconds(300)))
        #expect(await failure(request) == .stalled(url: url, after: .milliseconds(300)))
    }

    @Test func `an answer that drips past the limit of the whole`() async throws {
        _ = try await transport.send(
            HTTPRequest(method: "PUT", url: url, body: .bytes(Array(repeating: 1, count: 300_000))))
        proxy.setRate(bytesPerSecond: 100_000)
        let limits = HTTPLimits(stall: .seconds(60), total: .milliseconds(500))
        guard case .timedOut = await failure(HTTPRequest(url: url, limits: limits)) else {
            Issue.record("not told apart")
            return
        }
    }

    @Test(arguments: [0, 10, 5000]) func `an answer that is cut`(after byteCount: Int) async throws {
        _ = try await transport.send(
            HTTPRequest(method: "PUT", url: url, body: .bytes(Array(repeating: 1, count: 300_000))))
        // libcurl repeats a request once by itself when a reused connection gave nothing.
        proxy.inject(.cutAnswer(after: byteCount), method: "GET", times: 2)
        guard case .cut(_, let received, _) = await failure(HTTPRequest(url: url)) else {
            Issue.record("not told apart")
            return
        }
        #expect(received <= byteCount)
    }

    @Test func `a request that is cut`() async throws {
        proxy.inject(.cutRequest(after: 100_000), method: "PUT")
        let request = HTTPRequest(
            method: "PUT", url: url, body: .bytes(Array(repeating: 1, count: 3_000_000)))
        guard case .cut = await failure(request) else {
            Issue.record("not told apart")
            return
        }
    }

    @Test func `an answer that is not HTTP`() async throws {
        proxy.inject(.answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"))
        guard case .malformed = await failure(HTTPRequest(url: url)) else {
            Issue.record("not told apart")
            return
        }
    }

    @Test func `a connection that died in the pool costs no request`() async throws {
        let request = HTTPRequest(
            method: "PUT", url: url, body: .block(ByteBlock(Array(repeating: 5, count: 100_000))))
        #expect(try await transport.send(request).status == 200)
        proxy.cutAll()
        #expect(try await transport.send(request).status == 200)
        #expect(proxy.connectionCount == 2)
    }

    @Test func `a request that is to be sent once is not repeated on a dead connection`() async throws {
        #expect(try await transport.send(HTTPRequest(url: url)).status == 404)
        proxy.inject(.cutAnswer(after: 0), method: "PUT")
        var request = HTTPRequest(method: "PUT", url: url, body: .bytes([1]))
        request.isSentOnce = true
        guard case .cut = await failure(request) else {
            Issue.record("libcurl repeated it")
            return
        }
        #expect(proxy.requests.count { $0.hasPrefix("PUT") } == 1)
    }

    @Test func `cancelling ends the request at once and leaves the transport usable`() async throws {
        proxy.inject(.stallAnswer(after: 0))
        let (transport, url) = (transport, url)
        let began = ContinuousClock.now
        let task = Task { try await transport.send(HTTPRequest(url: url)) }
        while proxy.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: HTTPTransportError.cancelled) { try await task.value }
        #expect(ContinuousClock.now - began < .seconds(30))
        #expect(try await transport.send(HTTPRequest(url: url)).status == 404)
    }

    @Test func `a task that is cancelled already sends nothing`() async throws {
        let (transport, url) = (transport, url)
        let task = Task {
            try? await Task.sleep(for: .seconds(60))
            return try await transport.send(HTTPRequest(url: url))
        }
        task.cancel()
        await #expect(throws: HTTPTransportError.cancelled) { try await task.value }
        #expect(proxy.requests.isEmpty)
    }
}
