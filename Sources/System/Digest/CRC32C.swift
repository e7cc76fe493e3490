// SPDX-License-Identifier: Apache-2.0

import CISAL

/// The running CRC-32C (Castagnoli) that Amanda writes into headers and logs.
///
/// Source: Amanda 3.5.1 `common-src/amcrc32chw.c`; recomputed over Amanda's own dumps. zlib's CRC-32 is another polynomial.
public struct CRC32C: Sendable, Equatable {
    /// The checksum of everything so far; 0 for nothing.
    public private(set) var value: UInt32 = 0

    /// The checksum of no bytes.
    public init() {}

    /// Continues over `bytes`.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = amfleet_crc32c(value, bytes.baseAddress, bytes.count)
    }

    /// Continues over `bytes`.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }
}
