// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import AmandaFormat

@Suite struct ChangerStateTests {
    private let slot = "s3:ambucket/path/slot-01"

    @Test func `rewrites the changer's state byte for byte`() throws {
        let text = String(amandaBytes: try amandaFixture("Catalog/s3-statefile"))
        let state = try ChangerState(parsing: text)
        #expect(state.text == text)
        #expect(state.devices.count == 10)
        #expect(state.label(of: slot) == "amcat-0001")
        #expect(state.pid(of: slot) == nil)
    }

    @Test func `changes only its own slot`() throws {
        let text = String(amandaBytes: try amandaFixture("Catalog/s3-statefile"))
        var state = try ChangerState(parsing: text)
        state.reserve(slot, pid: 4711)
        #expect(state.reservations == [.init(device: slot, pid: 4711)])
        state.release(slot, pid: 4712)
        #expect(state.pid(of: slot) == 4711)
        state.release(slot, pid: 4711)
        #expect(state.text == text)
        state.forgetLabel(of: slot)
        #expect(state.label(of: slot) == nil)
        #expect(state.label(of: "s3:ambucket/path/slot-02") == "amcat-0002")
    }

    /// The text is what Perl's `Data::Dumper` printed for the same state.
    @Test func `a new changer gets its first slot`() throws {
        var state = try ChangerState(parsing: " \n")
        state.reserve("s3:b/it's", pid: 7)
        #expect(
            state.text == """
                $STATE = {
                           'slots' => {
                                        's3:b/it\\'s' => {
                                                          'pid' => 7
                                                        }
                                      }
                         };

                """)
        #expect(try ChangerState(parsing: state.text) == state)
        #expect(try ChangerState(parsing: state.text).devices == ["s3:b/it's"])
    }

    @Test func `a chg-disk's slot is held through a drive, and becomes the current one`() throws {
        let text = String(amandaBytes: try amandaFixture("Catalog/chg-disk-state"))
        var state = try ChangerState(parsing: text, .disk)
        #expect(state.text == text)
        #expect(state.reservations.isEmpty)
        state.reserve("file:/vtapes/slot3", pid: 4711)
        state.reserve("file:/vtapes/slot1", pid: 4711)
        #expect(state.reservations == [.init(device: "slot3", pid: 4711), .init(device: "slot1", pid: 4711)])
        #expect(state.text.contains("'current' => 'slot1'"))
        state.release("file:/vtapes/slot3", pid: 4712)
        state.release("file:/vtapes/slot3", pid: 4711)
        #expect(state.reservations == [.init(device: "slot1", pid: 4711)])
        state.release("file:/vtapes/slot1", pid: 4711)
        #expect(state.text == text.replacing("'current' => 'slot0'", with: "'current' => 'slot1'"))
    }

    @Test(arguments: [
        "$STATE = {} ; system('x');", "{}", "$STATE = [];", "$STATE = { a => \\'x' };", "$STATE = {'a' => }",
    ])
    func `refuses what chg-multi does not write`(text: String) {
        let error = #expect(throws: ChangerStateError.self) {
            try ChangerState(parsing: text, file: "s3-statefile")
        }
        #expect(error?.description.hasPrefix("s3-statefile: not understood at byte ") == true)
    }
}
