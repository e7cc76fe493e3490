// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

extension StrictJSON {
    /// Shape: `-`, then `0` or digits without leading zero, then optionally `.digits` and `e±digits`.
    mutating func number() throws(SettingsError) -> String {
        var digits = ""
        if take("-") { digits = "-" }
        if take("0") {
            digits += "0"
        } else {
            digits += try self.digits()
        }
        if take(".") { digits += "." + (try self.digits()) }
        if take("e") || take("E") {
            let sign = take("-") ? "-" : ""
            if sign.isEmpty { _ = take("+") }
            digits += "e" + sign + (try self.digits())
        }
        if let next = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) {
            throw syntax("a number cannot begin with 0")
        }
        return digits
    }

    private mutating func digits() throws(SettingsError) -> String {
        var digits = ""
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            digits.unicodeScalars.append(Unicode.Scalar(byte))
            advance()
        }
        guard !digits.isEmpty else { throw unexpected("a digit") }
        return digits
    }

    /// The current byte is the opening quote.
    mutating func string() throws(SettingsError) -> String {
        let start = position
        var content: [UInt8] = []
        advance()
        while let byte = current, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw brokenString(byte, begun: start) }
            if byte >= 0x7F, let hidden {
                throw syntax(
                    "a string holds \(hidden.hiddenName), which nobody sees; remove it, or write it as an escape"
                )
            }
            advance()
            if byte == UInt8(ascii: "\\") {
                content += Array(String(try escaped()).utf8)
            } else {
                content.append(byte)
            }
        }
        guard take("\"") else {
            throw .syntax(file: file, start, "this string is never closed")
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw .syntax(file: file, start, "this string is not UTF-8")
        }
        return text
    }

    private func brokenString(_ byte: UInt8, begun start: JSONPosition) -> SettingsError {
        byte == UInt8(ascii: "\n")
            ? .syntax(file: file, start, "this string is not closed on its line")
            : syntax(
                "a string cannot hold the control character \(Unicode.Scalar(byte).hiddenName); write it as an escape"
            )
    }

    /// What follows a backslash.
    private mutating func escaped() throws(SettingsError) -> Unicode.Scalar {
        guard let letter = current else { throw unexpected("an escape") }
        let simple: [UInt8: Unicode.Scalar] = [
            UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/",
            UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n",
            UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
        ]
        if let scalar = simple[letter] {
            advance()
            return scalar
        }
        guard take("u") else { throw unexpected("one of \" \\ / b f n r t u after a backslash") }
        return try escapedScalar()
    }

    /// `XXXX`, or for a scalar above U+FFFF the pair `XXXX\uXXXX`.
    private mutating func escapedScalar() throws(SettingsError) -> Unicode.Scalar {
        let first = try fourHexadecimalDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take("\\"), take("u") else { throw syntax("half a surrogate pair") }
        let second = try fourHexadecimalDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw syntax("half a surrogate pair") }
        return scalar
    }

    private mutating func fourHexadecimalDigits() throws(SettingsError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("four hexadecimal digits")
            }
            value = value << 4 + UInt32(digit)
            advance()
        }
        return value
    }
}
