// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import CISAL

extension GzipMember {
    /// Appends what one whole member of ours holds to `output`, after checking its CRC-32 and its length.
    ///
    /// On any error `output` is as it was. `output` must have room for `nativeByteCount(member:)`; more is an error.
    public static func decompress(_ member: UnsafeRawBufferPointer, into output: ByteBlock) throws(GzipError)
    {
        guard let byteCount = byteCount(header: member) else {
            throw member.count < headerByteCount ? .truncated : .notGzip
        }
        guard byteCount == member.count else {
            throw byteCount > member.count ? .truncated : .garbageBehindMember
        }
        let deflated = UnsafeRawBufferPointer(
            rebasing: member[headerByteCount..<member.count - trailerByteCount])
        let room = output.remainder
        let written = amfleet_isal_inflate(
            deflated.baseAddress, UInt32(deflated.count), room.baseAddress, UInt32(clamping: room.count))
        guard written != -2 else { throw .outOfMemory }
        guard written >= 0 else { throw .damaged }

        let storedChecksum = littleEndian32(member, at: member.count - 8)
        let checksum = crc32_gzip_refl(0, room.baseAddress, UInt64(written))
        guard checksum == storedChecksum else {
            throw .checksumDiffers(stored: storedChecksum, computed: checksum)
        }
        let storedLength = littleEndian32(member, at: member.count - 4)
        guard UInt32(truncatingIfNeeded: written) == storedLength else {
            throw .lengthDiffers(stored: storedLength, computed: UInt32(truncatingIfNeeded: written))
        }
        output.count += written
    }
}
