// SPDX-License-Identifier: Apache-2.0

/// Amanda's way of writing a name with blanks or odd bytes as one word.
///
/// Unquoted when nothing needs it; otherwise in double quotes with `\"`, `\\`, `\t`, `\n`, `\r`, `\f`. Bytes from
/// 0x80 force the quotes and stay raw, as Amanda does where C's `char` is signed.
/// Source: Amanda 3.5.1 `common-src/amutil.c`, `quote_string_maybe`, `unquote_string`, `split_quoted_strings`.
public enum AmandaQuotedString {
    /// The word that stands for `name` in headers, logs and indexes.
    public static func quote(_ name: String) -> String {
        let bytes = name.amandaBytes
        return needsQuotes(bytes) ? quoteAlways(name) : name
    }

    /// The same, in quotes even where none are needed (Amanda's `quote_string_always`).
    public static func quoteAlways(_ name: String) -> String {
        var quoted: [UInt8] = [UInt8(ascii: "\"")]
        for byte in name.amandaBytes {
            if let letter = escapeLetters.first(where: { $0.byte == byte })?.letter {
                quoted.append(UInt8(ascii: "\\"))
                quoted.append(letter)
            } else {
                quoted.append(byte)
            }
        }
        quoted.append(UInt8(ascii: "\""))
        return String(amandaBytes: quoted)
    }

    /// The name that a word stands for. Octal escapes are read too; a stray backslash keeps its next byte.
    static func unquote(_ word: String) -> String {
        guard word.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") }) else {
            return word
        }
        var bytes: [UInt8] = []
        let input = word.amandaBytes
        var index = 0
        while index < input.count {
            let byte = input[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                if byte != UInt8(ascii: "\"") { bytes.append(byte) }
                continue
            }
            guard index < input.count else { break }
            let next = input[index]
            if isOctal(next) {
                var value: UInt32 = 0
                let end = min(index + 3, input.count)
                while index < end, isOctal(input[index]) {
                    value = value << 3 + UInt32(input[index] - UInt8(ascii: "0"))
                    index += 1
                }
                bytes.append(UInt8(truncatingIfNeeded: value))
            } else {
                bytes.append(escapeLetters.first { $0.letter == next }?.byte ?? next)
                index += 1
            }
        }
        return String(amandaBytes: bytes)
    }

    /// The words of a line, each as it is written (still quoted). Runs of blanks count as one; nil when a quote
    /// is never closed.
    static func words(of line: String) -> [String]? {
        var words: [String] = []
        var current: [UInt8] = []
        var isInQuotes = false
        var isEscaped = false
        for byte in line.amandaBytes {
            if byte == UInt8(ascii: " "), !isInQuotes, !isEscaped {
                if !current.isEmpty { words.append(String(amandaBytes: current)) }
                current = []
                continue
            }
            current.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInQuotes.toggle()
            }
        }
        guard !isInQuotes, !isEscaped else { return nil }
        if !current.isEmpty { words.append(String(amandaBytes: current)) }
        return words
    }

    private static let escapeLetters: [(byte: UInt8, letter: UInt8)] = [
        (0x09, UInt8(ascii: "t")), (0x0A, UInt8(ascii: "n")), (0x0D, UInt8(ascii: "r")),
        (0x0C, UInt8(ascii: "f")),
        (UInt8(ascii: "\\"), UInt8(ascii: "\\")), (UInt8(ascii: "\""), UInt8(ascii: "\"")),
    ]

    private static func needsQuotes(_ bytes: [UInt8]) -> Bool {
        bytes.isEmpty
            || bytes.contains { byte in
                byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "'")
                    || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"")
            }
    }

    private static func isOctal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte)
    }
}
