// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

/// One chunk file that is being written: 32 KiB of header, then data.
struct HeldChunk {
    /// Amanda writes in blocks of the header's size.
    static let unit = Int64(DumpHeader.chunkHeaderByteCount)

    /// From 0.
    let index: Int
    /// The holding disk's, in the area.
    let disk: Int
    let directory: String
    let name: String
    /// Nil when nothing has still to be written to it.
    private(set) var file: OutputFile?
    /// Bytes of data that it may hold.
    private(set) var limit: Int64
    private(set) var dataByteCount: Int64 = 0
    /// The disk was full before the chunk was.
    private(set) var isCut = false

    /// The name that it gets when the dump is whole.
    var path: String { "\(directory)/\(name)" }
    var temporaryPath: String { path + HoldingName.temporarySuffix }
    var isFull: Bool { dataByteCount == limit }

    /// Creates the file with its header; nil: the disk is full.
    ///
    /// - Parameter byteCount: that it may have, header included.
    init?(
        _ index: Int, name: String, in directory: String, disk: Int, byteCount: Int64, header: DumpHeader,
        owner: FileOwner?
    ) throws {
        self.index = index
        self.disk = disk
        self.directory = directory
        self.name = name
        limit = byteCount - Self.unit
        if try FileSystem.isPresent(path) { throw HoldingError.exists(path: path) }
        // Of an attempt that was cut short: nobody else writes in this run.
        try FileSystem.remove(temporaryPath)
        let file = try OutputFile(creating: temporaryPath, by: owner)
        self.file = file
        let written = try header.chunk(index, next: nil).paddedBytes.withUnsafeBytes {
            try file.write($0, at: 0)
        }
        guard Int64(written) == Self.unit else {
            try FileSystem.remove(temporaryPath)
            return nil
        }
    }

    /// - Returns: how many of the bytes are in the chunk for good: less than would fit when the disk is full, and then
    ///   the chunk takes no more.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        guard let file else { return 0 }
        let wanted = Int(min(Int64(bytes.count), limit - dataByteCount))
        let offset = Self.unit + dataByteCount
        var written = try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<wanted]), at: offset)
        isCut = written < wanted
        if isCut {
            written -= min(written, Int((dataByteCount + Int64(written)) % Self.unit))
            try file.truncate(to: offset + Int64(written))
        }
        dataByteCount += Int64(written)
        if isCut { limit = dataByteCount }
        return written
    }

    /// Replaces the header, and returns when all of the chunk is on the disk.
    func complete(_ header: DumpHeader) throws {
        guard let file else { return }
        let written = try header.paddedBytes.withUnsafeBytes { try file.write($0, at: 0) }
        guard Int64(written) == Self.unit else {
            throw FilesError("write the header of", temporaryPath, reason: "the file system is full")
        }
        try file.synchronise()
    }

    func synchronise() throws {
        try file?.synchronise()
    }

    /// Nothing more is to be written.
    mutating func close() {
        file = nil
    }

    /// Under either name.
    func remove() throws {
        try FileSystem.remove(path)
        try FileSystem.remove(temporaryPath)
    }
}
