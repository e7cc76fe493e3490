// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Dump

@Suite(.enabled(if: RequiredTools.areUsable("weed", "setfattr", "setcap")), .timeLimit(.minutes(5)))
struct DumpEngineTests {
    static let compressions: [DLEDescription.Compression?] = [
        nil, .clientFast, .clientBest, .serverFast, .serverBest,
    ]

    @Test(arguments: compressions)
    func `brings an odd tree back identical`(compression: DLEDescription.Compression?) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let volume = try fixture.volume()
        let outcome = try await fixture.dump(fixture.plan(compression, volume: volume))
        guard case .done = outcome.status else {
            Issue.record("\(outcome.status) \(outcome.strange)")
            return
        }
        #expect(outcome.parts.map(\.fileNumber) == [1])
        #expect(volume.nextFileNumber == 2)
        let restored = try await fixture.restore(outcome)
        #expect(restored.native == outcome.native)
        #expect(
            try manifest(of: fixture.target, withXattrs: true)
                == manifest(of: fixture.source, withXattrs: true))
        #expect(fixture.journal.pending().isEmpty)
    }

    @Test func `writes keys, headers and figures as Amanda does`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > file; mkdir sub", in: fixture.source)
        let outcome = try await fixture.dump(fixture.plan(.serverFast))
        #expect(
            try await fixture.listedKeys() == [
                "demo/node01/vertica/slot-01f00000001-filestart",
                "demo/node01/vertica/slot-01f00000001-mp.data",
            ])
        let header = try await fixture.reader.header(ofFile: 1)
        #expect(header.kind == .split && header.part == .init(number: 1) && header.compressionSuffix == ".gz")
        #expect(header.nativeCRC == outcome.native && header.serverCRC == outcome.server)
        #expect(header.clientCRC == outcome.native, "the server compresses, so the client's stream is tar's")
        #expect(header.originalKiB == 64 && outcome.native.byteCount == 65_536)
        #expect(try header.dle?.compression == .serverFast)
        #expect(String(decoding: header.bytes, as: UTF8.self).contains("| /bin/gzip -dc | "))
        #expect(try outcome.indexedNames == ["/", "/sub/", "/file"])
        #expect(outcome.entryCount == 3)
        try outcome.snapshot?.keep()
        #expect(try FileSystem.list(fixture.snapshots).count == 1)
        #expect(try FileSystem.list(fixture.snapshots).first?.hasSuffix("_source_0") == true)
    }

    @Test(arguments: [nil, DLEDescription.Compression.clientFast])
    func `cuts a dump into parts, each of which gunzips alone`(
        compression: DLEDescription.Compression?
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source, megabytes: 15)
        let storage = StoragePlan(blockByteCount: 1 << 20, partByteCount: 6 << 20, uploadThreadCount: 2)
        let volume = try fixture.volume(storage, firstFile: 3)
        let outcome = try await fixture.dump(fixture.plan(compression, volume: volume))
        #expect(outcome.parts.count >= 3)
        #expect(outcome.parts.map(\.fileNumber) == Array(3..<Int(volume.nextFileNumber)))
        #expect(outcome.parts.allSatisfy { $0.byteCount <= 6 << 20 })
        let header = try await fixture.reader.header(ofFile: 4)
        #expect(header.part == .init(number: 2) && header.serverCRC == outcome.server)
        if compression != nil {
            for part in outcome.parts {
                let bytes = try await fixture.client.get(try #require(part.dataKey), limit: 64 << 20).bytes
                try Data(bytes).write(to: URL(fileURLWithPath: fixture.directory.path("part.gz")))
                try shell("gunzip -t part.gz", in: fixture.directory.path)
            }
        }
        _ = try await fixture.restore(outcome)
        #expect(
            try manifest(of: fixture.target, withXattrs: true)
                == manifest(of: fixture.source, withXattrs: true))
    }

    @Test(arguments: [nil, DLEDescription.Compression.clientFast])
    func `writes and reads block mode`(compression: DLEDescription.Compression?) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source, megabytes: 3)
        let storage = StoragePlan(isMultipart: false, blockByteCount: 1 << 20, partByteCount: 2 << 20)
        let outcome = try await fixture.dump(fixture.plan(compression, storage: storage))
        #expect(outcome.parts.count >= 2)
        #expect(outcome.parts.allSatisfy { $0.dataKey == nil && ($0.blockCount ?? 0) >= 1 })
        #expect(
            try await fixture.listedKeys().contains(
                "demo/node01/vertica/slot-01f00000001-b0000000000000000.data"))
        _ = try await fixture.restore(outcome)
        #expect(
            try manifest(of: fixture.target, withXattrs: true)
                == manifest(of: fixture.source, withXattrs: true))
    }

    @Test func `comes back with nothing but gunzip and tar`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let outcome = try await fixture.dump(fixture.plan(.clientFast, xattrs: false))
        try Data(try await fixture.stored(outcome)).write(
            to: URL(fileURLWithPath: fixture.directory.path("data")))
        try shell(
            "mkdir target; gunzip < data | tar -C target --numeric-owner -xpf -", in: fixture.directory.path)
        #expect(
            try manifest(of: fixture.target, withXattrs: false)
                == manifest(of: fixture.source, withXattrs: false))
    }

    @Test func `leaves out what is excluded and takes only what is included`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell(
            "mkdir a b c; touch a/x b/x b/skip.tmp c/x; echo ./b/x > .amanda.excludes", in: fixture.source)
        let outcome = try await fixture.dump(
            fixture.plan { dle in
                dle.exclude = .init(files: ["*.tmp"], lists: [".amanda.excludes", "missing"])
                dle.include = .init(files: ["./[ab]"])
            })
        #expect(try outcome.indexedNames.sorted() == ["/a/", "/a/x", "/b/"])
        #expect(outcome.strange.count == 1 && outcome.strange[0].hasPrefix("Can't open exclude file '"))
        guard case .strange = outcome.status else {
            Issue.record("\(outcome.status)")
            return
        }
    }

    // Source: stock amdump 3.5.1 with `program "GNUTAR"`.
    @Test func `the program GNUTAR is dumped as runtar does, with its header`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("echo x > file; echo y > left.out", in: fixture.source)
        var plan = try fixture.plan(.clientFast) { dle in
            dle.program = "GNUTAR"
            dle.plugin = nil
            dle.properties = []
            dle.isRecorded = false
            dle.exclude = .init(files: ["*.out"])
        }
        plan.host = "localhost"
        let outcome = try await fixture.dump(plan)
        guard case .done = outcome.status else {
            Issue.record("\(outcome.status) \(outcome.strange)")
            return
        }
        let header = String(decoding: outcome.header.bytes, as: UTF8.self)
        #expect(header.hasPrefix("AMANDA: SPLIT_FILE 20261123030600 localhost \(fixture.source) "))
        #expect(header.contains(" lev 0 comp .gz program /bin/tar\n") && !header.contains("APPLICATION"))
        #expect(header.contains("<program>GNUTAR</program>"))
        #expect(header.hasSuffix("| /bin/gzip -dc | /bin/tar -xpGf - ... \n\u{0C}\n"))
        _ = try await fixture.restore(outcome)
        #expect(try FileSystem.list(fixture.target) == ["file"])
    }
}
