// SPDX-License-Identifier: Apache-2.0

extension String {
    /// This text as it stands between two tags; nil: it has a character that XML 1.0 cannot carry.
    ///
    /// Line ends and tabs are written as numbers, since readers may change them.
    public var xmlText: String? {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\t", "\n", "\r": text += "&#\(scalar.value);"
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": return nil
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
