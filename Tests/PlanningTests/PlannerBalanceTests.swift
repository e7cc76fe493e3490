// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

@Suite struct PlannerBalanceTests {
    private typealias Past = PlannerFixture.Past

    private func fixture(capacityGiB: Int64 = 1 << 20) -> PlannerFixture {
        var fixture = PlannerFixture()
        fixture.settings.capacityBytes = capacityGiB << 30
        return fixture
    }

    @Test func `delays the full dump whose last one is the newest when not all fit`() throws {
        var fixture = fixture(capacityGiB: 25)
        fixture.add("/old", [Past(0, 9)], gib: [0: 12, 1: 1])
        fixture.add("/middle", [Past(0, 8)], gib: [0: 12, 1: 1])
        fixture.add("/new", [Past(0, 7)], gib: [0: 12, 1: 1])
        let plan = try fixture.plan()
        #expect(plan.dumps.map { "\($0.name.disk) \($0.level)" } == ["/old 0", "/middle 0", "/new 1"])
        #expect(
            plan.dumps[2].reason.description
                == "delayed: a full dump of 12 GiB does not fit beside the others into the 25 GiB of one run")
        #expect(plan.totalStoredBytes == 25 << 30)
        #expect(plan.dumps[0].degraded?.level == 1)
    }

    @Test func `brings a delayed full dump back where it fits after all`() throws {
        var fixture = fixture(capacityGiB: 20)
        fixture.add("/old", [Past(0, 9)], gib: [0: 10, 1: 1])
        fixture.add("/large", [Past(0, 8)], gib: [0: 30, 1: 2])
        fixture.add("/small", [Past(0, 7)], gib: [0: 5, 1: 1])
        #expect(try fixture.levels() == ["/old 0", "/large 1", "/small 0"])
    }

    @Test func `a forced full dump is delayed last`() throws {
        var fixture = fixture(capacityGiB: 14)
        fixture.add("/due", [Past(0, 8)], gib: [0: 10, 1: 1])
        fixture.add("/promised", [Past(0, 7)], gib: [0: 10, 1: 1])
        #expect(try fixture.levels() == ["/due 0", "/promised 1"])
        fixture.disks[1].info.command = .force
        #expect(try fixture.levels() == ["/promised 0", "/due 1"])
    }

    @Test func `refuses beforehand what can never fit, with the figures and what to change`() throws {
        var fixture = fixture(capacityGiB: 10)
        fixture.add("/new", [], gib: [0: 11])
        fixture.add("/grown", [Past(0, 3)], gib: [0: 40, 1: 12])
        fixture.add("/fulls", [Past(0, 7)], gib: [0: 40, 1: 1])
        fixture.add("/fine", [Past(0, 7)], gib: [0: 4, 1: 1])
        let plan = try fixture.plan()
        #expect(plan.dumps.map { "\($0.name.disk) \($0.level)" } == ["/fine 0", "/fulls 1"])
        #expect(
            plan.refusals.map(\.description).sorted() == [
                """
                h:/grown: even level 1 of 12 GiB does not fit into the 10 GiB that one run may store
                hint: raise length of the tapetype, runtapes or maxdumpsize, or split the disk into several entries.
                """,
                """
                h:/new: a full dump of 11 GiB does not fit into the 10 GiB that one run may store, and there is no increment to make instead
                hint: raise length of the tapetype, runtapes or maxdumpsize, or split the disk into several entries.
                """,
            ])
        #expect(
            plan.warnings == [
                "h:/fulls: no full dump of it can ever be made: 40 GiB, and one run may store 10 GiB"
            ])
    }

    @Test func `leaves the least important increments out when even increments do not fit`() throws {
        var fixture = fixture(capacityGiB: 10)
        fixture.add("/a", [Past(0, 3)], gib: [0: 40, 1: 6]) { $0.priority = 2 }
        fixture.add("/b", [Past(0, 3)], gib: [0: 40, 1: 5])
        fixture.add("/c", [Past(0, 3)], gib: [0: 40, 1: 3])
        let plan = try fixture.plan()
        #expect(plan.dumps.map(\.name.disk) == ["/a", "/c"])
        #expect(plan.leftOut.map(\.isFailure) == [true])
        #expect(
            plan.leftOut[0].description.hasPrefix("h:/b: level 1 of 5 GiB does not fit beside the others"))
    }

    @Test func `promotes from the day on which most falls due until the load is even`() throws {
        var fixture = fixture()
        for index in 0..<14 { fixture.add("/d\(index)", [Past(0, 1)], gib: [0: 10, 1: 0.1]) }
        let plan = try fixture.plan()
        #expect(plan.balancedBytes >> 30 == 20)
        #expect(plan.fullStoredBytes == 20 << 30)
        let promoted = try #require(plan.dumps.first { $0.level == 0 })
        #expect(
            promoted.reason.description
                == "promoted from Thursday: 140 GiB of full dumps fall on that day and 0 B on this run, where 20 GiB would be even"
        )
        #expect(plan.upcoming.map(\.daysAhead) == [6, 7])
    }

    @Test func `does not promote what is due later than maxpromoteday`() throws {
        var fixture = fixture()
        for index in 0..<14 {
            fixture.add("/d\(index)", [Past(0, 1)], gib: [0: 10, 1: 0.1]) { $0.maxPromoteDays = 3 }
        }
        #expect(try fixture.plan().fullStoredBytes == 0)
    }

    @Test func `takes a day on which large disks meet apart, where Amanda leaves them together`() throws {
        var fixture = fixture()
        for name in ["/x", "/y", "/z"] { fixture.add(name, [Past(0, 5)], gib: [0: 100, 1: 1]) }
        for index in 0..<14 {
            fixture.add("/d\(index)", [Past(0, Double(index % 7) + 0.1)], gib: [0: 1, 1: 0.1])
        }
        fixture.add("/due", [Past(0, 7)], gib: [0: 1, 1: 0.1])
        let levelled = try fixture.plan().dumps.filter { $0.level == 0 }.map(\.name.disk)
        #expect(levelled.contains("/x"))
        fixture.settings.levelsHills = false
        #expect(try !fixture.plan().dumps.contains { $0.level == 0 && $0.dump.nativeBytes == 100 << 30 })
    }

    @Test func `renews what lies on the volume that the next run has to overwrite`() throws {
        var fixture = fixture()
        fixture.add("/a", [Past(0, 3, on: "V-1"), Past(1, 1, on: "V-3")], gib: [0: 50, 1: 1]) {
            $0.maxPromoteDays = 0
        }
        fixture.add("/b", [Past(0, 2, on: "V-2"), Past(1, 1, on: "V-3")], gib: [0: 9, 1: 1]) {
            $0.maxPromoteDays = 0
        }
        fixture.rotation = VolumeRotation(
            reusable: ["V-1", "V-2", "V-3", "V-4"], unwrittenCount: 0, retainedCount: 3, tonight: ["V-4"],
            overwritten: ["V-4"])
        let plan = try fixture.plan()
        // V-3 is free once tonight's increments are stored; one more is kept in hand.
        #expect(plan.dumps.map { "\($0.name.disk) \($0.level)" } == ["/b 0", "/a 1"])
        #expect(
            plan.dumps[0].reason.description
                == "renewed: what it builds upon lies on volume 'V-2', which the next run has to overwrite")
        fixture.rotation?.reusable.insert("V-5")
        #expect(try fixture.levels() == ["/a 1", "/b 1"])
    }

    @Test func `a disk whose chain this run overwrites gets a full dump`() throws {
        var fixture = fixture()
        fixture.add("/a", [Past(0, 3, on: "V-1"), Past(1, 1, on: "V-3")], gib: [0: 50, 1: 1])
        fixture.rotation = VolumeRotation(
            reusable: ["V-1", "V-3"], unwrittenCount: 3, retainedCount: 0, tonight: ["V-1"],
            overwritten: ["V-1"])
        #expect(try fixture.only() == "0: full: the last one, on volume 'V-1', is overwritten or gone")
    }

    @Test func `says so when no volume will be free for the next run`() throws {
        var fixture = fixture(capacityGiB: 10)
        fixture.add("/a", [Past(0, 3, on: "V-1")], gib: [1: 1]) { $0.estimateMethods = [.client] }
        fixture.disks[0].schedule.strategy = .noFulls
        fixture.rotation = VolumeRotation(
            reusable: ["V-1"], unwrittenCount: 0, retainedCount: 0, tonight: ["V-2"], overwritten: [])
        #expect(
            try fixture.plan().warnings.contains {
                $0.hasPrefix("after this run no volume is free") || $0.hasPrefix("a single run that fails")
            })
    }
}

