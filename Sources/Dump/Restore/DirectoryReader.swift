// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork
import Files
import Synchronization
public import Volumes

/// A volume that is a directory. It is listed once, and again only where a file is not where it was: a look at every file of a volume
/// grows with their number, not with its square.
public struct DirectoryReader: VolumeReader {
    private let files: DirectoryFiles
    private let found = FoundPaths()

    /// Paths of the volume's files as they were listed.
    private final class FoundPaths: Sendable {
        private let paths = Mutex<[UInt32: [UInt8]]>([:])

        subscript(_ number: UInt32) -> [UInt8]? { paths.withLock { $0[number] } }

        func replace(with listed: [(number: UInt32, path: [UInt8])]) {
            let byNumber = Dictionary(
                listed.map { ($0.number, $0.path) }, uniquingKeysWith: { first, _ in first })
            paths.withLock { $0 = byNumber }
        }
    }

    /// Reads one directory; writes nothing.
    public init(_ files: DirectoryFiles) {
        self.files = files
    }

    public func name(ofFile number: UInt32) -> String {
        found[number].map { String(amandaBytes: $0) } ?? "\(files.directory)/\(number)"
    }

    /// Nil where there definitely is none.
    ///
    /// - Parameter isListed: the directory was listed for this very question.
    private func entry(_ number: UInt32, isListed: inout Bool) throws -> DirectoryFiles.Entry? {
        if let path = found[number] {
            do {
                return try files.entry(number, path)
            } catch let error as FilesError where error.isMissing {
                // The volume was written anew, or the file is gone.
            }
        }
        guard !isListed else { return nil }
        isListed = true
        found.replace(with: try files.paths())
        return try entry(number, isListed: &isListed)
    }

    /// - Throws: `RestoreError.missing`.
    private func file(_ number: UInt32) throws -> DirectoryFiles.Entry {
        var isListed = false
        guard let entry = try entry(number, isListed: &isListed) else {
            throw RestoreError.missing(key: "\(files.directory)/\(number)")
        }
        return entry
    }

    public func header(ofFile number: UInt32) async throws -> DumpHeader {
        let bytes = try await runBlocking("volume-file", asking: [files.directory]) {
            let file = try RandomAccessFile(opening: self.file(number).path)
            return try file.bytes(at: 0, count: DirectoryFiles.headerByteCount)
        }
        return try parsed(bytes, ofFile: number)
    }

    public func files(_ numbers: [UInt32]) async throws -> [FoundFile] {
        try await runBlocking("volume-files", asking: [files.directory], .ofTree) {
            var isListed = false
            return try numbers.map { number in
                let entry = try entry(number, isListed: &isListed)
                return FoundFile(stored: StoredFile(entry, "\(files.directory)/\(number)"))
            }
        }
    }

    public func read(
        _ piece: StoredFile.Piece, _ bytes: Range<Int64>, into block: ByteBlock, onNewConnection: Bool
    ) async throws {
        // A thread that is given up still writes where it was told to: never into a block that is used again.
        let read = try await runBlocking("volume-file", asking: [files.directory], .ofRange) {
            let file = try RandomAccessFile(opening: piece.key.amandaBytes)
            let offset = bytes.lowerBound + Int64(DirectoryFiles.headerByteCount)
            let found = ByteBlock(capacity: bytes.count)
            found.count = try file.read(into: found.remainder, at: offset)
            return found
        }
        block.count = 0
        _ = block.append(read.bytes)
        guard block.count == bytes.count else {
            throw RestoreError.lengthDiffers(
                key: piece.key, expected: bytes.upperBound, found: bytes.lowerBound + Int64(block.count))
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
