// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork
import Files

/// A volume that is a directory.
public struct DirectoryReader: VolumeReader {
    private let files: DirectoryFiles

    /// Reads one directory; writes nothing.
    public init(_ files: DirectoryFiles) {
        self.files = files
    }

    public func name(ofFile number: UInt32) -> String {
        (try? files.file(number)).map { String(amandaBytes: $0.path) } ?? "\(files.directory)/\(number)"
    }

    public func header(ofFile number: UInt32) async throws -> DumpHeader {
        let bytes = try await runBlocking("volume-file") {
            let file = try RandomAccessFile(opening: files.file(number).path)
            return try file.bytes(at: 0, count: DirectoryFiles.headerByteCount)
        }
        return try parsed(bytes, ofFile: number)
    }

    public func segments(ofFile number: UInt32, byteCount: Int64?) async throws -> [StoredSegment] {
        let entry = try await runBlocking("volume-file") { try files.file(number) }
        let found = entry.byteCount - Int64(DirectoryFiles.headerByteCount)
        guard found >= 0 else {
            throw RestoreError.badHeader(key: name(ofFile: number), reason: "the file is cut")
        }
        return [StoredSegment(key: String(amandaBytes: entry.path), byteCount: found)]
    }

    public func read(
        _ segment: StoredSegment, _ bytes: Range<Int64>, into block: ByteBlock
    ) async throws {
        try await runBlocking("volume-file") {
            let file = try RandomAccessFile(opening: segment.key.amandaBytes)
            let offset = bytes.lowerBound + Int64(DirectoryFiles.headerByteCount)
            let room = UnsafeMutableRawBufferPointer(rebasing: block.storage[..<bytes.count])
            block.count = try file.read(into: room, at: offset)
            guard block.count == bytes.count else {
                throw RestoreError.lengthDiffers(
                    key: segment.key, expected: bytes.upperBound, found: bytes.lowerBound + Int64(block.count)
                )
            }
        }
    }
}
