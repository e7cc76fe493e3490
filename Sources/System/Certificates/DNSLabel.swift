// SPDX-License-Identifier: Apache-2.0

/// One lower-case DNS label: what cluster and node names must be.
///
/// Shape: 1 to 63 of `a`–`z`, `0`–`9` and `-`, beginning and ending with a letter or a digit.
/// Source: RFC 1123 section 2.1, without the upper case.
enum DNSLabel {
    static let longestByteCount = 63

    static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= longestByteCount, let first = bytes.first, let last = bytes.last else {
            return false
        }
        return isLetterOrDigit(first) && isLetterOrDigit(last)
            && bytes.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
