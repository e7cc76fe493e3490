// SPDX-License-Identifier: Apache-2.0

/// URI encoding exactly as SigV4 wants it: every byte but `A-Z a-z 0-9 - . _ ~` as `%XX`, upper-case.
///
/// Source: "Create a canonical request" in AWS's guide to signing.
enum PercentEncoding {
    /// A query's name or value.
    static func encoded(_ text: String) -> String {
        encoded(text, keeping: nil)
    }

    /// A key as the path of a URL: slashes stay, also doubled and leading ones.
    static func path(_ key: String) -> String {
        encoded(key, keeping: UInt8(ascii: "/"))
    }

    /// Undoes what `encoding-type=url` does to a key: `%XX`, and `+` for a blank.
    ///
    /// - Returns: nil for what is no such text, or no UTF-8.
    static func decoded(_ text: String) -> String? {
        bytes(text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The same, each byte that is no UTF-8 as U+FFFD.
    ///
    /// - Returns: nil for what is no such text.
    static func mended(_ text: String) -> String? {
        bytes(text).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let value = hexadecimal(high, low)
                else {
                    return nil
                }
                bytes.append(value)
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    private static func encoded(_ text: String, keeping kept: UInt8?) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if byte == kept || isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func hexadecimal(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = Character(UnicodeScalar(high)).hexDigitValue,
            let low = Character(UnicodeScalar(low)).hexDigitValue
        else { return nil }
        return UInt8(high << 4 | low)
    }
}
