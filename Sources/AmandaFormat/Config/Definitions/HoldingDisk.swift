// SPDX-License-Identifier: Apache-2.0

/// `holdingdisk NAME { … }`: where dumps lie that cannot go to a volume yet. `HoldingSpace` decides what goes there.
public struct HoldingDisk: Sendable, Hashable {
    /// As written.
    public let name: String
    /// Where the chunks lie.
    public let directory: String
    /// Room to use; 0: all; negative: all but that.
    public let useBytes: Int64
    /// Size of one chunk file.
    public let chunkByteCount: Int64

    init(_ block: ConfigurationBlock) {
        name = block.name
        directory = block.text("directory") ?? ""
        useBytes = block.integer("use").bytesOfKibibytes
        chunkByteCount = block.integer("chunksize").bytesOfKibibytes
    }
}

/// `define interface`. Amanda starts dumps only while their sum stays below it.
public struct NetworkInterface: Sendable, Hashable {
    /// As written.
    public let name: String
    /// Bytes per second.
    public let useBytesPerSecond: Int64

    init(_ block: ConfigurationBlock) {
        name = block.name
        useBytesPerSecond = block.integer("use").bytesOfKibibytes
    }
}
