// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import CZlib
import Glibc

/// Streaming decompression of any gzip stream: one member or many, ours or foreign, zeros allowed behind the last.
///
/// Push compressed bytes with `inflate`, then call `finish`. Each member's CRC-32 and length are checked by libz when
/// its end is reached, that is after its data were given out: whoever reads a foreign stream must hold success back
/// until `finish`. One thread at a time.
public final class GzipInflater {
    private enum Position { case start, insideMember, behindMember, insideZeros }

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var position: Position

    /// An inflater at the beginning of a stream, or behind a member that somebody else has decompressed.
    public init(isBehindMember: Bool = false) throws(GzipError) {
        position = isBehindMember ? .behindMember : .start
        stream.initialize(to: z_stream())
        guard amfleet_inflate_init_gzip(stream) == Z_OK else {
            throw .outOfMemory
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Decompresses from `input` until it is used up or `output` is full; returns how many bytes of `input` were used.
    ///
    /// Call again with the rest and a block with room; a call that fills `output` exactly may leave data inside.
    public func inflate(_ input: UnsafeRawBufferPointer, into output: ByteBlock) throws(GzipError) -> Int {
        var used = 0
        repeat {
            let rest = UnsafeRawBufferPointer(rebasing: input[used...])
            switch position {
            case .start, .insideMember:
                used += try inflateMember(rest, into: output)
                if position == .insideMember { return used }
            case .behindMember:
                guard let next = rest.first else { return used }
                try enter(next)
            case .insideZeros:
                guard isAllZero(rest) else { throw .garbageBehindMember }
                return input.count
            }
        } while used < input.count
        return used
    }

    /// The stream ended here.
    ///
    /// - Throws: `truncated` if that is in the middle of a member, or before the first.
    public func finish() throws(GzipError) {
        switch position {
        case .behindMember, .insideZeros: return
        case .start, .insideMember: throw .truncated
        }
    }

    private func enter(_ next: UInt8) throws(GzipError) {
        switch next {
        case 0: position = .insideZeros
        case 0x1f:
            inflateReset(stream)
            position = .insideMember
        default: throw .garbageBehindMember
        }
    }

    private func inflateMember(
        _ input: UnsafeRawBufferPointer, into output: ByteBlock
    ) throws(GzipError) -> Int {
        let isFirst = position == .start
        let offered = min(input.count, 1 << 30)
        let room = output.remainder
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(offered)
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room.count)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        output.count += room.count - Int(stream.pointee.avail_out)
        let used = offered - Int(stream.pointee.avail_in)
        switch status {
        case Z_STREAM_END: position = .behindMember
        case Z_OK: position = .insideMember
        case Z_BUF_ERROR: if used > 0 { position = .insideMember }
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw isFirst && stream.pointee.total_in < 10 ? .notGzip : .damaged
        }
        return used
    }

    /// Compares the bytes with themselves shifted by one, which memcmp does faster than any loop here.
    private func isAllZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return true }
        return bytes[0] == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
    }
}
