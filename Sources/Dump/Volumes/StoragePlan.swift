// SPDX-License-Identifier: Apache-2.0

import Saturation

/// How a dump is laid into the bucket: the tapetype's and the device's figures.
public struct StoragePlan: Sendable, Equatable {
    /// S3 takes no smaller part of an upload, but for the last.
    static let smallestUploadPartByteCount = 5 << 20
    /// S3 takes no more parts in one upload, which Amanda does not check. Source:
    /// "Amazon S3 multipart upload limits" in the S3 user guide.
    public static let uploadPartLimit = 10_000

    private static let directoryPieceByteCount = 1 << 20

    /// S3_MULTI_PART_UPLOAD: one object a dump part; otherwise one object a block.
    var isMultipart: Bool
    /// The tapetype's `blocksize`.
    var blockByteCount: Int
    /// The tapetype's `part_size`; nil: not set, and dump parts end only where an object of S3 must.
    public var partByteCount: Int64?
    /// NB_THREADS_BACKUP: upload parts in flight.
    var uploadThreadCount: Int
    /// Pieces that one file takes at most; nil: any number.
    var pieceLimit: Int?
    /// `allow-split` of the dumptype: whether a full volume may end a dump part.
    public var allowsSplit = true

    /// Multipart in 10 MiB blocks, four at a time, uncut.
    public init(
        isMultipart: Bool = true, blockByteCount: Int = 10 << 20, partByteCount: Int64? = nil,
        uploadThreadCount: Int = 4, pieceLimit: Int? = StoragePlan.uploadPartLimit
    ) {
        self.isMultipart = isMultipart
        self.blockByteCount = blockByteCount
        self.partByteCount = partByteCount
        self.uploadThreadCount = max(1, uploadThreadCount)
        self.pieceLimit = pieceLimit
    }

    /// Files in a directory: Amanda's readers take any block size there, so that small blocks are written together.
    public init(directoryBlockByteCount blockByteCount: Int, partByteCount: Int64? = nil) {
        self.init(
            isMultipart: false, blockByteCount: max(blockByteCount, Self.directoryPieceByteCount),
            partByteCount: partByteCount, uploadThreadCount: 2, pieceLimit: nil)
    }

    /// Bytes of one upload part, fixed before the first byte; in block mode of one block.
    ///
    /// The largest of the blocksize, S3's 5 MiB, and what lets `part_size` fit into 10,000 of them.
    var uploadPartByteCount: Int {
        guard isMultipart else { return blockByteCount }
        let needed = partByteCount.map {
            $0 > 0 ? ($0 - 1) / Int64(Self.uploadPartLimit) + 1 : 0
        }
        return max(blockByteCount, Self.smallestUploadPartByteCount, Int(needed ?? 0))
    }

    /// Bytes of memory that one dump's upload parts take: what `amanda.conf` says may be more than any machine has.
    public var bufferByteCount: Int64 {
        Int64(uploadPartByteCount).saturatingTimes(Int64(uploadThreadCount).saturatingPlus(2))
    }
}
