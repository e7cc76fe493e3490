// SPDX-License-Identifier: Apache-2.0

import Foundation
import HiddenCharacters
import Testing

@Suite struct ShownTextTests {
    /// C0 but line feed and tab, DEL, C1, marks of direction, what has no width.
    static let hostile: [Unicode.Scalar] =
        (0...0x1F).filter { $0 != 9 && $0 != 10 }.compactMap { Unicode.Scalar($0) }
        + (0x7F...0x9F).compactMap { Unicode.Scalar($0) }
        + (0x202A...0x202E).compactMap { Unicode.Scalar($0) }
        + (0x2066...0x2069).compactMap { Unicode.Scalar($0) }
        + [
            "\u{200B}", "\u{200C}", "\u{200D}", "\u{200E}", "\u{200F}", "\u{061C}", "\u{2060}", "\u{FEFF}",
            "\u{2028}", "\u{2029}",
        ]

    @Test(arguments: hostile)
    func `nothing that a terminal obeys is left`(scalar: Unicode.Scalar) {
        let shown = "a\(scalar)b".shownOnOneLine
        #expect(!shown.unicodeScalars.contains { $0.isHidden })
        #expect(shown.hasPrefix("a") && shown.hasSuffix("b") && shown.count > 2)
    }

    @Test func `a value begins no line of its own`() {
        #expect("no room\n node01  complete\r\nx".shownOnOneLine == "no room;  node01  complete; x")
        #expect("a\tb".shownOnOneLine == "a\tb")
        #expect("/dätä/日本".shownOnOneLine == "/dätä/日本")
    }

    @Test(arguments: hostile + ["\u{E0001}"])
    func `json says the same with escapes`(scalar: Unicode.Scalar) throws {
        let value = ["a\(scalar)b": "ä\(scalar)\(scalar)\u{1F600}"]
        let document = ShownJSON.escaped(Array(try JSONEncoder().encode(value)))
        #expect(
            !String(decoding: document, as: UTF8.self).unicodeScalars.contains { $0.isHidden && $0 != "\n" })
        #expect(try JSONDecoder().decode([String: String].self, from: Data(document)) == value)
    }
}
