// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Planning

/// Every pair of what a label and the tapelist can say of a volume.
@Suite struct UnknownVolumeTests {
    private let run = Datestamp("20261201030000")

    private func policy(autolabel: AutolabelConditions = .empty) -> VolumePolicy {
        VolumePolicy(
            configuration: "c", organisation: "o", labelstr: "^c-[0-9]*$", autolabelTemplate: "c-%%",
            autolabel: autolabel, tapecycle: 2)
    }

    private func slot(_ number: Int, _ label: String, _ day: Int?) -> SlotContents {
        let run = day.flatMap {
            Datestamp(year: 2026, month: 11, day: $0, hour: 3, minute: 0, second: 0)
        }
        return SlotContents(
            slot: "slot-0\(number)", volume: .labelled(VolumeHeader(datestamp: run, label: label)))
    }

    private func chooser(_ tapelist: String) throws -> VolumeChooser {
        VolumeChooser(policy: policy(), tapelist: try Tapelist(parsing: tapelist))
    }

    @Test(
        arguments: [
            ("20261106030000 c-01 reuse\n", 6, nil),
            ("20261103030000 c-01 reuse\n", 6, "which has run 20261103030000 there"),
            ("20261107030000 c-01 reuse\n", 6, "which has run 20261107030000 there"),
            ("0 c-01 reuse\n", 6, "which has no run there"),
            ("0 c-01 reuse\n", nil, nil),
            ("20261106030000 c-01 reuse\n", nil, nil),
            ("", 6, "whose tapelist lacks it"),
            ("", nil, nil),
        ] as [(String, Int?, String?)])
    func `tells a run that the catalog does not know`(tapelist: String, day: Int?, known: String?) throws {
        let found = try chooser(tapelist).unknownVolumes(in: [slot(1, "c-01", day)])
        let text = known.map {
            "slot 'slot-01': volume 'c-01' bears run 20261106030000, unknown to the catalog, \($0): it is left alone"
        }
        #expect(found.map(\.description) == [text].compactMap(\.self))
    }

    @Test func `another configuration's label is none of ours`() throws {
        #expect(try chooser("").unknownVolumes(in: [slot(1, "x-01", 6)]).isEmpty)
    }

    @Test func `a run that the catalog itself gave up is no unknown one`() throws {
        var chooser = try chooser("0 c-01 reuse\n")
        let slots = [slot(1, "c-01", 6)]
        chooser.givenUp = [VolumeHeader(datestamp: Datestamp("20261106030000"), label: "c-01")]
        #expect(chooser.unknownVolumes(in: slots).isEmpty)
        let run = try #require(run)
        #expect(try chooser.choose(run: run, slots: slots).kind == .neverWritten)
        chooser.givenUp = [VolumeHeader(datestamp: Datestamp("20261105030000"), label: "c-01")]
        #expect(throws: VolumeChoiceError.self) { try chooser.choose(run: run, slots: slots) }
    }

    @Test func `a volume that bears a newer run than the tapelist has is never chosen`() throws {
        let list = "20261105030000 c-03 reuse\n20261104030000 c-02 reuse\n20261103030000 c-01 reuse\n"
        let slots = [slot(1, "c-01", 6), slot(2, "c-02", 7), slot(3, "c-03", 5)]
        let run = try #require(run)
        let chooser = try chooser(list)
        let error = #expect(throws: VolumeChoiceError.self) { try chooser.choose(run: run, slots: slots) }
        #expect(
            error?.refusals.first?.reason
                == "volume 'c-01' bears run 20261106030000, unknown to the catalog, which has run 20261103030000 there: it is left alone"
        )
        let forecast = chooser.forecast(from: run, slots: slots)
        #expect(!forecast.contains(.run(1)) && !forecast.contains(.spare))
        #expect(chooser.rotation(slots: slots, choices: []).reusable == ["c-03"])
    }

    @Test func `the next oldest is taken in its place, not the first slot that may be`() throws {
        let list = """
            20261105030000 c-04 reuse
            20261104030000 c-03 reuse
            20261103030000 c-02 reuse
            20261102030000 c-01 reuse

            """
        let slots = [slot(1, "c-04", 5), slot(2, "c-03", 4), slot(3, "c-02", 3), slot(4, "c-01", 9)]
        let run = try #require(run)
        let choice = try chooser(list).choose(run: run, slots: slots)
        let oldest = try #require(Datestamp("20261103030000"))
        #expect(choice == VolumeChoice(slot: "slot-03", label: "c-02", kind: .reusing(oldest)))
    }
}
