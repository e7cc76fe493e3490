// SPDX-License-Identifier: Apache-2.0

import Faults
import HiddenCharacters

/// Cuts an `amanda.conf` into lines of tokens; empty lines and comments are left out.
///
/// Bytes that are not UTF-8 survive in strings (`String(amandaBytes:)`) and do no harm in comments.
struct ConfigurationLexer {
    private let bytes: [UInt8]
    private let file: String
    private var offset = 0
    private var lineNumber = 1
    private var lineStart = 0
    private var faults: [ConfigurationFault] = []
    private var remarks: [Remark] = []

    /// The file's lines, what was wrong with their spelling, and hidden characters where they may stand.
    static func lines(
        of bytes: [UInt8], file: String
    ) -> (lines: [ConfigurationLine], faults: [ConfigurationFault], hidden: [Remark]) {
        var lexer = ConfigurationLexer(bytes: bytes, file: file)
        var lines: [ConfigurationLine] = []
        while lexer.offset < bytes.count {
            let number = lexer.lineNumber
            let faultCount = lexer.faults.count
            let tokens = lexer.restOfLine()
            if !tokens.isEmpty {
                lines.append(
                    ConfigurationLine(
                        number: number, tokens: tokens, isDamaged: lexer.faults.count > faultCount))
            }
        }
        return (lines, lexer.faults, lexer.remarks)
    }

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    private mutating func restOfLine() -> [ConfigurationToken] {
        var tokens: [ConfigurationToken] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\n"):
                offset += 1
                lineNumber += 1
                lineStart = offset
                return tokens
            case UInt8(ascii: "#"):
                while let byte = current, byte != UInt8(ascii: "\n") { offset += 1 }
            case 0x09, 0x0B, 0x0C, 0x0D, 0x20:
                offset += 1
            default:
                if !skipHidden() { tokens.append(token(byte)) }
            }
        }
        return tokens
    }

    /// Passes over a hidden character, which is a fault here; false: there is none.
    private mutating func skipHidden() -> Bool {
        let length = current.map { $0 < 0x80 ? 1 : $0 < 0xE0 ? 2 : $0 < 0xF0 ? 3 : 4 } ?? 0
        guard let text = String(validating: bytes[offset...].prefix(length), as: UTF8.self),
            let scalar = text.unicodeScalars.first, scalar.isHidden
        else { return false }
        faults.append(
            ConfigurationFault(
                FaultPlace(file: file, line: lineNumber, column: column),
                "\(scalar.hiddenName) stands here, where nobody sees it, and is no blank to Amanda",
                hint: "write a blank in its place, or remove it."))
        offset += length
        return true
    }

    /// Of the current byte, in characters.
    private var column: Int { 1 + bytes[lineStart..<offset].count { $0 & 0xC0 != 0x80 } }

    private mutating func token(_ byte: UInt8) -> ConfigurationToken {
        switch byte {
        case _ where byte.isLetter:
            return .word(String(decoding: take { $0.isLetter || $0.isDigit || $0.isWordMark }, as: UTF8.self))
        case _ where byte.isDigit:
            return number(isNegative: false)
        case UInt8(ascii: "-") where offset + 1 < bytes.count && bytes[offset + 1].isDigit:
            offset += 1
            return number(isNegative: true)
        case UInt8(ascii: "\""):
            return .string(string())
        default:
            offset += 1
            switch byte {
            case UInt8(ascii: ","): return .comma
            case UInt8(ascii: "{"): return .leftBrace
            case UInt8(ascii: "}"): return .rightBrace
            default: return .stray(byte)
            }
        }
    }

    private mutating func number(isNegative: Bool) -> ConfigurationToken {
        let sign = isNegative ? "-" : ""
        let whole = sign + String(decoding: take(while: \.isDigit), as: UTF8.self)
        guard current == UInt8(ascii: ".") else { return .integer(Int64(whole)) }
        offset += 1
        let fraction = String(decoding: take(while: \.isDigit), as: UTF8.self)
        return .real(Double("\(whole).\(fraction.isEmpty ? "0" : fraction)") ?? 0)
    }

    /// A backslash before a line end joins the lines; other escapes are those of `AmandaQuotedString`. The `{` at the end
    /// of a line is left out of a string that is not closed: without it the lines that follow would belong nowhere.
    private mutating func string() -> String {
        let (start, startColumn) = (lineNumber, column)
        var quoted: [UInt8] = []
        var isEscaped = false
        offset += 1
        while let byte = current {
            if byte == UInt8(ascii: "\n") {
                guard isEscaped else { break }
                quoted.removeLast()
                lineNumber += 1
                lineStart = offset + 1
            } else if byte == UInt8(ascii: "\""), !isEscaped {
                offset += 1
                let text = String(amandaBytes: quoted)
                noteHidden(in: text, line: start, after: startColumn)
                return AmandaQuotedString.unquote(text)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            quoted.append(byte)
            offset += 1
        }
        faults.append(
            ConfigurationFault(
                FaultPlace(file: file, line: start), "a string is not closed on its line",
                hint: "end it with a double quote."))
        let blanks = quoted.reversed().prefix(while: \.isBlank).count
        if quoted.dropLast(blanks).last == UInt8(ascii: "{"),
            quoted.dropLast(blanks + 1).last?.isBlank == true
        {
            offset -= blanks + 1
            quoted.removeLast(blanks + 1)
            while quoted.last?.isBlank == true { quoted.removeLast() }
        }
        return AmandaQuotedString.unquote(String(amandaBytes: quoted))
    }

    /// A path may have any character; only a zero byte ends the string for stock Amanda (seen with `amgetconf`).
    private mutating func noteHidden(in text: String, line: Int, after column: Int) {
        guard let hidden = HiddenCharacter(firstIn: text) else { return }
        let place = FaultPlace(file: file, line: line, column: column + hidden.column)
        if text.unicodeScalars.contains("\0") {
            faults.append(
                ConfigurationFault(
                    place, "a string holds U+0000 NULL, which nobody sees, and ends there for Amanda",
                    hint: "remove it."))
        } else {
            remarks.append(Remark(place: place, "\(hidden.name) stands in this string, where nobody sees it"))
        }
    }

    private mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = offset
        while let byte = current, isWanted(byte) { offset += 1 }
        return bytes[start..<offset]
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }

    fileprivate var isDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }

    fileprivate var isBlank: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r")
    }

    fileprivate var isWordMark: Bool {
        self == UInt8(ascii: "_") || self == UInt8(ascii: "-")
    }
}
