// SPDX-License-Identifier: Apache-2.0

import Faults

/// `define tapetype`: how much a volume holds, and how dumps are cut.
public struct TapeType: Sendable, Hashable {
    /// As written.
    public let name: String
    /// Where it is defined.
    public let place: FaultPlace
    /// Free text.
    let comment: String
    /// What fits on one volume.
    public let lengthBytes: Int64
    /// Where a dump is cut into dump parts; nil: it is not.
    public let partByteCount: Int64?
    /// `blocksize`, if the tapetype sets one; an S3 device's own default is `defaultS3BlockByteCount`.
    let blockByteCount: Int64?
    /// What the mark between two files takes.
    public let filemarkBytes: Int64

    /// What stock Amanda's S3 device takes where neither tapetype nor `BLOCK_SIZE` says anything.
    /// Source: Amanda 3.5.1 `device-src/s3-device.c`, `S3_DEVICE_DEFAULT_BLOCK_SIZE`.
    static let defaultS3BlockByteCount: Int64 = 10 << 20

    /// What every other device takes. Source: Amanda 3.5.1, `BLOCKSIZE:32` in the tapelist after `amdump` to `file:`.
    static let defaultBlockByteCount: Int64 = 32 << 10

    init(_ block: ConfigurationBlock) {
        name = block.name
        place = block.place
        comment = block.text("comment") ?? ""
        lengthBytes = block.integer("length").bytesOfKibibytes
        let part = block.integer("part-size")
        partByteCount = part == 0 ? nil : part.bytesOfKibibytes
        filemarkBytes = max(0, block.integer("filemark").bytesOfKibibytes)
        blockByteCount = block.isSet("blocksize") ? block.integer("blocksize").bytesOfKibibytes : nil
    }
}

extension Int64 {
    /// Amanda's KiB in bytes; `inf` stays as large as can be.
    public var bytesOfKibibytes: Int64 {
        let (bytes, overflow) = multipliedReportingOverflow(by: 1024)
        return overflow ? (self < 0 ? .min : .max) : bytes
    }
}
