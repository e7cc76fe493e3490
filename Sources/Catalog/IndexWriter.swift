// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files
import Gzip

/// The index of one dump, its state and its header, under `indexdir`: what `amrecover` lists from, and where it finds a
/// file in the archive.
struct IndexWriter {
    /// Up to here the lines are sorted in memory; a longer index is left to amindexd, which sorts it when it is asked for.
    static let sortableByteCount: Int64 = 8 << 20
    private static let blockByteCount = 1 << 20

    let location: CatalogLocation

    /// Writes what belongs to the dump. A dump that comes from a holding disk has got it when it was made.
    func write(_ record: LoggedDump) throws {
        guard record.way != .flushed else { return }
        let base = try basePath(record)
        if let source = record.indexLinesFile, let status = try FileSystem.status(source) {
            try writeIndex(source, status.byteCount, base)
            try writeState(source, base)
        }
        try writeHeader(record, base)
    }

    /// Writes the header alone, of a dump whose index is gone.
    func writeHeader(_ record: LoggedDump) throws { try writeHeader(record, basePath(record)) }

    /// Writes `<run>_<level>.gz`, sorted by bytes as amindexd wants it, or `-unsorted.gz` as Amanda's own dumper does.
    private func writeIndex(_ source: String, _ byteCount: Int64, _ base: String) throws {
        if byteCount <= Self.sortableByteCount {
            let lines = try FileSystem.readAll(source, limit: Int(Self.sortableByteCount) + 1)
            try replace(base + ".gz") { write in
                let sorted = lines.split(separator: 0x0A).map(IndexLines.path)
                    .sorted { $0.lexicographicallyPrecedes($1) }
                try Self.inBlocks(sorted, write)
            }
        } else {
            try replace(base + "-unsorted.gz") { write in
                var lines = IndexLines()
                try FileSystem.forEachBlock(of: source, byteCount: Self.blockByteCount) { block in
                    try lines.paths(in: block).withUnsafeBytes(write)
                }
            }
        }
    }

    /// Writes `<run>_<level>.state.gz`, `<512-byte block> <path>` a line in tar's order, unless some block is not known: a
    /// reader would seek to the wrong place.
    private func writeState(_ source: String, _ base: String) throws {
        var lines = IndexLines()
        try FileSystem.forEachBlock(of: source, byteCount: Self.blockByteCount) { lines.check($0) }
        guard lines.hasEveryBlock else {
            return try FileSystem.remove(base + ".state.gz", by: location.owner)
        }
        try replace(base + ".state.gz") { write in
            try FileSystem.forEachBlock(of: source, byteCount: Self.blockByteCount, write)
        }
    }

    /// Writes `<run>_<level>.header`: the dump's header, as of a dump that is not split.
    private func writeHeader(_ record: LoggedDump, _ base: String) throws {
        var header = record.header
        header.kind = .file
        header.part = nil
        try FileSystem.writeAtomically(base + ".header", header.bytes, mode: 0o600, by: location.owner)
    }

    private func basePath(_ record: LoggedDump) throws -> String {
        let directory = location.diskDirectory(
            in: location.indexDirectory, host: record.header.host, disk: record.header.disk)
        try FileSystem.makeDirectories(directory, mode: 0o755, by: location.owner)
        return "\(directory)/\(record.header.datestamp)_\(record.header.level)"
    }

    private func replace(
        _ path: String, _ fill: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let temporary = path + ".tmp"
        try FileSystem.writeAtomically(temporary, [], mode: 0o600, by: location.owner)
        do {
            // Taking the blocks from the lines never makes them longer.
            let member = ByteBlock(capacity: GzipMember.capacity(nativeByteCount: Self.blockByteCount))
            var hasMember = false
            func write(_ native: UnsafeRawBufferPointer) throws {
                member.count = 0
                try GzipMember.compress(native, into: member, level: .best)
                try FileSystem.append(temporary, Array(member.bytes), by: location.owner)
                hasMember = true
            }
            try fill(write)
            if !hasMember { try write(UnsafeRawBufferPointer(start: nil, count: 0)) }
            try FileSystem.append(temporary, [], by: location.owner, synchronising: true)
            try FileSystem.rename(temporary, to: path, by: location.owner)
        } catch {
            try? FileSystem.remove(temporary, by: location.owner)
            throw error
        }
    }

    private static func inBlocks(
        _ lines: [ArraySlice<UInt8>], _ write: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var block: [UInt8] = []
        block.reserveCapacity(blockByteCount)
        for line in lines {
            if !block.isEmpty, block.count + line.count + 1 > blockByteCount {
                try block.withUnsafeBytes(write)
                block.removeAll(keepingCapacity: true)
            }
            block.append(contentsOf: line)
            block.append(0x0A)
        }
        if !block.isEmpty { try block.withUnsafeBytes(write) }
    }
}

/// Reads the lines that tar's listing leaves, `<block> <path>` or `<path>` alone, in pieces that end anywhere.
private struct IndexLines {
    /// Where in a line the next byte stands.
    private enum Place { case start, number, path }

    private var place = Place.start
    private(set) var hasEveryBlock = true

    /// The path of one line.
    static func path(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        line.drop { $0 != UInt8(ascii: "/") }
    }

    /// The same bytes without the block numbers.
    mutating func paths(in piece: UnsafeRawBufferPointer) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(piece.count)
        for byte in piece where take(byte) { kept.append(byte) }
        return kept
    }

    mutating func check(_ piece: UnsafeRawBufferPointer) {
        for byte in piece { _ = take(byte) }
    }

    /// Whether the byte belongs to the path, the newline included.
    private mutating func take(_ byte: UInt8) -> Bool {
        if byte == 0x0A {
            place = .start
            return true
        }
        if place != .path {
            if byte == UInt8(ascii: "/") {
                if place == .start { hasEveryBlock = false }
                place = .path
            } else {
                place = .number
            }
        }
        return place == .path
    }
}
