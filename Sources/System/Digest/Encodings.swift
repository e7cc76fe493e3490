// SPDX-License-Identifier: Apache-2.0

import COpenSSL

extension [UInt8] {
    /// Two lower-case digits a byte.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Standard alphabet, padded, one line.
    public var base64: String {
        var text = [UInt8](repeating: 0, count: (count + 2) / 3 * 4 + 1)
        let byteCount = EVP_EncodeBlock(&text, self, Int32(count))
        return String(decoding: text.prefix(Int(byteCount)), as: UTF8.self)
    }

    /// The bytes of padded base64 in one line; nil for anything else.
    public init?(base64 text: String) {
        let text = Array(text.utf8)
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let isAlphabet = text.dropLast(padding).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        guard isAlphabet, padding <= 2, text.count.isMultiple(of: 4) else { return nil }
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3)
        guard text.isEmpty || EVP_DecodeBlock(&bytes, text, Int32(text.count)) >= 0 else { return nil }
        self = [UInt8](bytes.dropLast(padding))
    }
}
