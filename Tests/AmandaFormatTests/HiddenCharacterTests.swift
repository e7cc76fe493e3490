// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

/// What stock Amanda makes of each was seen with `amgetconf` and `amadmin` 3.5.1: it ends at a byte order mark with a segmentation
/// fault, or takes it for a part of a host.
@Suite struct HiddenCharacterTests {
    private let directory = "/etc/amanda/test/"

    private func reading(_ text: String, disklist: String = "") -> ConfigurationReading {
        reading(Array(text.utf8), disklist: Array(disklist.utf8))
    }

    private func reading(_ bytes: [UInt8], disklist: [UInt8]) -> ConfigurationReading {
        var reading = ConfigurationReading(parsing: bytes, file: directory + "amanda.conf") {
            throw MissingFile(path: $0)
        }
        reading.readDisklist(disklist, file: directory + "disklist") { throw MissingFile(path: $0) }
        return reading
    }

    private func said(_ reading: ConfigurationReading) -> [String] {
        reading.faults.map { $0.description.replacing(directory, with: "") }
    }

    private static let good = "org \"x\"\ndefine dumptype d {\n  program \"GNUTAR\"\n}\n"

    @Test func `a byte order mark is one fault, with the command that mends it`() {
        let found = reading("\u{FEFF}" + Self.good, disklist: "\u{FEFF}localhost /a d\n")
        let mend = "run: sed -i '1s/^\\xEF\\xBB\\xBF//' '"
        #expect(
            said(found)
                == ["amanda.conf", "disklist"].map { file in
                    "\(file):1:1: the file begins with a byte order mark (U+FEFF), which nobody sees; stock Amanda cannot read it\n"
                        + "hint: \(mend)\(file)'"
                })
        #expect(found.disklist?.entries.map(\.host) == ["localhost"], "all else is read")
    }

    @Test func `UTF-16 is one fault a file, and nothing else is said of it`() {
        func wide(_ text: String) -> [UInt8] {
            [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        }
        let found = said(reading(wide(Self.good), disklist: wide("localhost /a d\n")))
        #expect(found.count == 2, "\(found)")
        #expect(
            found.allSatisfy { $0.contains(":1:1: the file is written in UTF-16, with 16 bits a character") })
    }

    @Test func `line ends of another system are blanks, as for stock Amanda`() {
        let text = Self.good.replacing("\n", with: "\r\n")
        let found = reading(text, disklist: "localhost /a d\r\n")
        #expect(said(found) == [])
        #expect(found.configuration.hiddenCharacters.isEmpty && found.disklist?.remarks.isEmpty == true)
    }

    @Test(arguments: [
        (
            "org\u{A0}\"x\"\n",
            "amanda.conf:1:4: U+00A0 NO-BREAK SPACE stands here, where nobody sees it, and is no blank to Amanda"
        ),
        ("# ü\u{A0}\n\u{200B}org \"x\"\n", "amanda.conf:2:1: U+200B ZERO WIDTH SPACE stands here"),
        ("org \"é\" \u{202E}\n", "amanda.conf:1:9: U+202E RIGHT-TO-LEFT OVERRIDE stands here"),
        ("org \0\"x\"\n", "amanda.conf:1:5: U+0000 NULL stands here"),
        (
            "org \"x\0y\"\n",
            "amanda.conf:1:7: a string holds U+0000 NULL, which nobody sees, and ends there for Amanda"
        ),
    ]) func `outside of strings it is a fault with line, column and name`(text: String, expected: String) {
        let found = said(reading(text))
        #expect(found.count == 1 && found[0].hasPrefix(expected), "\(found)")
        #expect(found[0].unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F || $0 == "\n" })
    }

    @Test func `in a string it is a remark, in a comment nothing`() {
        let found = reading(
            "org \"x\u{A0}y\" # \u{200B}\0\n" + Self.good, disklist: "localhost /a\u{200B} d # \u{A0}\n")
        #expect(said(found) == [])
        #expect(
            found.configuration.hiddenCharacters.map(\.description) == [
                directory
                    + "amanda.conf:1:7: U+00A0 NO-BREAK SPACE stands in this string, where nobody sees it"
            ])
        #expect(
            found.disklist?.remarks.map(\.description) == [
                directory
                    + "disklist:1:13: U+200B ZERO WIDTH SPACE stands in this entry, where nobody sees it"
            ])
        #expect(found.disklist?.entries.map(\.diskName) == ["/a\u{200B}"], "names may hold anything")
    }

    @Test(arguments: [
        (
            "localhost\u{A0}/a d\n",
            "disklist:1:10: U+00A0 NO-BREAK SPACE stands here, where nobody sees it: an entry must be a host, a disk and a dumptype"
        ),
        (
            "local\u{200B}host /a d\n",
            "disklist:1:6: U+200B ZERO WIDTH SPACE stands here, where nobody sees it: no host has it in its name"
        ),
        (
            "localhost /a d\u{200B}\n",
            "disklist:1:15: U+200B ZERO WIDTH SPACE stands here, where nobody sees it: unknown dumptype 'd<U+200B>'"
        ),
        (
            "localhost /a x\u{200B} 1\n",
            "disklist:1:15: U+200B ZERO WIDTH SPACE stands here, where nobody sees it: unknown dumptype 'x<U+200B>'"
        ),
        (
            "localhost /a\0b d\n",
            "disklist:1:13: U+0000 NULL stands here, where nobody sees it: it ends the line for stock Amanda"
        ),
        ("localhost /a {\n  d\n  index\u{A0}yes\n}\n", "disklist:3:8: U+00A0 NO-BREAK SPACE stands here"),
    ]) func `in a disklist it is named where it spoils an entry`(text: String, expected: String) {
        let found = said(reading(Self.good, disklist: text))
        #expect(found.count == 1 && found[0].hasPrefix(expected), "\(found)")
        #expect(
            found.joined().unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F || $0 == "\n" })
    }
}
