// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import BlockingWork
@testable import HTTPTransport

/// Who waits for the files of an identity, and for how long.
@Suite(.timeLimit(.minutes(5))) struct IdentityQueueTests {
    private let paths = IdentityPaths(
        HTTPIdentity(
            authority: "/nowhere/ca.pem", certificate: "/nowhere/c.pem", privateKey: "/nowhere/c.key"))

    private func transfer() -> Transfer { Transfer(HTTPRequest(url: "https://node01.demo/"), mode: .whole) }

    private func reading() throws -> IdentityReading {
        let directory = try TemporaryDirectory()
        let peer = try TestAuthority(cluster: "demo", directory: directory.path).write(.coordinator)
        let identity = HTTPIdentity(
            authority: peer.authority, certificate: peer.certificate, privateKey: peer.privateKey)
        return IdentityLook(IdentityPaths(identity), known: nil, now: .now).read()
    }

    @Test func `a look serves those that were asked for before it began, the next one the others`() throws {
        var queue = IdentityQueue()
        let (first, second, third) = (transfer(), transfer(), transfer())
        let begun = queue.add(first, paths)
        let look = try #require(begun)
        for transfer in [second, third] {
            let other = queue.add(transfer, paths)
            #expect(other == nil)
        }
        let reading = try reading()
        let (ready, next) = queue.end(look, reading)
        #expect(ready.count == 1 && ready.first === first && first.identityContext === reading.context)
        let (others, none) = queue.end(try #require(next), reading)
        #expect(others.count == 2 && none == nil && queue.deadline == nil)
        #expect(second.identityContext === reading.context && third.identityContext === reading.context)
    }

    @Test func `where no thread can be had the files count as what they were`() throws {
        let known = try reading()
        for known in [known, nil] {
            let look = IdentityLook(paths, known: known, now: .now)
            let said = Mutex<IdentityReading?>(nil)
            ThreadStack.$byteCount.withValue(1 << 60) {
                look.begin { reading in said.withLock { $0 = reading } }
            }
            let reading = try #require(said.withLock { $0 })
            #expect(reading.context === known?.context)
        }
        let shortage = HTTPTransportError.shortage(url: "https://node01/", number: EAGAIN)
        #expect(
            shortage.facts
                == "no connection to https://node01/ was begun: no more processes or tasks are allowed, or no memory is left"
        )
        #expect(shortage.hint?.contains("TasksMax=") == true)
    }

    @Test func `whose files were read before goes on with that where they answer no more`() throws {
        var queue = IdentityQueue()
        let start = ContinuousClock.now
        let begun = queue.add(transfer(), paths, now: start)
        let known = try reading()
        _ = queue.end(try #require(begun), known, now: start)
        let waiting = transfer()
        let hung = queue.add(waiting, paths, now: start)
        let early = queue.overdue(now: start + .seconds(2))
        #expect(early.ready.isEmpty)
        #expect(queue.deadline == start + IdentityQueue.patience)
        let late = queue.overdue(now: start + IdentityQueue.patience)
        #expect(late.ready.count == 1 && late.ready.first === waiting && late.failed.isEmpty)
        #expect(waiting.identityContext === known.context)
        let next = transfer()
        let second = queue.add(next, paths, now: start + .seconds(60))
        #expect(second == nil, "another was sent there")
        let later = queue.overdue(now: start + .seconds(60))
        #expect(later.ready.first === next)
        let new = try reading()
        _ = queue.end(try #require(hung), new, now: start + .seconds(61))
        let after = transfer()
        let again = queue.add(after, paths, now: start + .seconds(62))
        _ = queue.end(try #require(again), new, now: start + .seconds(62))
        #expect(after.identityContext === new.context && new.context !== known.context)
    }

    @Test func `whose files were never read fails, and the file is named`() throws {
        var queue = IdentityQueue()
        let start = ContinuousClock.now
        let (first, cancelled) = (transfer(), transfer())
        _ = queue.add(first, paths, now: start)
        _ = queue.add(cancelled, paths, now: start)
        let (isRemoved, isRemovedAgain) = (queue.remove(cancelled), queue.remove(cancelled))
        #expect(isRemoved && !isRemovedAgain)
        let late = queue.overdue(now: start + IdentityQueue.firstPatience)
        #expect(late.ready.isEmpty && late.failed.count == 1)
        let error = try #require(late.failed.first?.1)
        #expect(
            error.headline
                == "no connection to https://node01.demo/ was begun: '/nowhere/ca.pem' did not answer within 20 s"
        )
        #expect(error.hint?.contains("see what it lies on") == true)
    }

    /// The loop's thread asked for the files itself, and every request of the process stood still with it.
    @Test(.enabled(if: HungMount.isUsable && RequiredTools.areUsable("openssl")))
    func `files that hang in the midst of a run stop neither requests that know them nor others`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let (shown, mounted) = (directory.path("backing"), directory.path("mounted"))
        for path in [shown, mounted] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let authority = try TestAuthority(cluster: "demo", directory: shown)
        let (node, coordinator) = (try authority.write(.node("node01")), try authority.write(.coordinator))
        let port = FreePort.find()
        let server = try ServerProcess(
            [
                try RequiredTools.path("openssl"), "s_server", "-accept", "127.0.0.1:\(port)", "-cert",
                node.certificate, "-key", node.privateKey, "-CAfile", node.authority, "-Verify", "2", "-www",
                "-verify_return_error", "-quiet", "-tls1_3",
            ], logPath: directory.path("s_server.log"))
        while await LocalHTTP.isClosed(port) { try await Task.sleep(for: .milliseconds(20)) }
        let mount = try await HungMount(at: mounted, showing: shown)
        func there(_ path: String) -> String { path.replacing(shown, with: mounted) }
        let request = HTTPRequest(
            url: "https://node01.demo:7443/", connectTo: "127.0.0.1:\(port)",
            identity: HTTPIdentity(
                authority: there(coordinator.authority), certificate: there(coordinator.certificate),
                privateKey: there(coordinator.privateKey)))
        let transport = try HTTPTransport()
        #expect(try await transport.send(request).status == 200)
        try await mount.hang()
        let start = ContinuousClock.now
        #expect(try await transport.send(request).status == 200)
        #expect(start.duration(to: .now) < .seconds(20))
        var shortest = Duration.seconds(60)
        for _ in 0..<3 {
            let again = ContinuousClock.now
            #expect(try await transport.send(request).status == 200)
            shortest = min(shortest, again.duration(to: .now))
        }
        #expect(shortest < IdentityQueue.patience, "a second one waited as long")
        try await mount.answer()
        await transport.shutdown()
        await mount.end()
        await server.stop()
    }
}
