// SPDX-License-Identifier: Apache-2.0

/// The fields of a 512-byte header that say what follows it.
struct TarHeader {
    let name: [UInt8]
    let linkName: [UInt8]
    let type: UInt8
    /// Of what follows, without padding.
    let byteCount: Int64
    /// Another block with more of an old GNU sparse map follows.
    let hasSparseMap: Bool
    /// Of an old GNU sparse file: what its data are, and how long it is with its holes.
    let sparse: (regions: [SparseRegion], byteCount: Int64)?

    /// - Throws: `RestoreError.unsupported` where the checksum is not the header's, or a number is none.
    init(_ block: [UInt8]) throws {
        let sum = block.indices.reduce(Int64(0)) { $0 + Int64((148..<156).contains($1) ? 32 : block[$1]) }
        guard try Self.number(block[148..<156]) == sum else {
            throw Self.fault("a header with a wrong checksum")
        }
        type = block[156]
        let size = try Self.number(block[124..<136])
        guard size >= 0, size < Int64.max - 1024 else { throw Self.fault("a length of \(size) bytes") }
        // A hard link has no data, whatever its header says.
        byteCount = type == UInt8(ascii: "1") ? 0 : size
        linkName = Array(block[157..<257].prefix { $0 != 0 })
        let isSparse = type == UInt8(ascii: "S")
        hasSparseMap = isSparse && block[482] != 0
        sparse =
            isSparse
            ? (try Self.regions(block[386..<482]), try Self.number(block[483..<495])) : nil
        let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
        let prefix = isPOSIX ? Array(block[345..<500].prefix { $0 != 0 }) : []
        let name = Array(block[0..<100].prefix { $0 != 0 })
        self.name = prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
    }

    static func fault(_ what: String) -> RestoreError {
        .unsupported(what: "the archive, which has \(what)")
    }

    /// Pairs of 12 bytes each, the unused ones empty.
    static func regions(_ fields: ArraySlice<UInt8>) throws -> [SparseRegion] {
        var regions: [SparseRegion] = []
        for start in stride(from: fields.startIndex, to: fields.endIndex, by: 24) {
            guard fields[start + 12] != 0 else { break }
            regions.append(
                SparseRegion(
                    offset: try number(fields[start..<(start + 12)]),
                    byteCount: try number(fields[(start + 12)..<(start + 24)])))
        }
        return regions
    }

    /// Octal, or base 256 where the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) throws -> Int64 {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else {
                throw fault("a number out of range")
            }
            let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard let number = Int64(exactly: value) else { throw fault("a number out of range") }
            return number
        }
        let digits = field.drop { $0 == 32 }.prefix { $0 != 32 && $0 != 0 }
        guard digits.allSatisfy({ (48..<56).contains($0) }), digits.count <= 20 else {
            throw fault("a number that is none")
        }
        return digits.reduce(Int64(0)) { ($0 &* 8) &+ Int64($1 - 48) }
    }
}

/// What headers before a member's own say of it.
struct PaxFields: Equatable {
    var longName: [UInt8]?
    var longLink: [UInt8]?
    private var path: [UInt8]?
    private var sparseName: [UInt8]?
    private var linkPath: [UInt8]?
    private(set) var byteCount: Int64?
    private(set) var renames = false
    /// Of a sparse file with its holes.
    private(set) var sparseByteCount: Int64?
    /// Whether its map stands before its data (version 1.0, which is GNU tar's own); nil: it is not sparse.
    private(set) var hasMapBeforeData: Bool?

    /// Records are `<length> <key>=<value>\n`.
    mutating func read(_ text: [UInt8]) throws {
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != 32 }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 2,
                length <= rest.count, let equals = rest.prefix(length).firstIndex(of: UInt8(ascii: "="))
            else { throw TarHeader.fault("an extended header that is none") }
            let record = rest.prefix(length)
            let key = String(decoding: record[(digits.endIndex + 1)..<equals], as: UTF8.self)
            try set(key, Array(record[(equals + 1)...].dropLast()))
            rest = rest.dropFirst(length)
        }
    }

    private mutating func set(_ key: String, _ value: [UInt8]) throws {
        switch key {
        case "path": path = value
        case "linkpath": linkPath = value
        case "GNU.sparse.name": sparseName = value
        case "GNU.sparse.major": hasMapBeforeData = value == Array("1".utf8)
        case "GNU.sparse.map", "GNU.sparse.numblocks": hasMapBeforeData = hasMapBeforeData ?? false
        case "GNU.sparse.realsize", "GNU.sparse.size":
            sparseByteCount = Int64(String(decoding: value, as: UTF8.self))
        case "size":
            guard let size = Int64(String(decoding: value, as: UTF8.self)), size >= 0, size < Int64.max - 1024
            else {
                throw TarHeader.fault("a length that is none")
            }
            byteCount = size
        case "GNU.dumpdir":
            renames = value.split(separator: 0).contains { $0.first.map("RTX".utf8.contains) ?? false }
        default: break
        }
    }

    func member(_ header: TarHeader) -> TarMember {
        TarMember(
            name: sparseName ?? path ?? longName ?? header.name,
            linkName: linkPath ?? longLink ?? header.linkName,
            type: header.type)
    }
}