@Suite struct RestorableChainTests {
    private let name = DiskName(host: "h", disk: "/a")

    private func dump(_ level: Int, day: Int, _ labels: String...) throws -> StoredDump {
        let run = try #require(Datestamp(year: 2026, month: 11, day: day, hour: 3, minute: 0, second: 0))
        return StoredDump(name: name, level: level, run: run, labels: Set(labels))
    }

    @Test func `a chain holds the newest dump of each level below`() throws {
        let dumps = try [
            dump(0, day: 1, "A"), dump(1, day: 2, "B"), dump(2, day: 3, "C"), dump(1, day: 4, "D", "E"),
            dump(2, day: 5, "F"),
        ]
        let chain = try #require(RestorableChain.newest(of: dumps.shuffled()))
        #expect(chain.dumps.map(\.level) == [0, 1, 2])
        #expect(chain.labels == ["A", "D", "E", "F"])
    }

    @Test func `a newest dump whose base is gone gives way to one whose chain is whole`() throws {
        let dumps = try [dump(0, day: 1, "A"), dump(1, day: 2, "B")]
        #expect(RestorableChain.newest(of: [dumps[1]]) == nil)
        #expect(RestorableChain.newest(of: [dumps[1]], fullsAreElsewhere: true)?.labels == ["B"])
        #expect(RestorableChain.newest(of: dumps)?.labels == ["A", "B"])
    }

    @Test func `every volume of a chain is needed, not that of the full dump alone`() throws {
        let chain = try #require(
            RestorableChain.newest(of: [dump(0, day: 1, "A"), dump(1, day: 2, "B"), dump(1, day: 3, "C")]))
        let needs = VolumeNeed.volumes(of: [chain])
        #expect(needs.keys.sorted() == ["A", "C"])
        #expect(needs["A"]?.description == "the newest full dump of h:/a")
        #expect(needs["C"]?.description == "the newest level 1 of h:/a")
    }
}
