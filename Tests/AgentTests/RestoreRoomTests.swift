// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import TestSupport
import Testing

@testable import Agent

/// A restore that cannot fit is refused before it writes anything.
@Suite(.timeLimit(.minutes(2)))
struct RestoreRoomTests {
    private typealias Need = RestoreRoom.Need

    /// Two file systems, `/a` and all else, with so many bytes free.
    private func room(_ free: Int64, mayCompress: Bool = false) -> RestoreRoom {
        RestoreRoom(node: "node01", isIgnored: false) { path in
            FileSystemRoom(
                freeByteCount: free / 2, privilegedFreeByteCount: free, totalByteCount: 1 << 40,
                device: path == "/tmp" ? 1 : 2, mayCompress: mayCompress)
        }
    }

    private func need(
        _ name: String, _ byteCounts: Int64?..., at path: String = "/tmp/x", isStaged: Bool = false
    ) -> Need {
        Need(name: name, path: path, byteCounts: byteCounts, isStaged: isStaged)
    }

    @Test func `the largest dump of each chain must fit, all together should`() throws {
        let needs = [need("a", 2048, 1024), need("b", 1024, at: "/tmp/y")]
        #expect(try room(4096).check(needs) == [])
        #expect(
            try room(3072).check(needs) == [
                "'/tmp/x' has 3.0 KiB free, and what is restored there may need 4.0 KiB: a (3.0 KiB), b (1.0 KiB)"
            ])
        let error = #expect(throws: WireError.self) { try room(3071).check(needs) }
        #expect(
            error?.message
                == "'/tmp/x' has 3.0 KiB free, and what is restored there needs at least 3.0 KiB: a (2.0 KiB), b (1.0 KiB)"
        )
        #expect(error?.node == "node01")
        #expect(
            error?.hint
                == "make room there, restore to another file system with '--to DIR', or try with '--ignore-room'."
        )
    }

    @Test func `file systems count apart, and what is staged goes again`() throws {
        #expect(try room(2048).check([need("a", 2048), need("b", 2048, at: "/usr")]) == [])
        let staged = [need("a", 2048, isStaged: true), need("b", 2048, isStaged: true)]
        #expect(try room(2048).check(staged) == [])
        let error = #expect(throws: WireError.self) { try room(2048).check(staged + [need("c", 4096)]) }
        #expect(error?.hint?.hasSuffix("with '--delete' it is not.") == true)
        #expect(throws: WireError.self) { try room(2048).check([need("c", 1024)] + staged) }
    }

    @Test func `what is not known, or may be compressed, is a remark`() throws {
        #expect(
            try room(1).check([need("a", nil)]) == [
                "whether '/tmp/x' has room for 'a' is not known: its size is not recorded"
            ])
        #expect(try room(1, mayCompress: true).check([need("a", 1024)]).count == 1)
        var ignored = room(1)
        ignored.isIgnored = true
        #expect(try ignored.check([need("a", 1024)]).count == 1)
    }

    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `a run larger than the disk is refused, with node, path, and bytes, and nothing is written`()
        async throws
    {
        let node = try await NodeFixture(server: .shared())
        try node.write("data/a", "a")
        let run = "20261123030600"
        #expect(try await node.backUp(run).state == .succeeded)
        let data = [NodeFixture.both[0]]
        var record = try #require(try await node.record(run))
        record.configurations[0].dumps[0].native.byteCount = 1 << 55
        try await NodeRecordStore(client: node.client, layout: BucketLayout(node.storage)).write(record)
        let out = node.path("out")
        let error = try await node.restore(run, to: out, configurations: data).error
        #expect(error?.node == "node01")
        let message = try #require(error?.message)
        #expect(message.hasPrefix("'\(out)/node01/data\(node.data)' has "), "\(message)")
        #expect(message.hasSuffix("needs at least 32.0 PiB: data: \(node.data) (32.0 PiB)"), "\(message)")
        #expect(!FileSystem.exists(out))
        let tried = try await node.restore(run, to: out, configurations: data, ignoresRoom: true)
        #expect(tried.state == .failed && tried.error?.kind == .damaged, "\(String(describing: tried.error))")
    }
}
