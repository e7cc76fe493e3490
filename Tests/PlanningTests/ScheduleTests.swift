// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Testing

@testable import Planning

@Suite struct ScheduleTests {
    private static let variables = LabelVariables(
        configuration: "amcat", organisation: "amcat", storage: "ST")

    /// What Amanda 3.5.1's own `match_labelstr_template` answered for the same words.
    @Test(arguments: [
        ("X-%%%", "X-001", true), ("X-%%%", "X-0011", true), ("X-%%%", "aX-001", true),
        ("X-%%%", "X-00A", false),
        ("X-!!", "X-AB", true), ("X-!!", "X-A1", false), ("^X-[0-9]*$", "X-001", true),
        ("X-[0-9]", "aX-0z", true),
        ("$c-%%", "amcat-01", true), ("$o-%%", "amcat-01", true), ("X.%%", "Xa01", true),
        ("$3s", "001", true),
        ("$3s", "1", false), ("$s", "17", true), ("x$r", "xST", true), ("%%-%%", "01-02", true),
        ("a+%", "aaa1", true),
        ("A{2}%", "AA1", true), ("X-%%%$", "X-0011", false), ("", "abc", true), ("$x", "$x", false),
    ])
    func `matches labels as Amanda does`(pattern: String, label: String, isMatch: Bool) {
        let labelstr = LabelPattern(labelstr: pattern, autolabel: nil, variables: Self.variables)
        #expect(labelstr.matches(label) == isMatch)
    }

    @Test func `MATCH-AUTOLABEL is the autolabel template`() {
        let pattern = LabelPattern(
            labelstr: "match-autolabel", autolabel: LabelTemplate("$c-%%%"), variables: Self.variables)
        #expect(pattern.matches("amcat-001"))
        #expect(!pattern.matches("other-001"))
        #expect(!LabelPattern(labelstr: "a(", autolabel: nil, variables: Self.variables).isValid)
    }

    @Test(arguments: [
        ("X-%%%%", "X-0003"), ("$c-%%", "amcat-01"), ("a$$-!!", "a$-AB"), ("$r-$3s", "ST-007"),
        ("%%-$o", "02-amcat"),
    ])
    func `takes the first free label`(template: String, label: String) throws {
        let taken: Set = ["X-0001", "X-0002", "a$-AA", "01-amcat"]
        #expect(
            try LabelTemplate(template).newLabel(taken: taken, variables: Self.variables, slotNumber: 7)
                == label)
    }

    @Test(arguments: [
        (
            "X",
            "autolabel template 'X' gives every volume the same label\nhint: put '%%%%' where the number shall stand."
        ),
        ("%-%", "autolabel template '%-%' has more than one run of '%' or '!'"),
        ("a%", "every label of autolabel template 'a%' is taken (9)"),
        ("$c", "every label of autolabel template '$c' is taken (1)"),
    ])
    func `says why a template gives no label`(template: String, message: String) {
        let taken = Set((1...9).map { "a\($0)" } + ["amcat"])
        let error = #expect(throws: LabelTemplateError.self) {
            try LabelTemplate(template).newLabel(taken: taken, variables: Self.variables, slotNumber: 1)
        }
        #expect(error?.description == message)
    }
}

@Suite struct VolumeChooserTests {
    private let run = Datestamp("20261201030000")

    private func policy(tapecycle: Int = 3, autolabel: AutolabelConditions = .empty) -> VolumePolicy {
        VolumePolicy(
            configuration: "c", organisation: "o", labelstr: "^c-[0-9]*$", autolabelTemplate: "c-%%",
            autolabel: autolabel, tapecycle: tapecycle)
    }

    private func slot(_ number: Int, _ label: String?, day: Int? = nil) -> SlotContents {
        let datestamp = day.flatMap {
            Datestamp(year: 2026, month: 11, day: $0, hour: 3, minute: 0, second: 0)
        }
        let header = label.map { VolumeHeader(datestamp: datestamp, label: $0) }
        return SlotContents(slot: "slot-0\(number)", volume: header.map { .labelled($0) } ?? .unlabelled)
    }

    private func choose(
        _ policy: VolumePolicy, _ tapelist: String, _ slots: [SlotContents]
    ) throws -> VolumeChoice {
        let run = try #require(run)
        return try VolumeChooser(policy: policy, tapelist: try Tapelist(parsing: tapelist)).choose(
            run: run, slots: slots)
    }

    @Test func `labels an empty slot while too few volumes could be overwritten`() throws {
        let choice = try choose(
            policy(), "20261102030000 c-02 reuse\n20261101030000 c-01 reuse\n",
            [slot(1, "c-01", day: 1), slot(2, "c-02", day: 2), slot(3, nil)])
        #expect(choice == VolumeChoice(slot: "slot-03", label: "c-03", kind: .new))
    }

