// SPDX-License-Identifier: Apache-2.0

/// How hard to compress.
public enum GzipLevel: Sendable, Hashable {
    /// ISA-L level 2: about 500 MB/s a core at nearly the ratio of `gzip -1`.
    case fast
    /// libz level 9.
    case best
}

/// One block as one gzip member that says how long it is, so that a reader can hop from member to member.
///
/// Shape: RFC 1952 with FEXTRA and nothing else: ten bytes (MTIME 0, OS 3), XLEN 8, subfield `AF` of four bytes: the
/// length of the whole member, header and trailer included, little-endian; deflate data; CRC-32; length. `gunzip`,
/// `pigz` and `tar -z` read it like any other. All functions are stateless: call them on as many threads as you like.
public enum GzipMember {
    /// Bytes before the deflate data.
    public static let headerByteCount = 20
    /// CRC-32 and length behind them.
    static let trailerByteCount = 8
    /// Longest piece that deflate stores unchanged.
    static let storedPieceByteCount = 65_535

    /// Bytes that a member of so many native bytes needs at most: those of storing it unchanged.
    public static func capacity(nativeByteCount: Int) -> Int {
        headerByteCount + storedByteCount(nativeByteCount) + trailerByteCount
    }

    /// The length of the member whose first bytes these are; nil if it is not one of ours or the header is not whole.
    public static func byteCount(header: UnsafeRawBufferPointer) -> Int? {
        guard header.count >= headerByteCount, hasOurShape(header) else { return nil }
        let byteCount = Int(littleEndian32(header, at: 16))
        return byteCount >= headerByteCount + trailerByteCount ? byteCount : nil
    }

    /// How many bytes the member will give, as its trailer says. Not to be believed before `decompress`.
    public static func nativeByteCount(member: UnsafeRawBufferPointer) -> Int {
        precondition(member.count >= headerByteCount + trailerByteCount)
        return Int(littleEndian32(member, at: member.count - 4))
    }

    static func storedByteCount(_ nativeByteCount: Int) -> Int {
        let pieces = max(1, (nativeByteCount + storedPieceByteCount - 1) / storedPieceByteCount)
        return nativeByteCount + 5 * pieces
    }

    private static func hasOurShape(_ header: UnsafeRawBufferPointer) -> Bool {
        header[0] == 0x1f && header[1] == 0x8b && header[2] == 8 && header[3] == 4 && header[10] == 8
            && header[11] == 0 && header[12] == UInt8(ascii: "A") && header[13] == UInt8(ascii: "F")
            && header[14] == 4 && header[15] == 0
    }

    static func littleEndian32(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
