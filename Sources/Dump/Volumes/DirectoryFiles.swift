// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import Files

/// The files of a volume that is a directory. Every call blocks.
///
/// Nothing is read, counted or deleted but what is exactly a volume's file: named as Amanda names it, and beginning with
/// one of Amanda's headers. A file that only has such a name is an error.
public struct DirectoryFiles: Sendable {
    /// One of them.
    public struct Entry: Sendable, Equatable {
        /// 0: the label.
        public let number: UInt32
        /// The whole file's.
        public let byteCount: Int64
        /// Its path in bytes.
        public let path: [UInt8]
        /// A writer that was killed left it without a header.
        public let isEmpty: Bool
    }

    /// Bytes before the data of each file (Amanda's `DISK_BLOCK_BYTES`), whatever the block size is.
    /// Source: Amanda 3.5.1; seen with blocksizes of 32 KiB to 256 KiB.
    public static let headerByteCount = VolumeHeader.paddedByteCount

    /// Where they lie: the device's directory, or `data` in it.
    public let directory: String

    /// - Throws: `VolumeError.noDirectory`; `FilesError` where nobody can tell.
    public init(_ device: DirectoryDevicePath) throws {
        let data = "\(device.path)/data"
        directory =
            switch device.dataDirectory {
            case .never: device.path
            case .always: data
            case .ifPresent: try FileSystem.isPresentDirectory(data) ? data : device.path
            }
        guard try FileSystem.isPresentDirectory(directory) else {
            throw VolumeError.noDirectory(path: directory)
        }
    }

    /// All of them, by number. Opens each one.
    ///
    /// - Throws: `VolumeError.foreignFile`, `FilesError`.
    public func entries() throws -> [Entry] {
        try paths().map { try entry($0.number, $0.path) }.sorted { $0.number < $1.number }
    }

    /// What is named as a volume's file; nothing is opened. Lists the directory.
    func paths() throws(FilesError) -> [(number: UInt32, path: [UInt8])] {
        try FileSystem.names(in: directory).compactMap { name in
            DirectoryFileName.number(of: name).map { ($0, path(name)) }
        }
    }

    /// One of them.
    ///
    /// - Throws: as `entries` does.
    func entry(_ number: UInt32, _ path: [UInt8]) throws -> Entry {
        let file = try RandomAccessFile(opening: path)
        let status = try file.status()
        guard status.kind == .regular else { throw VolumeError.foreignFile(path: file.path) }
        let magic = Array("AMANDA: ".utf8)
        let start = try file.bytes(at: 0, count: magic.count)
        guard start == magic || start.isEmpty else { throw VolumeError.foreignFile(path: file.path) }
        return Entry(number: number, byteCount: status.byteCount, path: path, isEmpty: start.isEmpty)
    }

    /// The volume's label; nil where there is none. Lists the directory, and opens what is numbered 0.
    ///
    /// - Throws: `HeaderError` for a file 0 that is no label, and as `entries` does.
    public func label() throws -> VolumeHeader? {
        let zeroth = try paths().filter { $0.number == 0 }.map { try entry($0.number, $0.path) }
        guard let entry = zeroth.first(where: { !$0.isEmpty }) else { return nil }
        let file = try RandomAccessFile(opening: entry.path)
        return try VolumeHeader(parsing: try file.bytes(at: 0, count: Self.headerByteCount))
    }

    /// Deletes every file from a number on, by its own name.
    public func delete(from number: UInt32) throws {
        for entry in try entries() where entry.number >= number { try FileSystem.removeFile(entry.path) }
        try FileSystem.synchroniseDirectory(directory)
    }

    /// Labels an empty volume.
    public func write(_ label: VolumeHeader, owner: FileOwner?) throws {
        let file = try RandomAccessFile(creating: path(DirectoryFileName.label(label.label)), by: owner)
        try file.writeHeader(label.bytes)
        try file.synchronise()
        try FileSystem.synchroniseDirectory(directory)
    }

    /// The path in bytes of a name in the directory.
    func path(_ name: [UInt8]) -> [UInt8] { Array("\(directory)/".utf8) + name }
}

extension RandomAccessFile {
    /// As many bytes as there are, at most `count`.
    func bytes(at offset: Int64, count: Int) throws(FilesError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var read = 0
        do {
            try bytes.withUnsafeMutableBytes { read = try self.read(into: $0, at: offset) }
        } catch let error as FilesError {
            throw error
        } catch {
            throw FilesError("read", path, reason: "\(error)")
        }
        return Array(bytes.prefix(read))
    }

    /// Padded with NUL to the 32 KiB that a header takes in a directory.
    func writeHeader(_ bytes: [UInt8]) throws {
        var block = [UInt8](repeating: 0, count: DirectoryFiles.headerByteCount)
        guard bytes.count <= block.count else {
            throw DumpError.inconsistent(what: "the header of '\(path)' has \(bytes.count) bytes")
        }
        block.replaceSubrange(0..<bytes.count, with: bytes)
        try block.withUnsafeBytes { try write($0, at: 0) }
    }
}
