// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files
import Gzip

/// Reads a held dump's stored stream, chunk after chunk. Every call blocks.
struct HeldStream {
    private let held: HeldDump
    private var chunk = 0
    private var offset: Int64 = 0
    private var file: InputFile?
    /// Whether the stream is one gzip member of ours after the other, so far.
    private var isInMembers = true

    init(_ held: HeldDump) {
        self.held = held
    }

    /// Fills the block with the next member of gzip if it is one of ours, else with what comes next.
    ///
    /// - Returns: whether the block must not be divided between files of a volume; nil at the end, with no byte in it.
    mutating func next(into block: ByteBlock) throws -> Bool? {
        guard isInMembers else { return try fill(block, to: block.capacity) ? false : nil }
        guard try fill(block, to: GzipMember.headerByteCount) else { return nil }
        guard let byteCount = GzipMember.byteCount(header: block.bytes), byteCount <= block.capacity else {
            isInMembers = false
            _ = try fill(block, to: block.capacity)
            return false
        }
        _ = try fill(block, to: byteCount)
        return true
    }

    /// - Returns: whether the block holds anything.
    private mutating func fill(_ block: ByteBlock, to byteCount: Int) throws -> Bool {
        while block.count < byteCount, chunk < held.chunks.count {
            let part = held.chunks[chunk]
            guard offset < part.dataByteCount else {
                (chunk, offset, file) = (chunk + 1, 0, nil)
                continue
            }
            let wanted = Int(min(Int64(byteCount - block.count), part.dataByteCount - offset))
            let room = UnsafeMutableRawBufferPointer(rebasing: block.remainder[..<wanted])
            let count = try open(part).read(into: room, at: Int64(DumpHeader.chunkHeaderByteCount) + offset)
            guard count == wanted else {
                throw HoldingError.notWhole(path: part.path, reason: "it became shorter while it was read")
            }
            block.count += count
            offset += Int64(count)
        }
        return block.count > 0
    }

    private mutating func open(_ part: HeldDump.Chunk) throws -> InputFile {
        if let file { return file }
        let opened = try InputFile(part.path)
        file = opened
        return opened
    }
}
