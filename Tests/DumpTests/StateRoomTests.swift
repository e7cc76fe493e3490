// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import TestSupport
import Testing

@testable import Dump

/// The agent's own directory on small file systems in memory.
@Suite(
    .enabled(if: RequiredTools.areUsable("weed")), .enabled(if: SmallDisk.canMount), .timeLimit(.minutes(5)))
struct StateRoomTests {
    /// So many empty files, each with a name of 40 bytes.
    private func fill(_ fixture: DumpFixture, _ count: Int) throws {
        try shell(
            "mkdir -p documents; cd documents; seq -f 'the-rather-long-name-of-a-document-%05.0f' \(count) | xargs touch",
            in: fixture.source)
    }

    private func indexByteCount(_ outcome: DumpOutcome) throws -> Int64 {
        let path = try #require(outcome.indexPath)
        let status = try FileSystem.status(path)
        return try #require(status).byteCount
    }

    private func plan(_ fixture: DumpFixture, in disk: SmallDisk, isIndexed: Bool = true) throws -> DumpPlan {
        let base = try fixture.plan()
        try FileSystem.makeDirectories("\(disk.path)/work")
        return DumpPlan(
            host: base.host, datestamp: base.datestamp, dle: base.dle, target: base.target,
            indexPath: isIndexed ? "\(disk.path)/work/index" : nil, workDirectory: "\(disk.path)/work")
    }

    @Test func `the last snapshot tells what the next dump lays there`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try fill(fixture, 3_000)
        try shell("mkdir -p a/b/c/{d,e}; touch a/b/c/d/{1..500} a/f", in: fixture.source)
        let first = try await fixture.dumpLevel(0, firstFile: 1)
        let lasting = TarSnapshots(
            host: "localhost", dle: try fixture.plan().dle, directory: fixture.snapshots)
        let need = try StateNeed(snapshot: lasting.path(level: 0))
        let index = try indexByteCount(first)
        #expect(need.fullIndexByteCount >= index && need.fullIndexByteCount < index + index / 5)
        #expect(try FileSystem.status(lasting.path(level: 0))?.byteCount == need.snapshotByteCount)
        let second = try await fixture.dumpLevel(1, firstFile: 2)
        let increment = try indexByteCount(second)
        #expect(
            need.leastIndexByteCount >= increment && need.leastIndexByteCount < need.fullIndexByteCount / 10)
        #expect(need.byteCount(level: 0, isIndexed: true) > need.snapshotByteCount + index)
        #expect(need.byteCount(level: 1, isIndexed: true) > 2 * need.snapshotByteCount)
    }

    @Test(arguments: LongTests.first(1, of: [0, 1], in: "StateRoomTests"))
    func `a directory that is too small is found before the first byte`(
        level: Int
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try fill(fixture, 20_000)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        let disk = try SmallDisk(fixture.directory.path("state"), byteCount: 1 << 20)
        var plan = try plan(fixture, in: disk)
        (plan.dle.level, plan.dle.isIndexed) = (level, true)
        if level > 0 { plan.base = .level(0) }
        let outcome = try await fixture.dump(plan)
        let text = outcome.failureText ?? ""
        #expect(text.contains(#/^'.+/state' is too small: (0.9|1.0) MiB free, and /#), "\(text)")
        #expect(text.contains(" need about \(level == 0 ? "2." : "1.")"), "\(text)")
        #expect(text.contains("hint: make room there, or let stateDirectory in agent.json"), "\(text)")
        #expect(outcome.parts.isEmpty && outcome.native.byteCount == 0 && outcome.entryCount == 0)
        #expect(StateRoom(disk.path).fault(of: plan.dle, host: plan.host) != nil)
        #expect(StateRoom(fixture.directory.path("source")).fault(of: plan.dle, host: plan.host) == nil)
    }

    /// Nobody knows before: there is no snapshot yet.
    @Test(
        arguments: LongTests.first(
            1, of: [(3_000, false), (20_000, true), (20_000, false)], in: "StateRoomTests, without a snapshot"
        ))
    func `a first dump that finds no room names the directory, and ends before tar has listed all`(
        count: Int, isIndexed: Bool
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try fill(fixture, count)
        let disk = try SmallDisk(fixture.directory.path("state"), byteCount: count > 4_096 ? 400_000 : 90_000)
        let outcome = try await fixture.dump(plan(fixture, in: disk, isIndexed: isIndexed))
        let text = outcome.failureText ?? ""
        #expect(text.hasPrefix("'\(disk.path)' is too small: "), "\(text)")
        #expect(text.contains("hint: make room there"), "\(text)")
        // Where few names are listed only tar itself finds out, at its end.
        if count > 4_096 { #expect(outcome.entryCount < count, "\(outcome.entryCount)") }
    }

    @Test func `dumps side by side leave each other what they need`() throws {
        let directory = try TemporaryDirectory("reservations")
        let disk = try SmallDisk(directory.path("state"), byteCount: 8 << 20)
        let (room, file) = (StateRoom(disk.path), "\(disk.path)/index")
        let number = StateReservations.shared.reserve(6 << 20, in: disk.path, for: [file])
        #expect(room.fault(3 << 20) != nil && room.fault(1 << 20) == nil)
        try FileSystem.writeAtomically(file, [UInt8](repeating: 0, count: 4 << 20))
        #expect(room.fault(3 << 20) != nil && room.fault(1 << 20) == nil)
        StateReservations.shared.release(number)
        #expect(room.fault(3 << 20) == nil)
    }
}
