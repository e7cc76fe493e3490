// SPDX-License-Identifier: Apache-2.0

/// A character that nobody sees, or that turns what is seen: it comes from a web page, a word processor or another system, and no two
/// programs agree on what to make of it. Errors name it, and show it nowhere as it is.
public struct HiddenCharacter: Sendable, Hashable {
    /// As it stands in the file.
    public let scalar: Unicode.Scalar
    /// Counted from 1, in characters.
    public let column: Int

    /// The first of a line, which has no line end.
    public init?(firstIn line: some StringProtocol) {
        var column = 0
        for scalar in line.unicodeScalars {
            column += 1
            if scalar.isHidden {
                (self.scalar, self.column) = (scalar, column)
                return
            }
        }
        return nil
    }

    /// `U+00A0 NO-BREAK SPACE`
    public var name: String { scalar.hiddenName }
}

extension Unicode.Scalar {
    /// Whether nobody sees it: controls but the tab, blanks but the blank, marks of direction, of order and of no width.
    public var isHidden: Bool {
        if value < 0x7F { return value < 0x20 && value != 0x09 }
        switch properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator: return true
        default: return properties.isDefaultIgnorableCodePoint || value == 0x2800
        }
    }

    /// `U+00A0 NO-BREAK SPACE`
    public var hiddenName: String {
        let digits = String(value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let name = Self.controlNames[value] ?? properties.name
        return [code, name].compactMap(\.self).joined(separator: " ")
    }

    /// Unicode gives controls no names, only aliases.
    private static let controlNames: [UInt32: String] = [
        0x00: "NULL", 0x07: "ALERT", 0x08: "BACKSPACE", 0x0A: "LINE FEED", 0x0B: "LINE TABULATION",
        0x0C: "FORM FEED", 0x0D: "CARRIAGE RETURN", 0x1A: "SUBSTITUTE", 0x1B: "ESCAPE", 0x7F: "DELETE",
        0x85: "NEXT LINE",
    ]
}

extension String {
    /// The same with every hidden character as `<U+200B>`; line ends and tabs stay.
    public var showingHidden: String {
        guard unicodeScalars.contains(where: { $0.isHidden && $0 != "\n" }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isHidden, scalar != "\n" {
                text += "<\(scalar.hiddenName.prefix { $0 != " " })>"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
