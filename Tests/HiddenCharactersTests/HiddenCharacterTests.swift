// SPDX-License-Identifier: Apache-2.0

import Foundation
import HiddenCharacters
import Testing

@Suite struct HiddenCharacterTests {
    @Test(arguments: [
        ("a\u{A0}b", "U+00A0 NO-BREAK SPACE", 2), ("\u{FEFF}a", "U+FEFF ZERO WIDTH NO-BREAK SPACE", 1),
        ("ab\u{200B}", "U+200B ZERO WIDTH SPACE", 3), ("\u{202E}x", "U+202E RIGHT-TO-LEFT OVERRIDE", 1),
        ("x\u{2066}", "U+2066 LEFT-TO-RIGHT ISOLATE", 2), ("é\u{AD}", "U+00AD SOFT HYPHEN", 2),
        ("日\u{3000}", "U+3000 IDEOGRAPHIC SPACE", 2), ("\0", "U+0000 NULL", 1),
        ("a\r", "U+000D CARRIAGE RETURN", 2),
        ("\u{1B}[0m", "U+001B ESCAPE", 1), ("\u{7F}", "U+007F DELETE", 1),
        ("\u{2028}", "U+2028 LINE SEPARATOR", 1),
        ("a\u{3164}", "U+3164 HANGUL FILLER", 2), ("\u{E0041}", "U+E0041 TAG LATIN CAPITAL LETTER A", 1),
    ]) func `each is named, with its column`(text: String, name: String, column: Int) throws {
        let found = try #require(HiddenCharacter(firstIn: text))
        #expect(found.name == name && found.column == column)
        #expect(text.showingHidden.contains("<\(name.prefix { $0 != " " })>"))
        #expect(HiddenCharacter(firstIn: text.showingHidden) == nil)
    }

    @Test(arguments: ["plain text, \t and ümläute", "日本語", "~!{}[]", ""])
    func `what is seen is none`(text: String) {
        #expect(HiddenCharacter(firstIn: text) == nil && text.showingHidden == text)
    }

    @Test func `a file's form is told by its first bytes, and the command that is named mends it`() throws {
        let text = "org \"x\"\n# ü\n"
        func wide(_ encoding: String.Encoding, _ mark: [UInt8]) throws -> [UInt8] {
            mark + Array(try #require(text.data(using: encoding)))
        }
        let forms: [([UInt8], TextForm)] = [
            (Array(text.utf8), .plain), ([0xEF, 0xBB, 0xBF] + Array(text.utf8), .byteOrderMark),
            (try wide(.utf16LittleEndian, [0xFF, 0xFE]), .wide(encoding: "UTF-16")),
            (try wide(.utf16BigEndian, [0xFE, 0xFF]), .wide(encoding: "UTF-16")),
            (try wide(.utf16LittleEndian, []), .wide(encoding: "UTF-16LE")),
            (try wide(.utf16BigEndian, []), .wide(encoding: "UTF-16BE")),
        ]
        let path = NSTemporaryDirectory() + "a file's name-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (bytes, form) in forms {
            #expect(TextForm(of: bytes) == form)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            guard let mend = form.mend(path) else {
                #expect(form == .plain)
                continue
            }
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/sh")
            shell.arguments = ["-c", mend]
            try shell.run()
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 0, "\(mend)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(text.utf8), "\(mend)")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(mend)")
        }
    }

    @Test(arguments: [[], [0x41], [0x41, 0], [0x7B, 0x0A, 0x7D, 0x0A], [0, 0, 0, 0]] as [[UInt8]])
    func `what is short or strange is not called UTF-16`(bytes: [UInt8]) {
        #expect(TextForm(of: bytes) == .plain)
    }
}
