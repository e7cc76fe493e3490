// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork
import Files
import Synchronization
public import Volumes

/// A volume that is a directory.
public struct DirectoryReader: VolumeReader {
    private let files: DirectoryFiles
    private let found = FoundPaths()

    /// Paths of files that were looked up.
    private final class FoundPaths: Sendable {
        private let paths = Mutex<[UInt32: String]>([:])

        subscript(_ number: UInt32) -> String? {
            get { paths.withLock { $0[number] } }
            set { paths.withLock { $0[number] = newValue } }
        }
    }

    /// Reads one directory; writes nothing.
    public init(_ files: DirectoryFiles) {
        self.files = files
    }

    public func name(ofFile number: UInt32) -> String { found[number] ?? "\(files.directory)/\(number)" }

    private func file(_ number: UInt32) throws -> DirectoryFiles.Entry {
        let entry = try files.file(number)
        found[number] = String(amandaBytes: entry.path)
        return entry
    }

    public func header(ofFile number: UInt32) async throws -> DumpHeader {
        let bytes = try await runBlocking("volume-file") {
            let file = try RandomAccessFile(opening: self.file(number).path)
            return try file.bytes(at: 0, count: DirectoryFiles.headerByteCount)
        }
        return try parsed(bytes, ofFile: number)
    }

    public func files(_ numbers: [UInt32]) async throws -> [FoundFile] {
        try await runBlocking("volume-files") {
            let entries = Dictionary(try files.entries().map { ($0.number, $0) }) { first, _ in first }
            for number in numbers { found[number] = entries[number].map { String(amandaBytes: $0.path) } }
            return numbers.map { FoundFile(stored: StoredFile(entries[$0], "\(files.directory)/\($0)")) }
        }
    }

    public func read(
        _ piece: StoredFile.Piece, _ bytes: Range<Int64>, into block: ByteBlock, onNewConnection: Bool
    ) async throws {
        try await runBlocking("volume-file") {
            let file = try RandomAccessFile(opening: piece.key.amandaBytes)
            let offset = bytes.lowerBound + Int64(DirectoryFiles.headerByteCount)
            let room = UnsafeMutableRawBufferPointer(rebasing: block.storage[..<bytes.count])
            block.count = try file.read(into: room, at: offset)
            guard block.count == bytes.count else {
                throw RestoreError.lengthDiffers(
                    key: piece.key, expected: bytes.upperBound, found: bytes.lowerBound + Int64(block.count)
                )
            }
        }
    }
}

extension StoredFile {
    /// - Parameter path: what it is called where there is none.
    fileprivate init(_ entry: DirectoryFiles.Entry?, _ path: String) {
        let path = entry.map { String(amandaBytes: $0.path) } ?? path
        let byteCount = max(0, (entry?.byteCount ?? 0) - Int64(DirectoryFiles.headerByteCount))
        self.init(
            header: path, hasHeader: entry?.isEmpty == false, data: Piece(key: path, byteCount: byteCount))
    }
}
