// SPDX-License-Identifier: Apache-2.0

import Faults
import TestSupport
import Testing

@testable import AmandaFormat

@Suite struct NamesTests {
    @Test func `no byte of a name is lost`() {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<3000 {
            let bytes: [UInt8] = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                [0x41, 0xC3, 0xA9, 0xFF, 0xF4, 0x8F, 0xBE, 0xBF, 0x80, 0xE2, 0x0A].randomElement(
                    using: &generator) ?? 0
            }
            let name = String(amandaBytes: bytes)
            #expect(name.amandaBytes == bytes)
            #expect(AmandaQuotedString.unquote(AmandaQuotedString.quote(name)).amandaBytes == bytes)
            #expect(AmandaQuotedString.words(of: "a \(AmandaQuotedString.quote(name)) b")?.count == 3)
        }
    }

    @Test(arguments: [
        ("/usr", "/usr"), ("", "\"\""), ("a b", "\"a b\""), ("c:", "\"c:\""), ("it's", "\"it's\""),
        ("x\"y", "\"x\\\"y\""), ("x\\y\n", "\"x\\\\y\\n\""), ("é", "\"é\""),
    ])
    func `quotes as Amanda does`(name: String, word: String) {
        #expect(AmandaQuotedString.quote(name) == word)
        #expect(AmandaQuotedString.unquote(word) == name)
    }

    @Test func `reads octal escapes`() {
        #expect(AmandaQuotedString.unquote("na\\303\\257ve") == "naïve")
        #expect(AmandaQuotedString.words(of: "a  \"b c\" d") == ["a", "\"b c\"", "d"])
        #expect(AmandaQuotedString.words(of: "a \"b") == nil)
    }

    @Test func `a key is read back only if Amanda could have written it in this slot`() {
        let keys = ObjectKeys(slotPrefix: "demo/node01/slot-1")
        let roles: [ObjectKeys.Role] = [
            .volumeLabel, .header(file: 1), .data(file: 0xFFFF_FFFF), .block(file: 17, number: .max),
        ]
        for role in roles { #expect(keys.role(of: keys.key(role)) == role) }
        #expect(keys.header(file: 26) == "demo/node01/slot-1f0000001a-filestart")
        #expect(keys.block(file: 1, number: 255) == "demo/node01/slot-1f00000001-b00000000000000ff.data")
        let other = ObjectKeys(slotPrefix: "demo/node01/slot-10")
        let strangers =
            roles.map(other.key) + [
                "demo/node01/slot-1", "demo/node01/slot-1f0000001A-filestart",
                "demo/node01/slot-1f00000000-filestart",
                "demo/node01/slot-1f00000001-filestart2", "demo/node01/slot-1f00000001-b1.data",
                "demo/node01/slot-1f00000001-", "demo/node01/slot-1f+0000001-mp.data", "f00000001-filestart",
                "",
            ]
        for key in strangers { #expect(keys.role(of: key) == nil, "\(key)") }
    }

    @Test func `a datestamp is a possible local time`() throws {
        #expect(Datestamp("20260230000000") == nil)
        #expect(Datestamp("2026112308103") == nil)
        #expect(Datestamp("X") == nil)
        let last = try #require(Datestamp("20261231235959"))
        #expect(last.nextSecond.description == "20270101000000")
        #expect(last < last.nextSecond)
        #expect(Datestamp(localTimeOf: 1_795_421_439) != nil)
    }

    @Test(arguments: ["", ":", "12:", "123456789:1", "xyz:1", "0:-1", "12 :3"])
    func `refuses what is no CRC and size`(text: String) {
        #expect(CRCSize(parsing: text) == nil)
    }

    @Test func `a CRC and size round trips`() {
        #expect(CRCSize(parsing: "000000ff:12")?.description == "000000ff:12")
    }
}
