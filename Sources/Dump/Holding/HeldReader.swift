// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork
import Files
public import Volumes

/// A held dump in the place of a volume: its one file is made of chunk files, each with a header of its own.
public struct HeldReader: VolumeReader {
    private let held: HeldDump

    /// Reads the chunks; writes nothing.
    public init(_ held: HeldDump) {
        self.held = held
    }

    public func name(ofFile number: UInt32) -> String { held.path }

    public func header(ofFile number: UInt32) async throws -> DumpHeader { held.header }

    public func files(_ numbers: [UInt32]) async throws -> [FoundFile] {
        let chunks = held.chunks.map { StoredFile.Piece(key: $0.path, byteCount: $0.dataByteCount) }
        return numbers.map { _ in FoundFile(stored: StoredFile(path: held.path, pieces: chunks)) }
    }

    public func read(
        _ piece: StoredFile.Piece, _ bytes: Range<Int64>, into block: ByteBlock, onNewConnection: Bool
    ) async throws {
        // A thread that is given up still writes where it was told to: never into a block that is used again.
        let read = try await runBlocking(
            "held-chunk", asking: [HeldDump.holdingDisk(of: piece.key)], .ofRange
        ) {
            let file = try InputFile(piece.key)
            let found = ByteBlock(capacity: bytes.count)
            let room = UnsafeMutableRawBufferPointer(rebasing: found.remainder[..<bytes.count])
            let offset = Int64(DumpHeader.chunkHeaderByteCount) + bytes.lowerBound
            found.count = try file.read(into: room, at: offset)
            return found
        }
        block.count = 0
        _ = block.append(read.bytes)
        guard block.count == bytes.count else {
            throw HoldingError.notWhole(path: piece.key, reason: "it became shorter while it was read")
        }
    }
}
