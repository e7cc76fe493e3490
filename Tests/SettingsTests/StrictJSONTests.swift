// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Settings

@Suite struct StrictJSONTests {
    private static let sample = """
        { "format": 1, "cluster": "démo \\u00e9\\ud83d\\ude00\\n",
          "nodes": [ { "name": "node01", "up": true, "load": -1.5e3 }, {}, [], null, false ],
          "empty": "" }
        """

    @Test func `keeps values, order and positions`() throws {
        let value = try StrictJSON.value(of: Array(Self.sample.utf8), file: "c.json")
        guard case .object(let members) = value.content, members.count == 4 else {
            Issue.record("not an object of four")
            return
        }
        #expect(members.map(\.key) == ["format", "cluster", "nodes", "empty"])
        #expect(members[0].value.content == .number("1"))
        #expect(members[1].value.content == .string("démo é😀\n"))
        #expect(members[2].position == JSONPosition(line: 2, column: 3))
        #expect(members[2].value.position == JSONPosition(line: 2, column: 12))
    }

    @Test(arguments: [
        ("", "c.json:1:1: expected a value, found the end of the file"),
        ("{\n  \"a\": 1,\n}", "c.json:3:1: expected a key in double quotes, found '}'"),
        ("{\n  \"a\" 1}", "c.json:2:7: expected ':' after the key 'a', found '1'"),
        ("{\"a\": 1 \"b\": 2}", "c.json:1:9: expected ',' or '}', found '\"'"),
        ("[1, 2", "c.json:1:6: expected ',' or ']', found the end of the file"),
        ("[1,]", "c.json:1:4: expected a value, found ']'"),
        ("{} x", "c.json:1:4: expected the end of the file, found 'x'"),
        ("{ // no\n}", "c.json:1:3: expected a key in double quotes, found '/' (JSON has no comments)"),
        ("{\"é\": yes}", "c.json:1:7: expected a value, found 'yes'"),
        ("[\"a\nb\"]", "c.json:1:2: this string is not closed on its line"),
        ("[\"a", "c.json:1:2: this string is never closed"),
        (
            "[\"a\u{1}\"]",
            "c.json:1:4: a string cannot hold the control character U+0001; write it as an escape"
        ),
        ("[\"\\x\"]", "c.json:1:4: expected one of \" \\ / b f n r t u after a backslash, found 'x'"),
        ("[\"\\u12g4\"]", "c.json:1:7: expected four hexadecimal digits, found 'g'"),
        ("[\"\\ud800\"]", "c.json:1:9: half a surrogate pair"),
        ("[01]", "c.json:1:3: a number cannot begin with 0"),
        ("[-]", "c.json:1:3: expected a digit, found ']'"),
        ("{\u{A0}\"a\": 1}", "c.json:1:2: expected a key in double quotes, found U+00A0 NO-BREAK SPACE"),
        (
            "{\"a\u{200B}\": 1}",
            "c.json:1:4: a string holds U+200B ZERO WIDTH SPACE, which nobody sees; remove it, or write it as an escape"
        ),
        (
            "[\"\u{202E}x\"]",
            "c.json:1:3: a string holds U+202E RIGHT-TO-LEFT OVERRIDE, which nobody sees; remove it, or write it as an escape"
        ),
        ("[1]\0", "c.json:1:4: expected the end of the file, found U+0000 NULL"),
    ])
    func `names line and column of a syntax error`(text: String, expected: String) {
        let error = #expect(throws: SettingsError.self) {
            try StrictJSON.value(of: Array(text.utf8), file: "c.json")
        }
        #expect(error?.description == expected)
    }

    @Test func `a byte order mark and line ends of another system are passed over, an escape is meant`()
        throws
    {
        let value = try StrictJSON.value(
            of: Array("\u{FEFF}{\r\n  \"a\": \"\\u00a0\"\r\n}\r\n".utf8), file: "c.json")
        guard case .object(let members) = value.content else {
            Issue.record("not an object")
            return
        }
        #expect(members.map(\.key) == ["a"] && members[0].value.content == .string("\u{A0}"))
    }

    @Test func `a file in UTF-16 is called that, with the command that mends it`() {
        let error = #expect(throws: SettingsError.self) {
            try StrictJSON.value(of: [0xFF, 0xFE, 0x7B, 0, 0x7D, 0], file: "c.json")
        }
        #expect(error?.facts == "the file is written in UTF-16, with 16 bits a character")
        #expect(error?.hint?.hasPrefix("run: iconv -f UTF-16 -t UTF-8 'c.json'") == true)
    }

    @Test func `refuses bytes that are not UTF-8`() {
        let error = #expect(throws: SettingsError.self) {
            try StrictJSON.value(of: Array("[\"".utf8) + [0xFF] + Array("\"]".utf8), file: "c.json")
        }
        #expect(error?.description == "c.json:1:2: this string is not UTF-8")
    }

    @Test func `refuses a key that stands twice`() {
        let text = "{ \"storage\": [{\n  \"bucket\": \"a\",\n  \"bucket\": \"b\" }] }"
        let error = #expect(throws: SettingsError.self) {
            try StrictJSON.value(of: Array(text.utf8), file: "c.json")
        }
        #expect(
            error?.description == """
                c.json:3:3: 'storage[0].bucket' stands twice, first in line 2
                hint: remove one of the two.
                """)
    }

    @Test func `refuses endless nesting`() {
        let text = String(repeating: "[", count: 100_000)
        let error = #expect(throws: SettingsError.self) {
            try StrictJSON.value(of: Array(text.utf8), file: "c.json")
        }
        #expect(error?.description == "c.json:1:65: more than 64 levels deep")
    }

    @Test func `refuses every prefix of a file`() {
        let bytes = Array(Self.sample.utf8)
        for count in bytes.indices {
            #expect(throws: SettingsError.self) {
                try StrictJSON.value(of: Array(bytes[..<count]), file: "c.json")
            }
        }
    }

    @Test func `survives random damage`() {
        var random = SeededGenerator(seed: 71)
        for _ in 0..<5_000 {
            var bytes = Array(Self.sample.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? StrictJSON.value(of: bytes, file: "c.json")
        }
    }
}
