// SPDX-License-Identifier: Apache-2.0

/// Amanda's names as Swift strings, without losing a byte.
///
/// Amanda's files are bytes: a disk name or a path may be in any encoding or in none. A byte that is not part
/// of valid UTF-8 becomes the scalar U+10FF00 + byte (private use), and the bytes of those very scalars, should
/// a file ever contain them, are escaped in the same way; so bytes → `String` → bytes is always the identity.
/// Such a string prints oddly and compares equal only to itself; everything valid looks as it should.
extension String {
    private static let escapeBase: UInt32 = 0x10FF00

    /// The text of `bytes`, every invalid byte kept as a private-use scalar.
    public init(amandaBytes bytes: some Sequence<UInt8>) {
        // Nearly all that Amanda writes is ASCII, and logs of years are read.
        let plain = bytes.withContiguousStorageIfAvailable { buffer in
            buffer.allSatisfy { $0 < 0x80 } ? String(decoding: buffer, as: UTF8.self) : nil
        }
        if case let text?? = plain {
            self = text
            return
        }
        let bytes = Array(bytes)
        if let valid = String(validating: bytes, as: UTF8.self),
            !valid.unicodeScalars.contains(where: Self.isEscape)
        {
            self = valid
            return
        }
        var scalars = String.UnicodeScalarView()
        var index = 0
        while index < bytes.count {
            let length = Self.validScalarLength(bytes, at: index)
            if length > 0, let text = String(validating: bytes[index..<(index + length)], as: UTF8.self),
                let scalar = text.unicodeScalars.first, !Self.isEscape(scalar)
            {
                scalars.append(scalar)
                index += length
            } else {
                if let scalar = Unicode.Scalar(Self.escapeBase + UInt32(bytes[index])) {
                    scalars.append(scalar)
                }
                index += 1
            }
        }
        self = String(scalars)
    }

    /// The bytes that stand in Amanda's file.
    public var amandaBytes: [UInt8] {
        // An escape begins with this byte in UTF-8.
        guard utf8.contains(0xF4), unicodeScalars.contains(where: Self.isEscape) else { return Array(utf8) }
        var bytes: [UInt8] = []
        for scalar in unicodeScalars {
            if Self.isEscape(scalar) {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: String(scalar).utf8)
            }
        }
        return bytes
    }

    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= escapeBase + 0x80
    }

    private static func validScalarLength(_ bytes: [UInt8], at index: Int) -> Int {
        let length =
            switch bytes[index] {
            case 0x00..<0x80: 1
            case 0xC2..<0xE0: 2
            case 0xE0..<0xF0: 3
            case 0xF0..<0xF5: 4
            default: 0
            }
        return index + length <= bytes.count ? length : 0
    }
}