    @Test func `overwrites the oldest volume once tapecycle is full`() throws {
        let list = "20261103030000 c-03 reuse\n20261102030000 c-02 reuse\n20261101030000 c-01 reuse\n"
        let slots = [slot(1, "c-01", day: 1), slot(2, "c-02", day: 2), slot(3, "c-03", day: 3), slot(4, nil)]
        let oldest = try #require(Datestamp("20261101030000"))
        #expect(
            try choose(policy(), list, slots)
                == VolumeChoice(slot: "slot-01", label: "c-01", kind: .reusing(oldest)))
        let second = try #require(Datestamp("20261102030000"))
        let pinned = "20261104030000 c-04 reuse\n" + list.replacing("c-01 reuse", with: "c-01 no-reuse")
        #expect(
            try choose(policy(), pinned, slots)
                == VolumeChoice(slot: "slot-02", label: "c-02", kind: .reusing(second)))
    }

    private func needs(_ disks: [String: String]) -> [String: VolumeNeed] {
        disks.mapValues { VolumeNeed(name: DiskName(host: "localhost", disk: $0), level: 0) }
    }

    @Test func `keeps the newest full dump of a disk, however old its volume is`() throws {
        let list = "20261103030000 c-03 reuse\n20261102030000 c-02 reuse\n20261101030000 c-01 reuse\n"
        let slots = [slot(1, "c-01", day: 1), slot(2, "c-02", day: 2), slot(3, "c-03", day: 3)]
        let run = try #require(run)
        var chooser = VolumeChooser(policy: policy(), tapelist: try Tapelist(parsing: list))
        chooser.needs = needs(["c-01": "/data"])
        // It counts among the two that are retained: the run still finds a volume.
        #expect(try chooser.choose(run: run, slots: slots).label == "c-02")
        chooser.needs = needs(["c-01": "/a", "c-02": "/b", "c-03": "/c"])
        let error = #expect(throws: VolumeChoiceError.self) { _ = try chooser.choose(run: run, slots: slots) }
        #expect(
            error?.refusals.map(\.reason).first == "volume 'c-01' holds the newest full dump of localhost:/a")
        #expect(error?.description.contains("hint: add slots to tpchanger, as many to tapecycle") == true)
    }

    @Test func `goes on with the volume that this run has begun`() throws {
        let run = try #require(run)
        let begun = SlotContents(
            slot: "slot-02", volume: .labelled(VolumeHeader(datestamp: run, label: "c-02")))
        let choice = try choose(policy(), "\(run) c-02 reuse\n", [slot(1, nil), begun])
        #expect(choice == VolumeChoice(slot: "slot-02", label: "c-02", kind: .continuing))
    }

    @Test func `takes a volume that was labelled and never written`() throws {
        let choice = try choose(policy(), "0 c-05 reuse\n", [slot(1, "c-05"), slot(2, nil)])
        #expect(choice == VolumeChoice(slot: "slot-01", label: "c-05", kind: .neverWritten))
    }

    @Test func `gives a label again that was entered for a volume never labelled`() throws {
        let choice = try choose(policy(), "0 c-01 reuse POOL:c STORAGE:c CONFIG:c\n", [slot(1, nil)])
        #expect(choice == VolumeChoice(slot: "slot-01", label: "c-01", kind: .new))
        let unknown = SlotContents(slot: "slot-02", volume: .unreadable(reason: "no answer"))
        let other = try choose(policy(), "0 c-01 reuse POOL:c STORAGE:c CONFIG:c\n", [slot(1, nil), unknown])
        #expect(other.label == "c-02")
    }

    @Test func `refuses every slot by name when none can be had`() throws {
        let list = """
            20261104030000 c-04 no-reuse
            20261103030000 c-03 reuse
            20261102030000 c-02 reuse CONFIG:other
            """
        let slots = [
            slot(1, "x-01", day: 1), slot(2, "c-02", day: 2), slot(3, "c-03", day: 3),
            slot(4, "c-04", day: 4),
            slot(5, "c-09", day: 9), slot(6, nil), SlotContents(slot: "slot-07", volume: .foreign),
            SlotContents(slot: "slot-08", volume: .unreadable(reason: "403")),
        ]
        let error = #expect(throws: VolumeChoiceError.self) { try choose(policy(autolabel: []), list, slots) }
        #expect(
            error?.description == """
                no volume of configuration 'c' can be written
                  slot-01: volume 'x-01' does not match labelstr '^c-[0-9]*$'
                  slot-02: volume 'c-02' belongs to configuration 'other'
                  slot-03: volume 'c-03' is still needed: run 20261103030000
                  slot-04: volume 'c-04' is marked no-reuse
                  slot-05: volume 'c-09' is not in the tapelist
                  slot-06: unlabelled, and autolabel does not say 'empty'
                  slot-07: holds something that is no Amanda volume
                  slot-08: its label could not be read: 403
                hint: nothing is written to a slot whose label was not seen: see with 'amfleet volumes' what the store answers, mend that and run it again; or add slots to tpchanger, or lower tapecycle (the newest 2 volumes are kept).
                """)
    }

    @Test func `obeys the other words of autolabel`() throws {
        let foreign = SlotContents(slot: "slot-07", volume: .foreign)
        let unreadable = SlotContents(slot: "slot-08", volume: .unreadable(reason: "403"))
        #expect(try choose(policy(autolabel: .nonAmanda), "", [foreign]).kind == .new)
        #expect(try choose(policy(autolabel: .volumeError), "", [unreadable]).kind == .new)
        #expect(try choose(policy(autolabel: .any), "", [slot(1, "x-01", day: 1)]).label == "c-01")
    }

    @Test func `keeps volumes that a command still needs`() throws {
        let run = try #require(run)
        let list = try Tapelist(parsing: "20261102030000 c-02 reuse\n20261101030000 c-01 reuse\n")
        let commands = CommandFile(parsing: "1 RESTORE c c c c-01 0 0 h /d 20261101030000 0 WORKING:0 TODO\n")
        let chooser = VolumeChooser(policy: policy(tapecycle: 1), tapelist: list, commands: commands)
        let slots = [slot(1, "c-01", day: 1), slot(2, "c-02", day: 2)]
        #expect(try chooser.choose(run: run, slots: slots).label == "c-02")
    }
}
