// SPDX-License-Identifier: Apache-2.0

import Certificates
import TestSupport
import Testing

@testable import HTTPTransport

/// New connections are made in waves, whatever the descriptors allow.
@Suite(.timeLimit(.minutes(5))) struct HandshakeWavesTests {
    private let limit = PendingHandshakes.limit

    private func transfer(_ peer: Int) -> Transfer {
        Transfer(HTTPRequest(url: "http://127.0.1.\(peer):80/"), mode: .whole)
    }

    /// Room for many more connections than may be made at the same time.
    private func queue(waiting count: Int, at now: ContinuousClock.Instant) -> TransferQueue {
        var queue = TransferQueue(ConnectionBudget(descriptorCount: 4000))
        for peer in 0..<count { queue.add(transfer(peer), now: now) }
        return queue
    }

    private func begin(_ queue: inout TransferQueue, at now: ContinuousClock.Instant) -> [Transfer] {
        var begun: [Transfer] = []
        while let next = queue.next(now: now) { begun.append(next) }
        return begun
    }

    @Test func `so many are begun, and another for each that stands or has failed`() throws {
        let now = ContinuousClock.now
        var queue = queue(waiting: 3 * limit, at: now)
        let begun = begin(&queue, at: now)
        #expect(begun.count == limit)
        let first = try #require(begun.first)
        queue.connected(first)
        #expect(begin(&queue, at: now).map(\.request.peer) == ["127.0.1.\(limit):80"])
        // It was counted once.
        queue.end(first, keepsConnection: true, now: now)
        #expect(begin(&queue, at: now).isEmpty)
        queue.end(begun[1], keepsConnection: false, now: now)
        #expect(begin(&queue, at: now).count == 1)
    }

    @Test func `a peer whose connection stands waits for nobody's`() throws {
        let now = ContinuousClock.now
        var queue = queue(waiting: 3 * limit, at: now)
        let first = try #require(begin(&queue, at: now).first)
        queue.end(first, keepsConnection: true, now: now)
        _ = begin(&queue, at: now)
        queue.add(transfer(0), now: now)
        queue.add(transfer(255), now: now)
        #expect(begin(&queue, at: now).map(\.request.peer) == ["127.0.1.0:80"])
    }

    @Test func `who does not answer keeps nobody waiting for long`() throws {
        let now = ContinuousClock.now
        var queue = queue(waiting: 2 * limit, at: now)
        _ = begin(&queue, at: now)
        let look = try #require(queue.nextLook)
        #expect(look == now + PendingHandshakes.reachPatience)
        #expect(begin(&queue, at: look - .milliseconds(1)).isEmpty)
        #expect(begin(&queue, at: look).count == limit)
    }

    /// A server that has one handshake after the other, each of fifty milliseconds: all at once, at least one in fifteen is late, at each
    /// attempt. Where the machine is so busy that a wave takes three times as long one attempt shows nothing.
    @Test(.long, .enabled(if: RequiredTools.areUsable("python3")))
    func `of hundreds that are asked at once each is in time, its limit counted from its own start`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let node = try TestAuthority(cluster: "demo", directory: directory.path).write(.node("node01"))
        let port = FreePort.find()
        let process = try ServerProcess(
            [
                try RequiredTools.path("python3"), "-c", Self.slowServer, "\(port)", node.certificate,
                node.privateKey,
            ], logPath: directory.path("slow.log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        var failures = try await failures(of: 300, port, node)
        for _ in 0..<2 where !failures.isEmpty { failures = try await self.failures(of: 300, port, node) }
        let count = failures.count
        #expect(count == 0, "of 300, first: \(failures.first ?? "")")
        await process.stop()
    }

    /// Why those failed that did, of so many requests at the same time.
    private func failures(of count: Int, _ port: Int, _ node: TestIdentity) async throws -> [String] {
        let transport = try HTTPTransport(descriptorCount: 4000)
        let begun = ContinuousClock.now
        let failures: [String] = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<count {
                group.addTask {
                    var request = HTTPRequest(
                        url: "https://node01.demo:\(port)/", connectTo: "127.0.0.1:\(port)",
                        identity: HTTPIdentity(authority: node.authority))
                    request.limits.connect = .seconds(14)
                    do throws(HTTPTransportError) {
                        return try await transport.send(request).status == 200 ? nil : "no success"
                    } catch {
                        return error.facts
                    }
                }
            }
            return await group.reduce(into: []) { failures, failure in failures += failure.map { [$0] } ?? []
            }
        }
        // Else the server was too quick to show anything.
        #expect(ContinuousClock.now - begun > .seconds(14))
        await transport.shutdown()
        return failures
    }

    private static let slowServer = """
        import socket, ssl, sys, time
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=2000)
        while True:
            plain, _ = listener.accept()
            time.sleep(0.05)
            try:
                plain.settimeout(5)
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
            except OSError:
                pass
        """
}
