// SPDX-License-Identifier: Apache-2.0

/// A CRC-32C and the number of bytes it covers, as Amanda writes them: `%08x:%lld`.
///
/// In headers and logs it is that of the whole dump, not of a part. `00000000:0` means unknown.
public struct CRCSize: Hashable, Sendable, CustomStringConvertible {
    /// CRC-32C (Castagnoli).
    public var crc32c: UInt32
    /// Bytes covered.
    public var byteCount: Int64

    public init(crc32c: UInt32, byteCount: Int64) {
        self.crc32c = crc32c
        self.byteCount = byteCount
    }

    /// No dump is longer than an exbibyte, whatever a header says.
    private static let longestByteCount: Int64 = 1 << 60

    /// Nil unless `text` is up to 8 hexadecimal digits, a colon and a decimal number.
    public init?(parsing text: String) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, (1...8).contains(halves[0].utf8.count), halves[0].allSatisfy(\.isHexDigit),
            let crc = UInt32(halves[0], radix: 16), let count = Int64(halves[1]),
            (0...Self.longestByteCount).contains(count)
        else { return nil }
        self.init(crc32c: crc, byteCount: count)
    }

    /// Amanda leaves out a line whose CRC or size is zero, and skips a comparison with one.
    public var isKnown: Bool { crc32c != 0 && byteCount != 0 }

    /// Eight hexadecimal digits, a colon, the bytes.
    public var description: String {
        let digits = String(crc32c, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits + ":" + String(byteCount)
    }
}
