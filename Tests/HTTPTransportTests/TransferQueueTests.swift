// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import HTTPTransport

/// Whose request begins where there are fewer connections than peers.
@Suite(.timeLimit(.minutes(5))) struct TransferQueueTests {
    private func transfer(_ peer: Int, reusesConnection: Bool = true) -> Transfer {
        var request = HTTPRequest(url: "http://127.0.0.\(peer):80/")
        request.reusesConnection = reusesConnection
        return Transfer(request, mode: .whole)
    }

    /// Of four connections, peers 1 to 4 have them, in this order.
    private func queue() -> TransferQueue {
        var queue = TransferQueue(ConnectionBudget(descriptorCount: 5))
        for peer in 1...4 {
            queue.add(transfer(peer))
            guard let next = queue.next() else { continue }
            queue.end(next, keepsConnection: true)
        }
        return queue
    }

    private func begin(
        _ queue: inout TransferQueue, now: ContinuousClock.Instant = .now
    ) throws -> Transfer {
        let next = queue.next(now: now)
        return try #require(next)
    }

    private func peers(_ transfers: [Transfer]) -> [String] { transfers.map(\.request.peer) }

    @Test
    func `who still has a connection goes first, the others in their order, once it is clear that they must`()
        throws
    {
        var queue = queue()
        for peer in [9, 3, 8, 2] { queue.add(transfer(peer)) }
        let now = ContinuousClock.now
        var begun = (0..<4).compactMap { _ in queue.next(now: now) }
        #expect(peers(begun) == ["127.0.0.3:80", "127.0.0.2:80"])
        let later = try #require(queue.nextLook)
        #expect(later > now && later <= now + TransferQueue.grace)
        begun += (0..<4).compactMap { _ in queue.next(now: later + TransferQueue.grace) }
        #expect(peers(begun) == ["127.0.0.3:80", "127.0.0.2:80", "127.0.0.9:80", "127.0.0.8:80"])
        #expect(queue.next() == nil)
    }

    @Test func `what has been idle for longest is gone where another is needed`() {
        var queue = queue()
        let later = ContinuousClock.now + .seconds(1)
        queue.add(transfer(9))
        _ = queue.next(now: later)
        queue.add(transfer(1))
        queue.add(transfer(2))
        let begun = (0..<2).compactMap { _ in queue.next(now: later) }
        #expect(peers(begun) == ["127.0.0.2:80", "127.0.0.1:80"])
    }

    @Test func `a broken connection, and one of its own, is not expected to be there`() throws {
        var queue = queue()
        queue.add(transfer(1))
        queue.end(try begin(&queue), keepsConnection: false)
        queue.add(transfer(7, reusesConnection: false))
        queue.end(try begin(&queue), keepsConnection: true)
        for peer in [1, 7, 4] { queue.add(transfer(peer)) }
        #expect(queue.next()?.request.peer == "127.0.0.4:80")
    }

    @Test func `nobody is passed by for long`() {
        var queue = queue()
        let (first, later) = (ContinuousClock.now, ContinuousClock.now + TransferQueue.patience)
        queue.add(transfer(9), now: first)
        queue.add(transfer(1), now: later)
        #expect(queue.next(now: later)?.request.peer == "127.0.0.9:80")
    }

    @Test func `one that is cancelled, and one that found no descriptor`() throws {
        var queue = queue()
        let waiting = transfer(9)
        queue.add(waiting)
        #expect(queue.remove(waiting) && !queue.remove(waiting))
        queue.add(waiting)
        #expect(queue.next() == nil)
        let begun = try begin(&queue, now: .now + .seconds(1))
        queue.end(begun, keepsConnection: false)
        queue.add(transfer(1))
        let soon = ContinuousClock.now + .seconds(1)
        queue.postpone(begun, until: soon)
        #expect(queue.next() == nil && queue.nextBegin == soon)
        #expect(queue.next(now: soon)?.request.peer == "127.0.0.9:80")
    }

    /// Each connection would otherwise be closed just before its peer is asked again.
    @Test(.enabled(if: RequiredTools.areUsable("python3")))
    func `twice as many peers as connections need few more connections than peers`() async throws {
        let directory = try TemporaryDirectory()
        let port = FreePort.find()
        let process = try ServerProcess(
            [try RequiredTools.path("python3"), "-c", Self.keepingServer, "\(port)"],
            logPath: directory.path("keeping.log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        let transport = try HTTPTransport(connectionCount: 100, descriptorCount: 38)
        #expect(transport.concurrency == 32)
        func round(_ times: Int) async throws -> Int {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for peer in 1...64 {
                    group.addTask {
                        var fresh = 0
                        for _ in 0..<times {
                            let request = HTTPRequest(url: "http://127.0.0.\(peer):\(port)/")
                            if try await transport.send(request).body == Array("1".utf8) { fresh += 1 }
                        }
                        return fresh
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        #expect(try await round(1) == 64)
        // Where the machine stands still for longer than `grace` all that wait are given away: such a round shows nothing.
        var again = try await round(3)
        for _ in 0..<4 where again > 48 { again = try await min(again, round(3)) }
        #expect(again <= 48, "\(again) new connections; without the order there are some 190")
        await process.stop()
    }

    /// Answers with the number of the request on its connection, and keeps connections open.
    private static let keepingServer = """
        import http.server, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            count = 0
            def log_message(self, *arguments): pass
            def do_GET(self):
                self.count += 1
                body = str(self.count).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
        Server(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
        """
}
