// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

@Suite struct PlannerLevelTests {
    private typealias Past = PlannerFixture.Past

    /// One disk and what becomes of it.
    private func only(
        _ past: [PlannerFixture.Past], gib: [Int: Double], runs: Int = 1, command: Info.Command = [],
        _ change: (inout DumpSchedule) -> Void = { _ in }
    ) throws -> String {
        var fixture = PlannerFixture()
        fixture.settings.levelsHills = false
        fixture.add("/a", past, gib: gib, runs: runs, command: command) {
            $0.maxPromoteDays = 0
            change(&$0)
        }
        return try fixture.only()
    }

    @Test func `a new disk gets a full dump`() throws {
        #expect(try only([], gib: [0: 5]) == "0: new: never dumped")
    }

    @Test func `a full dump is due when its dumpcycle is over`() throws {
        #expect(
            try only([Past(0, 7)], gib: [0: 5, 1: 1])
                == "0: full is due: the last was 7 days ago, dumpcycle 7 days")
        #expect(try only([Past(0, 6.4)], gib: [0: 5, 1: 1]) == "1: level 1 follows a full dump")
        #expect(try only([Past(0, 6.6)], gib: [0: 5, 1: 1]).hasPrefix("0: full is due"))
    }

    @Test func `each overdue day adds to the priority`() throws {
        var fixture = PlannerFixture()
        fixture.add("/a", [Past(0, 7)], gib: [0: 9, 1: 1])
        fixture.add("/b", [Past(0, 10)], gib: [0: 5, 1: 1])
        let plan = try fixture.plan()
        #expect(plan.dumps.map(\.name.disk) == ["/b", "/a"])
        #expect(plan.dumps.map(\.priority) == [4, 1])
    }

    @Test func `dumpcycle 0, noinc and record no make every dump a full one`() throws {
        let gib = [0: 5.0, 1: 1]
        #expect(try only([Past(0, 1)], gib: gib) { $0.dumpcycleDays = 0 } == "0: full every run: dumpcycle 0")
        #expect(
            try only([Past(0, 1)], gib: gib) { $0.strategy = .noIncrements }
                == "0: full every run: strategy noinc")
        #expect(
            try only([Past(0, 1)], gib: gib) { $0.isRecorded = false }
                == "0: full every run: record no keeps no base for increments")
    }

    @Test func `nofull stays at level 1, incronly climbs and takes force for a full dump made elsewhere`()
        throws
    {
        let gib = [0: 5.0, 1: 4, 2: 1]
        #expect(
            try only([Past(1, 2), Past(1, 1)], gib: gib, runs: 5) { $0.strategy = .noFulls }
                == "1: strategy nofull: always level 1")
        #expect(
            try only([Past(0, 20), Past(1, 1)], gib: gib, runs: 5) { $0.strategy = .incrementsOnly }
                == "2: bumped to level 2: saves 3 GiB, threshold 10 MiB")
        var fixture = PlannerFixture()
        fixture.add("/a", [Past(0, 20), Past(1, 1)], gib: gib, runs: 5, command: .force) {
            $0.strategy = .incrementsOnly
        }
        let plan = try fixture.plan()
        #expect(plan.dumps.map(\.level) == [1])
        let info = try #require(plan.infoUpdates[DiskName(host: "h", disk: "/a")])
        #expect(info.statistics(level: 0)?.date == PlannerFixture.now)
        #expect(info.command == [])
    }

    @Test func `skip-full leaves a due disk out and begins its cycle anew`() throws {
        var fixture = PlannerFixture()
        fixture.add("/a", [Past(0, 7)], gib: [0: 5, 1: 1]) { $0.skipsFulls = true }
        let plan = try fixture.plan()
        #expect(plan.dumps.isEmpty)
        #expect(
            plan.leftOut.map(\.description) == [
                "h:/a: left out: a full dump is due, and skip-full says that it is made by other means"
            ])
        #expect(!plan.leftOut[0].isFailure)
        #expect(plan.infoUpdates.count == 1)
    }

    @Test func `skip-incr leaves a disk out until a full dump is due`() throws {
        var fixture = PlannerFixture()
        fixture.add("/a", [Past(0, 3)], gib: [0: 5, 1: 1]) {
            ($0.skipsIncrements, $0.maxPromoteDays) = (true, 0)
        }
        fixture.add("/b", [Past(0, 7)], gib: [0: 5, 1: 1]) { $0.skipsIncrements = true }
        let plan = try fixture.plan()
        #expect(plan.dumps.map(\.name.disk) == ["/b"])
        #expect(plan.dumps[0].degraded == nil)
        #expect(plan.leftOut.map(\.cause) == [.skipsIncrement])
    }

    @Test(arguments: [
        (Info.Command.force, "0: forced by amadmin force"),
        (.forceLevel1, "1: forced by amadmin force-level-1"),
        (.forceBump, "3: forced by amadmin force-bump"),
        (.forceNoBump, "2: forced by amadmin force-no-bump"),
    ])
    func `what amadmin forces is done`(command: Info.Command, expected: String) throws {
        #expect(
            try only(
                [Past(0, 3), Past(1, 2), Past(2, 1)], gib: [0: 5, 1: 4, 2: 3, 3: 0.1], runs: 9,
                command: command)
                == expected)
    }

    @Test func `a bump needs the runs, the size and the saving`() throws {
        let past = [Past(0, 4), Past(1, 1)]
        func bump(
            _ gib: [Int: Double], runs: Int, _ change: (inout DumpSchedule) -> Void = { _ in }
        ) throws -> String {
            try only(past, gib: gib, runs: runs) {
                $0.bump.bytes = 1 << 30
                change(&$0)
            }
        }
        #expect(try bump([0: 9, 1: 5, 2: 1], runs: 1) == "1: stays at level 1: 1 run there, bumpdays 2")
        #expect(
            try bump([0: 9, 1: 0.5, 2: 0.1], runs: 2)
                == "1: stays at level 1: its 512 MiB are not above the threshold of 1 GiB")
        #expect(
            try bump([0: 9, 1: 5, 2: 4.5], runs: 2)
                == "1: stays at level 1: the next would save 512 MiB, threshold 1 GiB")
        #expect(
            try bump([0: 9, 1: 5, 2: 1.8], runs: 2) == "2: bumped to level 2: saves 3.2 GiB, threshold 1 GiB")
        #expect(
            try bump([0: 10, 1: 5, 2: 1.8], runs: 2) { $0.bump.percent = 40 }
                == "1: stays at level 1: the next would save 3.2 GiB, threshold 4 GiB")
    }

    @Test func `the threshold grows with the level`() {
        var rule = BumpRule()
        #expect((1...3).map { rule.threshold(level: $0, fullBytes: nil) >> 20 } == [10, 15, 22])
        rule.percent = 10
        #expect(rule.threshold(level: 2, fullBytes: 100 << 20) >> 20 == 15)
        #expect(rule.threshold(level: 1, fullBytes: 1000) >> 20 == 10)
    }

    @Test func `a disk whose full dump is gone gets a new one, whatever curinfo says`() throws {
        var fixture = PlannerFixture()
        fixture.add("/a", [Past(0, 3, on: "V-01"), Past(1, 1)], gib: [0: 5, 1: 1])
        fixture.disks[0].dumps.removeFirst()
        #expect(try fixture.only() == "0: full: the last one, on volume 'V-01', is overwritten or gone")
    }

    @Test func `a disk whose level 1 is gone falls back to what the full dump allows`() throws {
        var fixture = PlannerFixture()
        fixture.add("/a", [Past(0, 3), Past(1, 2), Past(2, 1)], gib: [0: 5, 1: 1, 2: 0.5]) {
            $0.maxPromoteDays = 0
        }
        fixture.disks[0].dumps.remove(at: 1)
        fixture.disks[0].dumps.removeLast()
        #expect(try fixture.only() == "1: level 1: what level 3 would build upon is gone")
    }

    @Test func `without tar's snapshot of the full dump there is no increment`() throws {
        var fixture = PlannerFixture()
        fixture.add("/a", [Past(0, 3), Past(1, 1)], gib: [0: 5, 1: 1])
        fixture.disks[0].snapshotLevels = [1]
        #expect(try fixture.only() == "0: full: tar's snapshot of the last one is missing")
        fixture.disks[0].snapshotLevels = [0]
        #expect(try fixture.levels() == ["/a 1"])
    }

    @Test func `asks for the sizes that decide, with the date to compare with`() throws {
        var fixture = PlannerFixture()
        fixture.add("/new", [], gib: [:])
        fixture.add("/full", [Past(0, 2)], gib: [0: 5])
        fixture.add("/grown", [Past(0, 4), Past(1, 2), Past(1, 1)], gib: [0: 5, 1: 2], runs: 2)
        let requests = try fixture.planner().requests
        #expect(requests.map { $0.levels.map(\.level) } == [[0], [0, 1], [0, 1, 2]])
        #expect(requests.map(\.needsWalk) == [true, true, true])
        #expect(requests[1].levels.map(\.since) == [nil, PlannerFixture.now - 2 * 86_400])
        #expect(
            requests[2].levels.map(\.since) == [
                nil, PlannerFixture.now - 4 * 86_400, PlannerFixture.now - 86_400,
            ])
        #expect(requests[2].levels.map(\.historicBytes) == [5 << 30, 2 << 30, nil])
        fixture.disks[2].schedule.estimateMethods = [.server]
        #expect(try fixture.planner().requests[2].needsWalk == false)
    }

    @Test func `averages weigh the newest of three most`() throws {
        let info = try #require(
            Info(
                parsing:
                    "version: 0\nfull-rate: 3000.0 600.0 0.0\nfull-comp: 0.5\nincr-comp:\nlast_level: 0 1\n//\n"
            ))
        #expect(info.full.averageRate == 1700)
        #expect(info.full.averageRatio == 0.5)
        #expect(info.incremental.averageRatio == nil)
    }

    @Test func `history tells the size of the second run at a level from the second runs of the past`() throws
    {
        var info = Info()
        for (index, size) in [
            (0, 900), (1, 10), (1, 30), (1, 50), (0, 950), (1, 12), (1, 34), (0, 999), (1, 14),
        ] {
            info.record(
                .init(
                    level: index, originalKiB: Int64(size), storedKiB: 1, seconds: 1,
                    date: Int64(info.history.count)),
                isCompressed: false)
        }
        #expect(info.historicKiB(level: 0) == 999)
        #expect(info.historicKiB(level: 1) == 32)
        #expect(info.historicKiB(level: 2) == nil)
    }
}
