// SPDX-License-Identifier: Apache-2.0

extension CRC32C {
    /// The checksum of two pieces in a row, from the checksum of each and the length of the second.
    ///
    /// Appending n zero bits multiplies the checksum by x^n modulo the polynomial; zlib's `crc32_combine` does the
    /// same for CRC-32.
    public static func combined(_ first: UInt32, _ second: UInt32, secondByteCount: Int64) -> UInt32 {
        precondition(secondByteCount >= 0)
        var power = one
        var square = one >> 8  // x^8: one byte
        var left = secondByteCount
        while left > 0 {
            if left & 1 == 1 { power = product(power, square) }
            square = product(square, square)
            left >>= 1
        }
        return product(power, first) ^ second
    }

    /// The polynomial's bits in reflected order, without the leading one.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// x^0: in reflected order the highest bit.
    private static let one: UInt32 = 1 << 31

    private static func product(_ left: UInt32, _ right: UInt32) -> UInt32 {
        var sum: UInt32 = 0
        var shifted = right
        var bit = one
        while bit != 0 {
            if left & bit != 0 { sum ^= shifted }
            shifted = shifted & 1 == 0 ? shifted >> 1 : (shifted >> 1) ^ polynomial
            bit >>= 1
        }
        return sum
    }
}
