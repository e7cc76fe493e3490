// SPDX-License-Identifier: Apache-2.0

extension DumpHeader {
    /// Bytes of the header that every chunk on a holding disk begins with; the data follow.
    ///
    /// Source: Amanda 3.5.1 `common-src/amanda.h`, `DISK_BLOCK_BYTES`; seen.
    public static let chunkHeaderByteCount = VolumeHeader.paddedByteCount

    /// The header of one chunk of this dump. Sizes and checksums stand in the first one alone.
    ///
    /// - Parameters:
    ///   - index: from 0.
    ///   - next: absolute path of the next chunk, as it is named when the dump is whole; nil for the last.
    public func chunk(_ index: Int, next: String?) -> DumpHeader {
        var header = self
        header.kind = index == 0 ? .file : .continuation
        header.part = nil
        header.continuationFileName = next
        guard index > 0 else { return header }
        header.blockKiB = Self.chunkHeaderByteCount >> 10  // Amanda says it in these alone
        header.isPartial = false
        header.originalKiB = nil
        header.nativeCRC = nil
        header.clientCRC = nil
        header.serverCRC = nil
        return header
    }

    /// The header of this dump's files on a volume, without a part number: what a flush makes of the first chunk's.
    public var flushed: DumpHeader {
        var header = self
        header.kind = .split
        header.part = nil
        header.continuationFileName = nil
        header.blockKiB = nil
        return header
    }

    /// The header as it begins a chunk: padded with NUL; a DLE that does not fit is left out.
    public var paddedBytes: [UInt8] {
        let bytes = droppingDLE(over: Self.chunkHeaderByteCount).bytes
        return bytes + [UInt8](repeating: 0, count: max(0, Self.chunkHeaderByteCount - bytes.count))
    }
}
