// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import CZstd

/// Streaming decompression of any zstd stream: one frame or many, skippable ones between, zeros allowed behind the last.
///
/// Push compressed bytes with `inflate`, then call `finish`. A frame's checksum is compared when its end is reached, that
/// is after its data were given out: whoever reads a foreign stream must hold success back until `finish`. One thread
/// at a time. Frames with windows over 128 MiB are refused, as by `zstd -d`.
public final class ZstdInflater {
    private enum Position { case start, insideFrame, behindFrame, insideZeros }

    private let stream: OpaquePointer
    private var position: Position

    /// An inflater at the beginning of a stream, or behind a member that somebody else has decompressed.
    public init(isBehindMember: Bool = false) throws(ZstdError) {
        guard let stream = ZSTD_createDStream() else { throw .outOfMemory }
        self.stream = stream
        position = isBehindMember ? .behindFrame : .start
    }

    deinit {
        ZSTD_freeDStream(stream)
    }

    /// Decompresses from `input` until it is used up or `output` is full; returns how many bytes of `input` were used.
    ///
    /// Call again with the rest and a block with room; a call that fills `output` exactly may leave data inside.
    public func inflate(_ input: UnsafeRawBufferPointer, into output: ByteBlock) throws(ZstdError) -> Int {
        var used = 0
        repeat {
            let rest = UnsafeRawBufferPointer(rebasing: input[used...])
            switch position {
            case .insideFrame:
                used += try inflateFrame(rest, into: output)
                if position == .insideFrame { return used }
            case .start, .behindFrame:
                guard let next = rest.first else { return used }
                try enter(next)
            case .insideZeros:
                guard rest.allSatisfy({ $0 == 0 }) else { throw .garbageBehindFrame }
                return input.count
            }
        } while used < input.count
        return used
    }

    /// The stream ended here.
    ///
    /// - Throws: `truncated` if that is in the middle of a frame, or before the first.
    public func finish() throws(ZstdError) {
        switch position {
        case .behindFrame, .insideZeros: return
        case .start, .insideFrame: throw .truncated
        }
    }

    /// Frames begin with 0x28, skippable ones with 0x50 to 0x5F.
    private func enter(_ next: UInt8) throws(ZstdError) {
        switch next {
        case 0 where position == .behindFrame: position = .insideZeros
        case 0x28, 0x50...0x5F: position = .insideFrame
        default: throw position == .start ? .notZstd : .garbageBehindFrame
        }
    }

    private func inflateFrame(
        _ input: UnsafeRawBufferPointer, into output: ByteBlock
    ) throws(ZstdError) -> Int {
        let room = output.remainder
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        while true {
            let before = (source.pos, target.pos)
            let status = ZSTD_decompressStream(stream, &target, &source)
            guard ZSTD_isError(status) == 0 else { throw ZstdError(status: status) }
            if status == 0 { position = .behindFrame }
            let isStuck = before == (source.pos, target.pos)
            if status == 0 || isStuck || source.pos == source.size || target.pos == target.size { break }
        }
        output.count += target.pos
        return source.pos
    }
}
