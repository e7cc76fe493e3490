// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Files
import S3
import TestSupport
import Testing

@testable import Dump

/// Held dumps on their way to a volume on a real S3 server.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct HoldingFlushTests {
    private static let layout = StoragePlan(
        blockByteCount: 5 << 20, partByteCount: 5 << 20, uploadThreadCount: 2)

    private func heldDump(
        _ fixture: DumpFixture, _ compression: DLEDescription.Compression?, megabytes: Int = 12
    ) async throws -> (DumpOutcome, HeldDump) {
        try shell("head -c \(megabytes)M /dev/urandom > random", in: fixture.source)
        let area = try fixture.area([("hd1", "chunksize 2 Mb")])
        let (outcome, held) = try await fixture.hold(fixture.plan(compression), in: area)
        area.close()
        return (outcome, try #require(held, "\(outcome.status)"))
    }

    @Test(arguments: [nil, DLEDescription.Compression.clientFast])
    func `sends a held dump as it lies, in parts, and it restores`(
        compression: DLEDescription.Compression?
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        let (made, held) = try await heldDump(fixture, compression)
        let volume = try fixture.volume(Self.layout)
        let outcome = try await HoldingFlush().send(held, to: volume)
        guard case .done = outcome.status else {
            Issue.record("\(outcome.status)")
            return
        }
        #expect(outcome.parts.map(\.fileNumber) == [1, 2, 3])
        #expect(outcome.server == made.server && outcome.native == made.native)
        #expect(try await fixture.stored(outcome) == held.stream())
        for (index, part) in outcome.parts.enumerated() {
            let header = try await fixture.reader.header(ofFile: UInt32(part.fileNumber))
            var expected = made.header.flushed
            expected.part = .init(number: index + 1)
            #expect(header == expected)
        }
        _ = try await fixture.restore(outcome)
        #expect(
            try manifest(of: fixture.target, withXattrs: false)
                == manifest(of: fixture.source, withXattrs: false))
    }

    /// The least part is smaller than a member of incompressible data, and then holds one.
    @Test(
        .enabled(if: RequiredTools.areUsable("zstd", "pzstd")),
        arguments: [
            (DLEDescription.Compression.clientFast, "gzip -dc"), (.serverBest, "gzip -dc"),
            (.clientCustom(program: "/usr/bin/zstd"), "zstd -dc"),
            (.serverCustom(program: "/usr/bin/pzstd"), "pzstd -dc"),
        ],
        LongTests.whole(
            [300_000, 2_500_000, 5 << 20], or: [2_500_000],
            leavingOut: "two of three part sizes of HoldingFlushTests"))
    func `each part of a flushed dump of ours begins with a member, and stock tools read it alone`(
        how: (compression: DLEDescription.Compression, undo: String), partByteCount: Int64
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        let (made, held) = try await heldDump(fixture, how.compression)
        let layout = StoragePlan(blockByteCount: 5 << 20, partByteCount: partByteCount, uploadThreadCount: 2)
        let outcome = try await HoldingFlush().send(held, to: fixture.volume(layout))
        #expect(outcome.parts.count == [300_000: 13, 2_500_000: 6, 5 << 20: 3][partByteCount])
        #expect(
            outcome.parts.allSatisfy {
                $0.byteCount <= max(partByteCount, Int64(MemoryPlan.memberBlockByteCount))
            })
        var byteCount: Int64 = 0
        for part in outcome.parts {
            let bytes = try await fixture.client.get(try #require(part.dataKey), limit: 16 << 20).bytes
            try FileSystem.writeAtomically(fixture.directory.path("part"), bytes)
            let count = try shell("\(how.undo) < part | wc -c", in: fixture.directory.path)
            byteCount += try #require(Int64(count.dropLast()))
        }
        #expect(byteCount == made.native.byteCount)
        try FileSystem.writeAtomically(fixture.directory.path("all"), try await fixture.stored(outcome))
        try shell("\(how.undo) < all > tar; tar -tf tar > /dev/null", in: fixture.directory.path)
    }

    @Test func `a chunk that has changed is not flushed, and stays`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let (_, held) = try await heldDump(fixture, nil)
        try shell("printf X | dd of='\(held.chunks[2].path)' bs=1 seek=100000 conv=notrunc", in: "/")
        let volume = try fixture.volume(Self.layout)
        let outcome = try await HoldingFlush().send(held, to: volume)
        #expect(outcome.failureText?.hasPrefix("the held dump '\(held.path)' has changed") == true)
        for number in 1..<volume.nextFileNumber {
            let header = try await fixture.reader.header(ofFile: number)
            #expect(header.isPartial)
        }
        #expect(held.chunks.allSatisfy { FileSystem.exists($0.path) })
    }

    @Test func `a dump that is not whole is not flushed`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let (_, held) = try await heldDump(fixture, nil)
        try FileSystem.remove(held.chunks[3].path)
        let found = try #require(
            try HoldingDisks(fixture.holdingDisks([("hd1", "")])).contents().dumps.first)
        let volume = try fixture.volume(Self.layout)
        let outcome = try await HoldingFlush().send(found, to: volume)
        #expect(
            outcome.failureText
                == "the held dump '\(held.path)' is not whole: chunk '\(held.chunks[3].path)' is missing")
        #expect(volume.nextFileNumber == 1)
    }

    @Test func `a store that refuses leaves the dump held, and the next flush sends it`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        let (_, held) = try await heldDump(fixture, nil)
        proxy.inject(
            .error(status: 403, code: "AccessDenied"), method: "PUT", target: "f00000002-mp.data", times: 100)
        let volume = try fixture.volume(Self.layout)
        let refused = try await HoldingFlush().send(held, to: volume)
        #expect(!refused.isUsable && fixture.journal.pending().isEmpty)
        let disks = HoldingDisks(try fixture.holdingDisks([("hd1", "")]))
        #expect(try disks.contents().dumps == [held])
        let later = try fixture.volume(Self.layout, firstFile: volume.nextFileNumber)
        let sent = try await HoldingFlush().send(held, to: later)
        #expect(sent.isUsable)
        try disks.remove(held)
        #expect(try FileSystem.list(fixture.directory.path("hd1")).isEmpty)
        _ = try await fixture.restore(sent)
    }

    @Test(arguments: [nil, DLEDescription.Compression.serverFast])
    func `restores straight from the holding disk`(compression: DLEDescription.Compression?) async throws {
        let fixture = try await DumpFixture(server: .shared())
        let (_, held) = try await heldDump(fixture, compression)
        func restore(into target: String) async throws {
            let part = RestorePlan.Part(volume: HeldReader(held), fileNumber: 1)
            _ = try await RestoreEngine().restore(
                RestorePlan(header: held.header, parts: [part], target: target))
        }
        try await restore(into: fixture.target)
        #expect(
            try manifest(of: fixture.target, withXattrs: false)
                == manifest(of: fixture.source, withXattrs: false))
        try shell("printf X | dd of='\(held.chunks[1].path)' bs=1 seek=100000 conv=notrunc", in: "/")
        await #expect(throws: RestoreError.self) {
            try await restore(into: fixture.directory.path("again"))
        }
    }

    @Test func `sends a dump that stock Amanda held`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let disks = try fixture.holdingDisks([("hd1", "")])
        let run = fixture.directory.path("hd1/20261125211309")
        try FileSystem.makeDirectories(run)
        try shell(
            "cp -r \(Self.stockChunks) . && mv chunk-0 '\(Self.name)' && mv chunk-1 '\(Self.name).1'", in: run
        )
        let held = try #require(try HoldingDisks(disks).contents().dumps.first)
        #expect(held.isWhole && held.header.disk == "/tmp/holding-am/odd: name")
        let outcome = try await HoldingFlush().send(held, to: fixture.volume(Self.layout))
        #expect(outcome.isUsable && outcome.parts.map(\.byteCount) == [51_200])
        _ = try await fixture.restore(outcome)
        #expect(try FileSystem.list(fixture.target) == ["r"])
    }

    private static let name = "localhost._tmp_holding-am_odd_ name.0"
    private static let stockChunks: String = {
        let tests = FileSystem.parentDirectory(of: FileSystem.parentDirectory(of: #filePath))
        return "'\(tests)/AmandaFormatTests/Fixtures/Holding/'chunk-*"
    }()
}
