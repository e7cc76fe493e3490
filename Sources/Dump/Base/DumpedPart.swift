// SPDX-License-Identifier: Apache-2.0

/// One numbered file of a volume.
public struct DumpedPart: Sendable, Hashable {
    /// How its data were proved present.
    public enum Proof: String, Sendable {
        /// The store's checksum of the whole object is ours.
        case checksum
        /// Its length is ours.
        case length
    }

    /// The volume's.
    public let label: String
    /// From 1, on the volume.
    public let fileNumber: UInt32
    /// The header's object; in a directory the file that holds header and data.
    public let headerKey: String
    /// The data's object; nil in block mode.
    public let dataKey: String?
    /// Block mode: how many block objects.
    public let blockCount: Int?
    /// Block mode: bytes of all blocks but the last.
    public let blockByteCount: Int?
    /// Bytes of data.
    public let byteCount: Int64
    /// The store's tag of the data object; nil in block mode.
    public let etag: String?
    /// How it was proved.
    public let proof: Proof

    init(
        label: String, fileNumber: UInt32, headerKey: String, dataKey: String? = nil, blockCount: Int? = nil,
        blockByteCount: Int? = nil, byteCount: Int64, etag: String? = nil, proof: Proof
    ) {
        self.label = label
        self.fileNumber = fileNumber
        self.headerKey = headerKey
        self.dataKey = dataKey
        self.blockCount = blockCount
        self.blockByteCount = blockByteCount
        self.byteCount = byteCount
        self.etag = etag
        self.proof = proof
    }
}
