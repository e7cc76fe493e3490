// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AgentAPI

@Suite struct RevocationNumbersTests {
    private let one = String(repeating: "a1", count: 32)
    private let other = String(repeating: "0f", count: 32)

    @Test func `comes back from its text`() {
        let numbers = RevocationNumbers([one: 3, other: 1])
        #expect(numbers.text == "\(other)=1 \(one)=3")
        #expect(RevocationNumbers(text: numbers.text) == numbers)
        #expect(RevocationNumbers(text: "") == RevocationNumbers([:]))
    }

    @Test func `refuses what it is not`() {
        let many = (10..<60).map { String(repeating: "\($0)", count: 32) + "=1" }.joined(separator: " ")
        for text in [
            "\(one)", "\(one)=", "\(one)=0", "\(one)=-1", "\(one)=\(Int64.max)", "x=1", "\(one)=1=2", many,
        ] {
            #expect(RevocationNumbers(text: text) == nil, "\(text)")
        }
    }

    @Test func `is behind who has a higher number, or a list of another authority`() {
        let mine = RevocationNumbers([one: 3])
        #expect(mine.isBehind(RevocationNumbers([one: 4])))
        #expect(mine.isBehind(RevocationNumbers([other: 1])))
        #expect(!mine.isBehind(RevocationNumbers([one: 3])))
        #expect(!mine.isBehind(RevocationNumbers([:])))
    }
}
