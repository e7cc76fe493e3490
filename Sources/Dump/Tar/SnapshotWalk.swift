// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads tar's snapshot from block to block; its shape is told with `BaseSnapshot`.
///
/// What a directory holds: `Y` and a name for a file that is in the archive, `N` for one that is not, `D` for a directory.
struct SnapshotWalk {
    enum Field {
        /// That tar went into; the length of its name, which begins at the disk's directory.
        case directory(length: Int)
        /// What the directory before it holds.
        case name(length: Int, isDirectory: Bool)
    }

    /// Fields of a directory that come before what it holds.
    private static let headFieldCount = 6
    private var timeFieldCount = 0
    private var headCount = 0
    private var fieldByteCount = 0
    private var first: UInt8 = 0
    private var emptyFieldCount = 0

    mutating func take(_ bytes: UnsafeRawBufferPointer, _ found: (Field) -> Void) {
        for byte in bytes {
            if byte == 0 {
                endField(found)
                fieldByteCount = 0
            } else {
                if fieldByteCount == 0 { first = byte }
                fieldByteCount += 1
            }
        }
    }

    private mutating func endField(_ found: (Field) -> Void) {
        guard timeFieldCount == 2 else {
            timeFieldCount += 1
            return
        }
        guard headCount == Self.headFieldCount else {
            headCount += 1
            if headCount == Self.headFieldCount { found(.directory(length: fieldByteCount)) }
            return
        }
        if fieldByteCount == 0 {
            emptyFieldCount += 1
            if emptyFieldCount == 2 { (headCount, emptyFieldCount) = (0, 0) }
            return
        }
        emptyFieldCount = 0
        switch first {
        case UInt8(ascii: "Y"), UInt8(ascii: "N"):
            found(.name(length: fieldByteCount - 1, isDirectory: false))
        case UInt8(ascii: "D"): found(.name(length: fieldByteCount - 1, isDirectory: true))
        default: break
        }
    }
}
