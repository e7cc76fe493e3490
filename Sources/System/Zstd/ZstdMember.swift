// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import CZstd

/// One block as one zstd frame behind a skippable frame that says how long it is, so that a reader can hop.
///
/// Shape: magic `50 2A 4D 18`, length 4, the frame's length (all little-endian); a frame of level 3 with its content's
/// size and checksum. It is what `pzstd` writes and decompresses on every core; `zstd -d` passes over skippable frames.
/// Source: RFC 8878; `pzstd` of zstd 1.5.4. All functions are stateless: call them on as many threads as you like.
public enum ZstdMember {
    /// Bytes before the frame.
    public static let headerByteCount = 12
    private static let magic: UInt32 = 0x184D_2A50
    /// The level that `zstd` takes when nobody says.
    private static let level: Int32 = 3

    /// Bytes that a member of so many native bytes needs at most.
    public static func capacity(nativeByteCount: Int) -> Int {
        headerByteCount + ZSTD_compressBound(nativeByteCount)
    }

    /// The length of the member whose first bytes these are; nil if it is not one of this shape or not whole.
    public static func byteCount(header: UnsafeRawBufferPointer) -> Int? {
        guard header.count >= headerByteCount, littleEndian32(header, 0) == magic,
            littleEndian32(header, 4) == 4
        else { return nil }
        return headerByteCount + Int(littleEndian32(header, 8))
    }

    /// How many bytes the member will give, as its frame says; nil if it does not. Not to be believed before `decompress`.
    public static func nativeByteCount(member: UnsafeRawBufferPointer) -> Int? {
        let frame = member.dropFirst(headerByteCount)
        let byteCount = ZSTD_getFrameContentSize(
            UnsafeRawBufferPointer(rebasing: frame).baseAddress, frame.count)
        return amfleet_zstd_is_unknown(byteCount) != 0 ? nil : Int(exactly: byteCount)
    }

    /// Appends `native` to `output` as one member. `output` must have room for `capacity(nativeByteCount:)`.
    public static func compress(
        _ native: UnsafeRawBufferPointer, into output: ByteBlock
    ) throws(ZstdError) {
        precondition(output.capacity - output.count >= capacity(nativeByteCount: native.count))
        guard let context = ZSTD_createCCtx() else { throw .outOfMemory }
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        let room = UnsafeMutableRawBufferPointer(rebasing: output.remainder.dropFirst(headerByteCount))
        let count = ZSTD_compress2(context, room.baseAddress, room.count, native.baseAddress, native.count)
        guard ZSTD_isError(count) == 0 else { throw ZstdError(status: count) }
        append([magic, 4, UInt32(count)], to: output)
        output.count += count
    }

    /// Appends what one whole member holds to `output`, after checking its checksum. On any error `output` is as it was.
    public static func decompress(_ member: UnsafeRawBufferPointer, into output: ByteBlock) throws(ZstdError)
    {
        guard let byteCount = byteCount(header: member) else {
            throw member.count < headerByteCount ? .truncated : .notZstd
        }
        guard byteCount == member.count else {
            throw byteCount > member.count ? .truncated : .garbageBehindFrame
        }
        let frame = UnsafeRawBufferPointer(rebasing: member.dropFirst(headerByteCount))
        let room = output.remainder
        let count = ZSTD_decompress(room.baseAddress, room.count, frame.baseAddress, frame.count)
        guard ZSTD_isError(count) == 0 else { throw ZstdError(status: count) }
        output.count += count
    }

    /// A skippable frame of zeros that makes a stream of `byteCount` bytes a multiple of `unit` long; empty if it is one.
    ///
    /// Encryption programs fill their last block with zeros and leave them there, and `zstd -d` fails on them.
    public static func filling(byteCount: Int64, toMultipleOf unit: Int) -> [UInt8] {
        let missing = (unit - Int(byteCount % Int64(unit))) % unit
        guard missing > 0 else { return [] }
        let whole = missing < 8 ? missing + unit : missing
        var frame: [UInt8] = [0x5F, 0x2A, 0x4D, 0x18]
        withUnsafeBytes(of: UInt32(whole - 8).littleEndian) { frame += $0 }
        return frame + [UInt8](repeating: 0, count: whole - 8)
    }

    private static func append(_ words: [UInt32], to output: ByteBlock) {
        for word in words {
            withUnsafeBytes(of: word.littleEndian) { _ = output.append($0) }
        }
    }

    private static func littleEndian32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
