// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import TestSupport
import Testing

/// Holding disks that fill up: small file systems in memory.
@Suite(
    .enabled(if: RequiredTools.areUsable("weed")), .enabled(if: SmallDisk.canMount), .timeLimit(.minutes(5)))
struct HoldingRoomTests {
    @Test func `goes on on the next holding disk when one is full`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 5M /dev/urandom > random", in: fixture.source)
        let disks = try [
            SmallDisk(fixture.directory.path("hd1"), byteCount: 3 << 20),
            SmallDisk(fixture.directory.path("hd2"), byteCount: 4 << 20),
        ]
        let area = try fixture.area([("hd1", "chunksize 1 Mb"), ("hd2", "chunksize 1 Mb")])
        let (outcome, held) = try await fixture.hold(fixture.plan(nil), in: area)
        let dump = try #require(held, "\(outcome.status)")
        #expect(try Int64(dump.stream().count) == outcome.server.byteCount)
        #expect(Set(dump.chunks.map { $0.path.dropLast(0).contains("/hd2/") }) == [true, false])
        #expect(dump.chunks.allSatisfy { $0.dataByteCount % 32_768 == 0 })
        withExtendedLifetime(disks) {}
    }

    /// `use` lies: the kernel has less than it said when the chunk was begun.
    @Test func `cuts a chunk where the kernel refuses more`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 6M /dev/urandom > random", in: fixture.source)
        let disks = try [
            SmallDisk(fixture.directory.path("hd1"), byteCount: 8 << 20),
            SmallDisk(fixture.directory.path("hd2"), byteCount: 7 << 20),
        ]
        let area = try fixture.area([("hd1", ""), ("hd2", "")])
        let target = try area.target(expected: nil, level: 0, readFrom: fixture.source)
        var plan = try fixture.plan(nil)
        plan.target = WatchedTarget(
            target,
            afterFirstPiece: {
                _ = try? shell("head -c 5M /dev/zero > thief || true", in: fixture.directory.path("hd1"))
            })
        let outcome = try await fixture.dump(plan)
        let dump = try #require(target.held, "\(outcome.status)")
        #expect(dump.chunks.count == 2 && dump.chunks[0].dataByteCount % 32_768 == 0)
        #expect(try Int64(dump.stream().count) == outcome.server.byteCount)
        withExtendedLifetime(disks) {}
    }

    @Test func `fails with the reason when every holding disk is full, and leaves nothing`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 5M /dev/urandom > random", in: fixture.source)
        let disk = try SmallDisk(fixture.directory.path("hd1"), byteCount: 3 << 20)
        let area = try fixture.area([("hd1", "")])
        let (outcome, held) = try await fixture.hold(fixture.plan(nil), in: area)
        #expect(held == nil)
        #expect(outcome.failureText?.hasPrefix("the holding disks are full (\(disk.path)) after ") == true)
        area.close()
        #expect(try fixture.lying(on: "hd1").isEmpty)
    }

    @Test func `promises room once`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let disk = try SmallDisk(fixture.directory.path("hd1"), byteCount: 8 << 20)
        let area = try fixture.area([("hd1", "use -1 Mb")])
        let first = try area.target(expected: 5 << 20, level: 0, readFrom: fixture.source)
        let refusal = #expect(throws: HoldingError.self) {
            _ = try area.target(expected: 3 << 20, level: 0, readFrom: fixture.source)
        }
        guard case .noRoom(3_145_728, let room) = refusal else {
            Issue.record("\(refusal.map(String.init(describing:)) ?? "")")
            return
        }
        #expect(room < 2 << 20 && room > 1 << 20)
        withExtendedLifetime(first) {}
        _ = consume first
        #expect(throws: Never.self) {
            _ = try area.target(expected: 3 << 20, level: 0, readFrom: fixture.source)
        }
        withExtendedLifetime(disk) {}
    }

    @Test func `keeps the reserve for increments`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let disk = try SmallDisk(fixture.directory.path("hd1"), byteCount: 8 << 20)
        let area = try fixture.area([("hd1", "")])
        #expect(throws: HoldingError.reserved(percent: 100)) {
            _ = try area.target(expected: 1, level: 0, readFrom: fixture.source, reservePercent: 100)
        }
        _ = try area.target(expected: 1, level: 1, readFrom: fixture.source, reservePercent: 100)
        withExtendedLifetime(disk) {}
    }

    @Test func `uses no holding disk that is not there, or that lies inside what is dumped`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let missing = try fixture.holdingDisks([("gone", "")])
        try FileSystem.removeTree(fixture.directory.path("gone"))
        let area = HoldingArea(missing, run: try fixture.run, owner: nil)
        #expect(area.remarks.count == 1 && area.remarks[0].hasPrefix("holding disk 'gone' is not used: "))
        #expect(throws: HoldingError.noDisk(reasons: area.remarks)) {
            _ = try area.target(expected: nil, level: 0, readFrom: fixture.source)
        }
        let inside = try fixture.area([("source/hd", "")])
        #expect(throws: HoldingError.self) {
            _ = try inside.target(expected: nil, level: 0, readFrom: fixture.source)
        }
        _ = try inside.target(expected: nil, level: 0, readFrom: fixture.snapshots)
    }
}
