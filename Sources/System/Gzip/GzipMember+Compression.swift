// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import CISAL
import CZlib

extension GzipMember {
    /// Appends `native` to `output` as one member: compressed, or stored where compression would make it longer.
    ///
    /// `output` must have room for `capacity(nativeByteCount:)`; `native` is at most 1 GiB and may be empty.
    public static func compress(
        _ native: UnsafeRawBufferPointer, into output: ByteBlock, level: GzipLevel
    ) throws(GzipError) {
        precondition(native.count <= 1 << 30)
        precondition(output.capacity - output.count >= capacity(nativeByteCount: native.count))
        let start = output.count
        output.count += headerByteCount
        let stored = storedByteCount(native.count)
        let room = UnsafeMutableRawBufferPointer(rebasing: output.remainder.prefix(stored))
        let deflated =
            switch level {
            case .fast: try deflatedFast(native, into: room)
            case .best: try deflatedBest(native, into: room)
            }
        if let deflated, deflated < stored {
            output.count += deflated
        } else {
            store(native, into: output)
        }
        appendLittleEndian(crc32_gzip_refl(0, native.baseAddress, UInt64(native.count)), to: output)
        appendLittleEndian(UInt32(native.count), to: output)
        writeHeader(at: start, level: level, in: output)
    }

    /// nil: it does not fit.
    private static func deflatedFast(
        _ native: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) throws(GzipError) -> Int? {
        let written = amfleet_isal_deflate(
            native.baseAddress, UInt32(native.count), room.baseAddress, UInt32(room.count))
        guard written >= 0 else { throw .outOfMemory }
        return written == 0 ? nil : written
    }

    /// nil: it does not fit.
    private static func deflatedBest(
        _ native: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) throws(GzipError) -> Int? {
        var stream = z_stream()
        guard amfleet_deflate_init_raw(&stream, 9) == Z_OK else { throw .outOfMemory }
        defer { deflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(
            mutating: native.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(native.count)
        stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(room.count)
        return deflate(&stream, Z_FINISH) == Z_STREAM_END ? room.count - Int(stream.avail_out) : nil
    }

    private static func store(_ native: UnsafeRawBufferPointer, into output: ByteBlock) {
        var offset = 0
        repeat {
            let piece = min(storedPieceByteCount, native.count - offset)
            let isLast: UInt8 = offset + piece == native.count ? 1 : 0
            let low = UInt8(piece & 0xff)
            let high = UInt8(piece >> 8)
            append([isLast, low, high, ~low, ~high], to: output)
            _ = output.append(UnsafeRawBufferPointer(rebasing: native[offset..<offset + piece]))
            offset += piece
        } while offset < native.count
    }

    private static func writeHeader(at start: Int, level: GzipLevel, in output: ByteBlock) {
        let end = output.count
        let extraFlags: UInt8 = level == .best ? 2 : 4
        output.count = start
        append([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, extraFlags, 3, 8, 0], to: output)
        append(Array("AF".utf8) + [4, 0], to: output)
        appendLittleEndian(UInt32(end - start), to: output)
        output.count = end
    }

    private static func appendLittleEndian(_ value: UInt32, to output: ByteBlock) {
        withUnsafeBytes(of: value.littleEndian) { _ = output.append($0) }
    }

    private static func append(_ bytes: [UInt8], to output: ByteBlock) {
        bytes.withUnsafeBytes { _ = output.append($0) }
    }
}
