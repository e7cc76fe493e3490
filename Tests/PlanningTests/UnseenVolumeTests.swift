// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

/// A slot whose label was not seen may be any volume that no slot shows.
@Suite struct UnseenVolumeTests {
    private static let unseen: [SlotContents.Volume] = [.foreign, .unreadable(reason: "a page came")]

    private let run = Datestamp("20261201030000")
    private let disk = DiskName(host: "localhost", disk: "/a")

    /// One volume is retained; whatever is no volume may be labelled.
    private func chooser(_ lines: String...) throws -> VolumeChooser {
        let policy = VolumePolicy(
            configuration: "c", organisation: "o", labelstr: "^c-[0-9]*$", autolabelTemplate: "c-%%",
            autolabel: [.nonAmanda, .volumeError], tapecycle: 2)
        return VolumeChooser(
            policy: policy, tapelist: try Tapelist(parsing: lines.map { $0 + "\n" }.joined()))
    }

    private func slot(_ number: Int, _ volume: SlotContents.Volume) -> SlotContents {
        SlotContents(slot: "slot-0\(number)", volume: volume)
    }

    private func labelled(_ number: Int) -> SlotContents {
        let run = Datestamp("2026110\(number)030000")
        return slot(number, .labelled(VolumeHeader(datestamp: run, label: "c-0\(number)")))
    }

    private func refusal(_ chooser: VolumeChooser, _ slots: [SlotContents]) throws -> VolumeChoiceError? {
        let run = try #require(run)
        let error = #expect(throws: VolumeChoiceError.self) { try chooser.choose(run: run, slots: slots) }
        #expect(!chooser.forecast(from: run, slots: slots).contains(.spare))
        #expect(chooser.rotation(slots: slots, choices: []).unwrittenCount == 0)
        return error
    }

    @Test(arguments: unseen)
    func `nothing is written where a volume may lie that is kept`(volume: SlotContents.Volume) throws {
        let unseen = slot(9, volume)
        let young = "20261103030000 c-03 reuse", old = "20261102030000 c-02 reuse"
        let marked = try refusal(chooser(young, "20261101030000 c-01 no-reuse"), [labelled(3), unseen])
        #expect(
            marked?.refusals.last?.reason
                == "its label was not seen, and it may be a volume that no slot shows: volume 'c-01' is marked no-reuse"
        )
        let retained = try refusal(chooser(young), [unseen])
        #expect(retained?.description.contains("volume 'c-03' is still needed: run 20261103030000") == true)

        var needing = try chooser(young, old)
        let need = VolumeNeed(name: disk, level: 0)
        needing.needs = ["c-02": need, "c-03": need]
        let needed = try refusal(needing, [labelled(3), unseen])?.refusals.last
        #expect(needed?.reason.contains("volume 'c-02' holds the newest full dump") == true)

        var pinned = try chooser(young, old)
        pinned.protectedUnseen = [
            "c-02": VolumeProtection(run: try #require(Datestamp("20261102030000")), isPinned: true)
        ]
        let protected = try refusal(pinned, [labelled(3), unseen])?.refusals.last
        #expect(protected?.reason.contains("volume 'c-02' holds run 20261102030000, which is pinned") == true)
    }

    @Test(arguments: unseen)
    func `it is written where every volume that is kept was seen`(volume: SlotContents.Volume) throws {
        let run = try #require(run)
        let slots = [labelled(1), slot(9, volume)]
        let choice = try chooser("20261101030000 c-01 no-reuse").choose(run: run, slots: slots)
        #expect(choice == VolumeChoice(slot: "slot-09", label: "c-02", kind: .new))
        let others = try chooser("20261102030000 x-01 no-reuse POOL:x STORAGE:x CONFIG:x")
        #expect(try others.choose(run: run, slots: [slot(9, volume)]).slot == "slot-09")
    }

    @Test(arguments: unseen)
    func `a label that an unseen slot may bear is not given again`(volume: SlotContents.Volume) throws {
        let run = try #require(run)
        var chooser = try chooser("0 c-01 reuse POOL:c STORAGE:c CONFIG:c")
        chooser.policy.autolabel.insert(.empty)
        let choice = try chooser.choose(run: run, slots: [slot(1, .unlabelled), slot(2, volume)])
        #expect(choice == VolumeChoice(slot: "slot-01", label: "c-02", kind: .new))
    }

    @Test func `whoever cannot see labels is not told to lower tapecycle`() throws {
        let run = try #require(run)
        func hint(_ slots: [SlotContents], _ lines: String...) throws -> String? {
            var chooser = try chooser()
            chooser.tapelist = try Tapelist(parsing: lines.map { $0 + "\n" }.joined())
            chooser.policy.autolabel = []
            let error = #expect(throws: VolumeChoiceError.self) { try chooser.choose(run: run, slots: slots) }
            return error?.hint
        }
        let unseen = try #require(try hint(Self.unseen.map { slot(9, $0) }))
        #expect(unseen.contains("'amfleet volumes'") && !unseen.contains("tapecycle"), "\(unseen)")
        #expect(!unseen.contains("add slots"), "\(unseen)")
        let marked = try #require(try hint([labelled(1)], "20261101030000 c-01 no-reuse"))
        #expect(marked.contains("add slots") && !marked.contains("tapecycle"), "\(marked)")
        let retained = try #require(try hint([labelled(1)], "20261101030000 c-01 reuse"))
        #expect(retained == "add slots to tpchanger, or lower tapecycle (the newest 1 volumes are kept).")
    }
}
