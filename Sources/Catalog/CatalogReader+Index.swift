// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
import Files
import Gzip

extension CatalogReader {
    /// Names that one answer has at most.
    private static let indexedNameLimit = 20_000
    private static let indexByteCountLimit = 64 << 20

    /// The header of a dump as the index directory keeps it, stock Amanda's or ours; nil: there is none. Blocks.
    public func header(of dump: CatalogDump) throws -> DumpHeader? {
        let path = indexBase(of: dump) + ".header"
        guard FileSystem.exists(path) else { return nil }
        return try DumpHeader(parsing: FileSystem.readAll(path))
    }

    /// The names in a dump as its index has them, without the first `/`, each cut behind `depth` pieces: what an include may have
    /// found. Reads the whole index; blocks.
    ///
    /// - Returns: nil where there is no index, or where it names too much.
    public func indexedNames(of dump: CatalogDump, depth: Int) throws -> Set<String>? {
        let base = indexBase(of: dump)
        guard let path = ["\(base).gz", "\(base)-unsorted.gz"].first(where: FileSystem.exists) else {
            return nil
        }
        var names: Set<String> = []
        try Self.forEachLine(of: FileSystem.readAll(path, limit: Self.indexByteCountLimit)) { line in
            let pieces = line.split(separator: UInt8(ascii: "/")).prefix(depth)
            if !pieces.isEmpty, names.count <= Self.indexedNameLimit {
                names.insert(String(amandaBytes: pieces.joined(separator: [UInt8(ascii: "/")])))
            }
        }
        return names.count <= Self.indexedNameLimit ? names : nil
    }

    private func indexBase(of dump: CatalogDump) -> String {
        let directory = location.diskDirectory(
            in: location.indexDirectory, host: dump.name.host, disk: dump.name.disk)
        return "\(directory)/\(dump.name.datestamp)_\(dump.name.level)"
    }

    private static func forEachLine(of gzip: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) throws {
        let inflater = try GzipInflater()
        let block = ByteBlock(capacity: 1 << 20)
        var (used, rest) = (0, [UInt8]())
        repeat {
            block.count = 0
            used += try gzip.withUnsafeBytes {
                try inflater.inflate(UnsafeRawBufferPointer(rebasing: $0[used...]), into: block)
            }
            rest += block.bytes
            guard let end = rest.lastIndex(of: 0x0A) else { continue }
            for line in rest[..<end].split(separator: 0x0A) { body(line) }
            rest.removeSubrange(...end)
        } while used < gzip.count || block.count == block.capacity
        if !rest.isEmpty { body(rest[...]) }
        try inflater.finish()
    }
}
