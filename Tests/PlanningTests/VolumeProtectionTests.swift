// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

/// What the cluster keeps beyond a node's own rules, and what that costs where slots are short.
@Suite struct VolumeProtectionTests {
    private let disk = DiskName(host: "localhost", disk: "/a")

    private func day(_ number: Int) throws -> Datestamp {
        try #require(Datestamp("202611\(number < 10 ? "0" : "")\(number)030000"))
    }

    /// A volume a day, V1 the oldest, and then empty slots.
    private func chooser(
        _ count: Int, tapecycle: Int, empty: Int = 0
    ) throws -> (chooser: VolumeChooser, slots: [SlotContents]) {
        var list = Tapelist()
        var slots: [SlotContents] = []
        for number in 1...count {
            list.set(TapelistEntry(datestamp: try day(number), label: "V\(number)"))
            let header = VolumeHeader(datestamp: try day(number), label: "V\(number)")
            slots.append(SlotContents(slot: "slot-\(number)", volume: .labelled(header)))
        }
        for number in 0..<empty {
            slots.append(SlotContents(slot: "slot-\(count + 1 + number)", volume: .unlabelled))
        }
        let policy = VolumePolicy(
            configuration: "c", organisation: "o", labelstr: "^V", autolabelTemplate: "V%%",
            autolabel: .empty,
            tapecycle: tapecycle)
        return (VolumeChooser(policy: policy, tapelist: list), slots)
    }

    private func set(_ number: Int) throws -> VolumeProtection {
        VolumeProtection(run: try day(number), isPinned: false)
    }

    private func pin(_ number: Int) throws -> VolumeProtection {
        VolumeProtection(run: try day(number), isPinned: true)
    }

    @Test func `ten nights with an old set find a volume each, and leave the set and the newest dump alone`()
        throws
    {
        var (chooser, slots) = try chooser(3, tapecycle: 3)
        chooser.protected = ["V1": try set(1)]
        var newest = "V3"
        for night in 4...13 {
            chooser.needs = [newest: VolumeNeed(name: disk, level: 0)]
            let choice = try chooser.choose(run: try day(night), slots: slots)
            #expect(choice.label != "V1" && choice.label != newest, "night \(night)")
            #expect(choice.shortfall?.asked == 2 && choice.shortfall?.left == 1)
            var entry = try #require(chooser.tapelist.entry(label: choice.label))
            entry.datestampText = try day(night).description
            chooser.tapelist.set(entry)
            let index = try #require(slots.firstIndex { $0.slot == choice.slot })
            slots[index].volume = .labelled(VolumeHeader(datestamp: try day(night), label: choice.label))
            newest = choice.label
        }
        #expect(
            try chooser.choose(run: try day(14), slots: slots).shortfall?.description
                == "retention: 1 of the newest 2 volumes is left after this run, because run 20261101030000, "
                + "the newest that every node can have back, is not overwritten; add slots to tpchanger")
    }

    @Test func `a set that age keeps anyway costs nothing`() throws {
        var (chooser, slots) = try chooser(3, tapecycle: 3)
        let before = try chooser.choose(run: try day(9), slots: slots)
        for protected in [3, 2] {
            chooser.protected = ["V\(protected)": try set(protected)]
            #expect(try chooser.choose(run: try day(9), slots: slots) == before)
        }
    }

    @Test func `with a slot to spare the whole retention is left`() throws {
        var (chooser, slots) = try chooser(3, tapecycle: 3, empty: 1)
        chooser.protected = ["V1": try set(1)]
        let fresh = try chooser.choose(run: try day(9), slots: slots)
        #expect(fresh.kind == .new && fresh.shortfall == nil)
        (chooser, slots) = try self.chooser(4, tapecycle: 3)
        chooser.protected = ["V1": try set(1)]
        let choice = try chooser.choose(run: try day(9), slots: slots)
        #expect(choice.label == "V2" && choice.shortfall == nil)
    }

    @Test func `too few slots for tapecycle itself stay refused, as in Amanda`() throws {
        var (chooser, slots) = try chooser(3, tapecycle: 9)
        chooser.protected = ["V1": try set(1)]
        #expect(throws: VolumeChoiceError.self) { _ = try chooser.choose(run: try day(9), slots: slots) }
    }

    @Test func `a rule gives way before the run is refused, what a restore needs never`() throws {
        var (chooser, slots) = try chooser(3, tapecycle: 2)
        chooser.protected = ["V1": try set(1)]
        chooser.kept = ["V2": "retention-full 30"]
        chooser.needs = ["V3": VolumeNeed(name: disk, level: 0)]
        #expect(try chooser.choose(run: try day(9), slots: slots).label == "V2")
        chooser.needs["V2"] = VolumeNeed(name: disk, level: 1)
        let error = #expect(throws: VolumeChoiceError.self) {
            _ = try chooser.choose(run: try day(9), slots: slots)
        }
        #expect(
            error?.refusals.map(\.reason) == [
                "volume 'V1' holds run 20261101030000, the newest that every node can have back",
                "volume 'V2' holds the newest level 1 of localhost:/a",
                "volume 'V3' holds the newest full dump of localhost:/a",
            ])
    }

    @Test func `pins are kept whether or not they are marked, and named where nothing else is left`() throws {
        for isMarked in [false, true] {
            var (chooser, slots) = try chooser(3, tapecycle: 3)
            chooser.protected = ["V1": try pin(1)]
            var entry = try #require(chooser.tapelist.entry(label: "V1"))
            if isMarked { entry.setPinMark() }
            chooser.tapelist.set(entry)
            chooser.needs = ["V3": VolumeNeed(name: disk, level: 0)]
            let choice = try chooser.choose(run: try day(9), slots: slots)
            #expect(choice.label == "V2" && choice.shortfall?.left == 1)
            chooser.protected["V2"] = try pin(2)
            let error = #expect(throws: VolumeChoiceError.self) {
                _ = try chooser.choose(run: try day(9), slots: slots)
            }
            #expect(
                error?.refusals.map(\.reason).first == "volume 'V1' holds run 20261101030000, which is pinned"
            )
            #expect(
                error?.hint
                    == "add slots to tpchanger, or give a run free with 'amfleet unpin 20261101030000'.")
        }
    }

    @Test func `the forecast goes around what is kept`() throws {
        var (chooser, slots) = try chooser(3, tapecycle: 3)
        chooser.protected = ["V1": try set(1)]
        #expect(
            chooser.forecast(from: try day(9), slots: slots) == [
                .kept(
                    reason: "volume 'V1' holds run 20261101030000, the newest that every node can have back"),
                .run(1), .run(2),
            ])
    }

    @Test func `our mark goes with the pin, an operator's own stays`() throws {
        var list = try Tapelist(parsing: "20261101030000 V1 reuse #off site\n20261102030000 V2 no-reuse\n")
        for label in ["V1", "V2"] {
            var entry = try #require(list.entry(label: label))
            entry.setPinMark()
            list.set(entry)
        }
        #expect(
            list.text == "20261102030000 V2 no-reuse\n20261101030000 V1 no-reuse #off site amfleet-pin\n")
        list = try Tapelist(parsing: list.text)
        for label in ["V1", "V2"] {
            var entry = try #require(list.entry(label: label))
            entry.removePinMark()
            list.set(entry)
        }
        #expect(list.text == "20261102030000 V2 no-reuse\n20261101030000 V1 reuse #off site\n")
    }
}
