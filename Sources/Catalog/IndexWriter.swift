// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files
import Gzip

/// The index of one dump and its header, under `indexdir`: what `amrecover` lists from.
struct IndexWriter {
    /// Up to here the lines are sorted in memory; a longer index is left to amindexd, which sorts it when it is asked for.
    static let sortableByteCount: Int64 = 8 << 20
    private static let blockByteCount = 1 << 20

    let location: CatalogLocation

    /// Writes what belongs to the dump. A dump that comes from a holding disk has got it when it was made.
    func write(_ record: DumpRecord) throws {
        guard record.way != .flushed else { return }
        try writeIndex(record)
        try writeHeader(record)
    }

    /// Writes `<run>_<level>.gz`, sorted by bytes as amindexd wants it, or `-unsorted.gz` as Amanda's own dumper does.
    private func writeIndex(_ record: DumpRecord) throws {
        guard let source = record.indexLinesFile, let status = try FileSystem.status(source) else { return }
        let base = try basePath(record)
        if status.byteCount <= Self.sortableByteCount {
            let lines = try FileSystem.readAll(source, limit: Int(Self.sortableByteCount) + 1)
            try replace(base + ".gz") { write in
                let sorted = lines.split(separator: 0x0A).sorted { $0.lexicographicallyPrecedes($1) }
                try Self.inBlocks(sorted, write)
            }
        } else {
            try replace(base + "-unsorted.gz") { write in
                try FileSystem.forEachBlock(of: source, byteCount: Self.blockByteCount, write)
            }
        }
    }

    /// Writes `<run>_<level>.header`: the dump's header, as of a dump that is not split.
    private func writeHeader(_ record: DumpRecord) throws {
        var header = record.header
        header.kind = .file
        header.part = nil
        try FileSystem.writeAtomically(
            try basePath(record) + ".header", header.bytes, mode: 0o600, owner: location.owner)
    }

    private func basePath(_ record: DumpRecord) throws -> String {
        let directory = location.diskDirectory(
            in: location.indexDirectory, host: record.header.host, disk: record.header.disk)
        try FileSystem.makeDirectories(directory, mode: 0o755, owner: location.owner)
        return "\(directory)/\(record.header.datestamp)_\(record.header.level)"
    }

    private func replace(
        _ path: String, _ fill: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let temporary = path + ".tmp"
        try FileSystem.writeAtomically(temporary, [], mode: 0o600, owner: location.owner)
        do {
            let member = ByteBlock(capacity: GzipMember.capacity(nativeByteCount: Self.blockByteCount))
            var hasMember = false
            func write(_ native: UnsafeRawBufferPointer) throws {
                member.count = 0
                try GzipMember.compress(native, into: member, level: .best)
                try FileSystem.append(temporary, Array(member.bytes))
                hasMember = true
            }
            try fill(write)
            if !hasMember { try write(UnsafeRawBufferPointer(start: nil, count: 0)) }
            try FileSystem.append(temporary, [], synchronising: true)
            try FileSystem.rename(temporary, to: path)
        } catch {
            try? FileSystem.remove(temporary)
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
