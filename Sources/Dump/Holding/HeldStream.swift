// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files

/// Reads a held dump's stored stream, chunk after chunk. Every call blocks.
struct HeldStream {
    private let held: HeldDump
    private var chunk = 0
    private var offset: Int64 = 0
    private var file: InputFile?
    /// What the stream consists of; known once its first bytes are.
    private var members = Members.unknown

    private enum Members {
        case unknown
        /// One member after the other, so far.
        case each(MemberFormat)
        /// Anything else: it may be divided anywhere.
        case none
    }

    init(_ held: HeldDump) {
        self.held = held
    }

    /// Fills the block with the next member of gzip or zstd if it is one of our shape, else with what comes next: a flushed
    /// dump is divided where a streamed one is.
    ///
    /// - Returns: whether the block must not be divided between files of a volume; nil at the end, with no byte in it.
    mutating func next(into block: ByteBlock) throws -> Bool? {
        if case .none = members { return try fill(block, to: block.capacity) ? false : nil }
        guard try fill(block, to: MemberFormat.longestHeaderByteCount) else { return nil }
        guard let byteCount = memberByteCount(block) else {
            members = .none
            _ = try fill(block, to: block.capacity)
            return false
        }
        _ = try fill(block, to: byteCount)
        return true
    }

    /// The length of the member that the block begins with; nil: it is none, or longer than a block.
    private mutating func memberByteCount(_ block: ByteBlock) -> Int? {
        if case .unknown = members {
            members =
                MemberFormat.allCases.first { $0.byteCount(header: block.bytes) != nil }.map { .each($0) }
                ?? .none
        }
        guard case .each(let format) = members else { return nil }
        return format.byteCount(header: block.bytes).flatMap {
            (block.count...block.capacity).contains($0) ? $0 : nil
        }
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
