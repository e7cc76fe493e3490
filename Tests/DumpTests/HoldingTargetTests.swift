// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Digest
import Files
import Synchronization
import TestSupport
import Testing

@testable import Dump

/// Dumps to holding disks that lie in a real file system.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct HoldingTargetTests {
    private static let base = "20261123030600/localhost."

    @Test func `writes chunks as Amanda does`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 150000 /dev/urandom > random", in: fixture.source)
        let area = try fixture.area([("hd1", "chunksize 64 Kb")])
        let (outcome, held) = try await fixture.hold(fixture.plan(nil), in: area)
        let dump = try #require(held)
        #expect(dump.isWhole && dump.storedByteCount == outcome.server.byteCount)
        #expect(outcome.parts.map(\.label) == ["HOLDING"])
        let name = HoldingName(host: "localhost", disk: fixture.source, level: 0).first
        let count = Int(outcome.server.byteCount / 32_768)
        #expect(count == 6)
        let chunks = (0..<count).map { $0 == 0 ? "\(name) 65536" : "\(name).\($0) 65536" }
        let process = "20261123030600/pid \(RunningProcess.current.description.utf8.count)"
        #expect(try fixture.lying(on: "hd1") == (chunks.map { "20261123030600/\($0)" } + [process]).sorted())
        let headers = try dump.chunks.map { try DumpHeader(parsing: try FileSystem.readAll($0.path)) }
        #expect(headers.map(\.kind) == [.file] + Array(repeating: .continuation, count: count - 1))
        #expect(headers.map(\.continuationFileName) == dump.chunks.dropFirst().map(\.path) + [nil])
        #expect(headers[0].serverCRC == outcome.server && headers[0].originalKiB == outcome.originalKiB)
        #expect(headers[1].serverCRC == nil && !headers.contains { $0.isPartial })
        #expect(try FileSystem.status(dump.path)?.mode == 0o600)
        area.close()
        #expect(try fixture.lying(on: "hd1").count == count)
    }

    @Test(arguments: [nil, DLEDescription.Compression.clientFast])
    func `holds the stream that a volume would get`(compression: DLEDescription.Compression?) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        try shell("head -c 9M /dev/urandom > random", in: fixture.source)
        let area = try fixture.area([("hd1", "chunksize 1 Mb")])
        let (outcome, held) = try await fixture.hold(fixture.plan(compression), in: area)
        let bytes = try #require(held).stream()
        #expect(bytes.count > 8 << 20)
        var sum = CRC32C()
        bytes.withUnsafeBytes { sum.update($0) }
        #expect(CRCSize(crc32c: sum.value, byteCount: Int64(bytes.count)) == outcome.server)
        try FileSystem.writeAtomically(fixture.directory.path("dump"), bytes)
        try shell(
            "mkdir target; tar -C target --xattrs --xattrs-include='*' -xpf dump", in: fixture.directory.path)
        #expect(
            try manifest(of: fixture.target, withXattrs: true)
                == manifest(of: fixture.source, withXattrs: true))
    }

    @Test func `holds an empty stream's one chunk, and refuses a name that is taken`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let area = try fixture.area([("hd1", "")])
        let (_, held) = try await fixture.hold(fixture.plan(nil), in: area)
        let first = try #require(held)
        let (again, none) = try await fixture.hold(fixture.plan(nil), in: area)
        #expect(none == nil && again.failureText == "'\(first.path)' is on the holding disk already")
        #expect(try FileSystem.status(first.path) != nil)
    }

    @Test func `a dump that fails leaves nothing`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 300000 /dev/urandom > random", in: fixture.source)
        let area = try fixture.area([("hd1", "chunksize 64 Kb")])
        var plan = try fixture.plan(nil) {
            $0.properties.append(.init(name: "gnutar-path", values: ["/tmp/tar-that-dies"]))
        }
        let tar = fixture.directory.path("tar")
        try FileSystem.writeAtomically(
            tar, Array("#!/bin/sh\n/usr/bin/tar \"$@\"\nexit 2\n".utf8), mode: 0o755)
        plan.dle.properties[plan.dle.properties.count - 1].values = [tar]
        let (outcome, held) = try await fixture.hold(plan, in: area)
        #expect(held == nil && !outcome.isUsable)
        area.close()
        #expect(try fixture.lying(on: "hd1").isEmpty)
        #expect(try FileSystem.list(fixture.directory.path("hd1")).isEmpty)
    }

    /// A chunk cannot get its name: what lies there then is what a crash at that moment would leave.
    @Test func `looks like a dump at no moment before it is whole`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 300000 /dev/urandom > random", in: fixture.source)
        let bodies = [("hd1", "chunksize 64 Kb")]
        let disks = HoldingDisks(try fixture.holdingDisks(bodies))
        let area = try fixture.area(bodies)
        let target = try area.target(expected: nil, level: 0, readFrom: fixture.source)
        let name = HoldingName(host: "localhost", disk: fixture.source, level: 0)
        let inTheWay = fixture.directory.path("hd1/20261123030600/\(name.chunk(3))/x")
        let found = Mutex<[HoldingContents?]>([])
        var plan = try fixture.plan(nil)
        plan.target = WatchedTarget(
            target,
            beforeHeader: {
                found.withLock { $0.append(try? disks.contents()) }
                try? FileSystem.makeDirectories(inTheWay)
            }, afterHeader: { found.withLock { $0.append(try? disks.contents()) } })
        let outcome = try await fixture.dump(plan)
        #expect(!outcome.isUsable && target.held == nil)
        let looks = found.withLock { $0 }
        #expect(looks.count >= 2 && looks.allSatisfy { $0?.dumps.isEmpty == true })
        #expect(looks[0]?.strays.allSatisfy(\.isTemporary) == true && looks[0]?.strays.count ?? 0 > 5)
        #expect(looks[0]?.strays.filter { $0.header.kind == .file }.map(\.header.isPartial) == [true])
        #expect(looks[1]?.strays.contains { !$0.isTemporary } == true, "some chunks have their names already")
    }

    @Test func `a cancelled dump leaves nothing`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 30M /dev/urandom > random", in: fixture.source)
        let area = try fixture.area([("hd1", "chunksize 1 Mb")])
        let plan = try fixture.plan(.clientBest)
        let work = Task { try await fixture.hold(plan, in: area).0.isUsable }
        while try fixture.lying(on: "hd1").count < 3 { try await Task.sleep(for: .milliseconds(5)) }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        area.close()
        #expect(try fixture.lying(on: "hd1").isEmpty)
    }
}

extension HeldDump {
    /// All data, read plainly.
    func stream() throws -> [UInt8] {
        try chunks.flatMap { try FileSystem.readAll($0.path).dropFirst(DumpHeader.chunkHeaderByteCount) }
    }
}

extension DumpOutcome {
    /// Why it failed; nil if it did not.
    var failureText: String? {
        if case .failed(let error) = status { "\(error)" } else { nil }
    }
}
