// SPDX-License-Identifier: Apache-2.0

/// One numbered file of a volume as amfleet wrote it: a header and its data, proved present. The engine makes it, the node record
/// keeps it, and the catalog's lines are made of it.
public struct DumpPart: Codable, Sendable, Hashable {
    /// How its data were proved present.
    public enum Proof: String, Codable, Sendable {
        /// The store gave a checksum of the whole object and it agreed.
        case checksum
        /// Only the length was proved.
        case length = "length only"
    }

    /// The volume's.
    public var label: String
    /// From 1, on the volume. A record from the bucket may hold any number: see `PartPlace.file`.
    public var fileNumber: Int
    /// The header's object; in a directory the path of the file, whose first 32 KiB are the header.
    public var headerKey: String
    /// The multipart object; nil in block mode, and in a directory.
    public var dataKey: String?
    /// Block mode: how many block objects, and the size of all but the last.
    public var blockCount: Int?
    public var blockByteCount: Int64?
    /// Bytes of data.
    public var byteCount: Int64
    public var proof: Proof

    public init(
        label: String, fileNumber: Int, headerKey: String, dataKey: String? = nil, blockCount: Int? = nil,
        blockByteCount: Int64? = nil, byteCount: Int64, proof: Proof
    ) {
        self.label = label
        self.fileNumber = fileNumber
        self.headerKey = headerKey
        self.dataKey = dataKey
        self.blockCount = blockCount
        self.blockByteCount = blockByteCount
        self.byteCount = byteCount
        self.proof = proof
    }

    /// What a restore needs of it.
    public var place: PartPlace { PartPlace(label: label, fileNumber: fileNumber, byteCount: byteCount) }
}

/// Where a part of a dump lies, whichever program wrote it: all that Amanda's logs say of it, and all that a restore needs.
public struct PartPlace: Codable, Sendable, Hashable {
    /// The volume's.
    public var label: String
    /// From 1, on the volume.
    public var fileNumber: Int
    /// As stored; nil: not known. Very old logs round it to KiB.
    public var byteCount: Int64?

    public init(label: String, fileNumber: Int, byteCount: Int64?) {
        self.label = label
        self.fileNumber = fileNumber
        self.byteCount = byteCount
    }

    /// The file's number; nil: no volume has such a file.
    public var file: UInt32? { UInt32(exactly: fileNumber) }
}
