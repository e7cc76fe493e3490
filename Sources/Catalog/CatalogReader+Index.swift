// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
import Files
import Gzip

extension CatalogReader {
    /// Names that one answer has at most.
    private static let indexedNameLimit = 20_000
    /// All of them together.
    private static let indexedNameByteCountLimit = 16 << 20
    private static let indexByteCountLimit = 64 << 20
    /// Of what is in it: a few bytes can stand for a thousand times as many.
    private static let nativeByteCountLimit = 4 << 30
    /// More than any path has, however tar quotes it.
    private static let lineByteCountLimit = 1 << 20

    /// The header of a dump as the index directory keeps it, stock Amanda's or ours; nil: there is none. Blocks.
    public func header(of dump: CatalogDump) throws -> DumpHeader? {
        let path = indexBase(of: dump) + ".header"
        guard try FileSystem.isPresent(path) else { return nil }
        return try DumpHeader(parsing: FileSystem.readAll(path))
    }

    /// The names in a dump as its index has them, without the first `/`, each cut behind `depth` pieces: what an include may have
    /// found, as bytes. Reads the whole index; blocks.
    ///
    /// - Returns: nil where there is no index, or where it names too much.
    public func indexedNames(of dump: CatalogDump, depth: Int) throws -> Set<[UInt8]>? {
        let base = indexBase(of: dump)
        let files = ["\(base).gz", "\(base)-unsorted.gz"]
        guard let path = try files.first(where: { try FileSystem.isPresent($0) }) else {
            return nil
        }
        var names: Set<[UInt8]> = []
        var byteCount = 0
        let isWhole = try Self.forEachLine(of: FileSystem.readAll(path, limit: Self.indexByteCountLimit)) {
            line in
            let pieces = line.split(separator: UInt8(ascii: "/")).prefix(depth)
            guard !pieces.isEmpty else { return true }
            let name = Array(pieces.joined(separator: [UInt8(ascii: "/")]))
            if names.insert(name).inserted { byteCount += name.count }
            return names.count <= Self.indexedNameLimit && byteCount <= Self.indexedNameByteCountLimit
        }
        return isWhole ? names : nil
    }

    private func indexBase(of dump: CatalogDump) -> String {
        let directory = location.diskDirectory(
            in: location.indexDirectory, host: dump.name.host, disk: dump.name.disk)
        return "\(directory)/\(dump.name.datestamp)_\(dump.name.level)"
    }

    /// Memory: 1 MiB, and a line.
    ///
    /// - Parameter body: whether it wants more.
    /// - Returns: false where it did not want all, or what is in it is too long.
    private static func forEachLine(of gzip: [UInt8], _ body: (ArraySlice<UInt8>) -> Bool) throws -> Bool {
        let inflater = try GzipInflater()
        let block = ByteBlock(capacity: 1 << 20)
        var (used, rest, left) = (0, [UInt8](), nativeByteCountLimit)
        repeat {
            block.count = 0
            used += try gzip.withUnsafeBytes {
                try inflater.inflate(UnsafeRawBufferPointer(rebasing: $0[used...]), into: block)
            }
            left -= block.count
            guard left >= 0 else { return false }
            rest += block.bytes
            if let end = rest.lastIndex(of: 0x0A) {
                for line in rest[..<end].split(separator: 0x0A) {
                    guard body(line) else { return false }
                }
                rest.removeSubrange(...end)
            }
            guard rest.count <= lineByteCountLimit else { return false }
        } while used < gzip.count || block.count == block.capacity
        try inflater.finish()
        return rest.isEmpty || body(rest[...])
    }
}
