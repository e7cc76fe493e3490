// SPDX-License-Identifier: Apache-2.0

extension String {
    /// One line of text as it may leave a program, to a terminal or not: no value in it ends the line, moves a cursor, or turns the
    /// direction of what follows. Line ends become `; `, every other hidden character `<U+200B>`; tabs stay.
    public var shownOnOneLine: String {
        guard unicodeScalars.contains(where: \.isHidden) else { return self }
        return split(whereSeparator: \.isNewline).joined(separator: "; ").showingHidden
    }
}

/// JSON as it may leave a program.
public enum ShownJSON {
    /// The same document, each hidden character in it as an escape: such stand in its strings alone, for between them JSON has only
    /// blanks and line ends. Bytes that are no UTF-8 become U+FFFD.
    public static func escaped(_ document: [UInt8]) -> [UInt8] {
        guard document.contains(where: { $0 >= 0x7F }) else { return document }
        var text = ""
        text.reserveCapacity(document.count)
        for scalar in String(decoding: document, as: UTF8.self).unicodeScalars {
            if scalar.value >= 0x7F, scalar.isHidden {
                for unit in String(scalar).utf16 { text += escape(unit) }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return Array(text.utf8)
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
