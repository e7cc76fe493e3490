// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Faults

private struct Broken: Fault {
    var facts: String
    var place: FaultPlace?
    var hint: String?
}

@Suite struct FaultTests {
    @Test func describesPlaceFactsAndHint() {
        let place = FaultPlace(file: "/etc/x", line: 3, node: "n1", disk: "/home")
        #expect(Broken(facts: "gone").description == "gone")
        #expect(Broken(facts: "gone", place: place).description == "/etc/x:3: gone")
        #expect(Broken(facts: "gone", place: FaultPlace(file: "/etc/x")).description == "/etc/x: gone")
        #expect(
            Broken(facts: "gone", place: FaultPlace(node: "n1"), hint: "look.").description
                == "gone\nhint: look.")
    }

    @Test func everyFaultKeepsItsHint() throws {
        let list = try #require(
            FaultList([Broken(facts: "one", hint: "first."), Broken(facts: "two", hint: "second.")]))
        #expect(list.description == "one\nhint: first.\ntwo\nhint: second.")
        #expect(list.facts == "one")
        #expect(list.hint == "first.")
        #expect(FaultList([]) == nil)
    }

    @Test func aPlaceSaysNoMoreThanItKnows() {
        #expect(FaultPlace(file: "/a", line: 7, column: 2).description == "/a:7:2")
        #expect(FaultPlace(file: "/a", node: "n1").description == "/a")
        #expect(FaultPlace(line: 7, node: "n1").description == "")
    }

    @Test func aLiteralHasNoHint() {
        let text: FaultText = "no \("disk")"
        #expect(text == FaultText("no disk", hint: nil))
    }

    /// `reason: "\(error)"` put the line `hint: …` into the middle of a sentence, before the wrapper's own.
    @Test func whatWrapsAnotherErrorKeepsItsHintApart() {
        let inner = Broken(facts: "gone", place: FaultPlace(file: "/etc/x"), hint: "look.")
        #expect(FaultText(of: inner) == FaultText("/etc/x: gone", hint: "look."))
        #expect(FaultText(of: CancellationError()).hint == nil)
    }

    @Test func remarksLeadWithTheirPlace() {
        let remark = Remark(place: FaultPlace(file: "/etc/x", line: 3), subject: "dumpcycle", "not used")
        #expect(remark.description == "/etc/x:3: dumpcycle: not used")
        #expect(remark.headless == "dumpcycle: not used")
        #expect(Remark("not used").description == "not used")
    }
}
