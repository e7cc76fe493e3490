// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Testing

@testable import Planning

/// What a policy keeps, and when each slot is written next.
@Suite struct RetentionTests {
    private let disk = DiskName(host: "localhost", disk: "/a")

    private func day(_ number: Int) throws -> Datestamp {
        let digits = number < 10 ? "0\(number)" : "\(number)"
        return try #require(Datestamp("202611\(digits)030000"))
    }

    /// A volume a day, V1 the oldest, with one dump of the level given.
    private func history(
        _ levels: [Int]
    ) throws -> (list: Tapelist, dumps: [StoredDump], slots: [SlotContents]) {
        var list = Tapelist()
        var dumps: [StoredDump] = []
        var slots: [SlotContents] = []
        for (index, level) in levels.enumerated() {
            let (run, label) = (try day(index + 1), "V\(index + 1)")
            list.set(TapelistEntry(datestamp: run, label: label))
            dumps.append(StoredDump(name: disk, level: level, run: run, labels: [label]))
            slots.append(
                SlotContents(
                    slot: "slot-\(index + 1)", volume: .labelled(VolumeHeader(datestamp: run, label: label))))
        }
        return (list, dumps, slots)
    }

    private func kept(_ rules: RetentionRules, _ levels: [Int], today: Int) throws -> [String: String] {
        let (list, dumps, _) = try history(levels)
        return rules.kept(list, dumps, run: try day(today))
    }

    @Test func `keeps by age, by full dumps, and by what restores need`() throws {
        let levels = [0, 1, 1, 0, 1, 2]
        #expect(try kept(RetentionRules(), levels, today: 7).isEmpty)
        #expect(
            try kept(RetentionRules(days: 2), levels, today: 7) == [
                "V5": "retention-days 2", "V6": "retention-days 2",
            ])
        #expect(try kept(RetentionRules(fullDays: 3), levels, today: 7) == ["V4": "retention-full 3"])
        // To any moment of the last four days: V2 with V1 as of then, and all that came since.
        let recover = try kept(RetentionRules(recoverDays: 4), levels, today: 7)
        #expect(recover.keys.sorted() == ["V1", "V2", "V3", "V4", "V5", "V6"])
        let shorter = try kept(RetentionRules(recoverDays: 2), levels, today: 7)
        #expect(shorter.keys.sorted() == ["V4", "V5", "V6"])
    }

    @Test func `the volumes that rules keep count among those that are retained`() throws {
        let (list, dumps, slots) = try history([0, 0, 0, 0, 0, 0])
        var policy = VolumePolicy(
            configuration: "c", organisation: "o", labelstr: ".*", autolabelTemplate: nil, autolabel: [],
            tapecycle: 6)
        policy.rules = RetentionRules(days: 3)
        var chooser = VolumeChooser(policy: policy, tapelist: list)
        chooser.kept = policy.rules.kept(list, dumps, run: try day(7))
        #expect(chooser.kept.count == 3)
        #expect(try chooser.choose(run: try day(7), slots: slots).label == "V1")
        chooser.kept["V1"] = "retention-full 30"
        #expect(try chooser.choose(run: try day(7), slots: slots).label == "V2")
        chooser.policy.retainedVolumeCount = 0
        chooser.kept = policy.rules.kept(list, dumps, run: try day(4))
        let error = #expect(throws: VolumeChoiceError.self) {
            try chooser.choose(run: try day(4), slots: [slots[5]])
        }
        #expect(error?.refusals.map(\.reason) == ["volume 'V6' is kept by retention-days 3"])
    }

    @Test func `foretells when each slot is written next, and why one is not`() throws {
        let (list, _, labelled) = try history([0, 0, 0, 0])
        var list2 = list
        var marked = try #require(list.entry(label: "V2"))
        marked.isReusable = false
        list2.set(marked)
        let policy = VolumePolicy(
            configuration: "c", organisation: "o", labelstr: "^V", autolabelTemplate: "V%",
            autolabel: [.empty],
            tapecycle: 2)
        var chooser = VolumeChooser(policy: policy, tapelist: list2)
        chooser.needs = ["V4": VolumeNeed(name: disk, level: 0)]
        let slots =
            labelled + [
                SlotContents(slot: "slot-5", volume: .unlabelled),
                SlotContents(slot: "slot-6", volume: .foreign),
            ]
        let forecast = chooser.forecast(from: try day(9), slots: slots)
        #expect(
            forecast == [
                .run(1), .kept(reason: "volume 'V2' is marked no-reuse"), .run(2),
                .kept(reason: "volume 'V4' holds the newest full dump of localhost:/a"),
                .spare,
                .kept(reason: "holds something that is no Amanda volume"),
            ])
        chooser.policy.retainedVolumeCount = 3
        let fresh = chooser.forecast(from: try day(9), slots: slots)
        #expect(fresh[4] == .run(1) && fresh[0] == .run(2) && fresh[2] == .run(3))
        #expect(chooser.forecast(from: try day(9), slots: slots, volumesPerRun: 2)[0] == .run(1))
    }
}
