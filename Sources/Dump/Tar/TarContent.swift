// SPDX-License-Identifier: Apache-2.0

/// Where some of the data of a sparse file belong; between them it has holes.
struct SparseRegion: Equatable {
    var offset: Int64
    var byteCount: Int64
}

/// What follows the header of a file.
struct TarContent {
    enum Form {
        case plain
        /// Only what is between the holes; the map stands in the headers (GNU's `S`).
        case regions
        /// The same behind a map in text, of whole blocks (pax, version 1.0).
        case regionsBehindMap
        /// One that nobody reads here.
        case unknown
    }

    private(set) var form = Form.plain
    /// In the archive.
    private(set) var storedByteCount: Int64 = 0
    /// Of the file, with its holes.
    private(set) var byteCount: Int64 = 0

    /// Nothing.
    init() {}

    init(_ header: TarHeader, _ fields: PaxFields) {
        storedByteCount = fields.byteCount ?? header.byteCount
        byteCount = storedByteCount
        if let sparse = header.sparse {
            (form, byteCount) = (.regions, sparse.byteCount)
        } else if let hasMap = fields.hasMapBeforeData {
            form = hasMap ? .regionsBehindMap : .unknown
            byteCount = fields.sparseByteCount ?? byteCount
        }
    }

    /// The file as a restore makes it of what is stored; nil: it cannot be told, or is longer than `limit`.
    ///
    /// - Parameter regions: of the form `regions`.
    func file(_ stored: [UInt8], _ regions: [SparseRegion], limit: Int) -> [UInt8]? {
        switch form {
        case .plain: return stored.count <= limit ? stored : nil
        case .regions: return filled(stored[...], regions, limit: limit)
        case .regionsBehindMap:
            guard let (regions, data) = Self.map(stored) else { return nil }
            return filled(data, regions, limit: limit)
        case .unknown: return nil
        }
    }

    private func filled(_ data: ArraySlice<UInt8>, _ regions: [SparseRegion], limit: Int) -> [UInt8]? {
        guard (0...Int64(limit)).contains(byteCount) else { return nil }
        var file = [UInt8](repeating: 0, count: Int(byteCount))
        var rest = data
        for region in regions {
            guard (0...byteCount).contains(region.offset),
                (0...(byteCount - region.offset)).contains(region.byteCount), region.byteCount <= rest.count
            else { return nil }
            let place = Int(region.offset)
            file.replaceSubrange(
                place..<(place + Int(region.byteCount)), with: rest.prefix(Int(region.byteCount)))
            rest = rest.dropFirst(Int(region.byteCount))
        }
        return rest.isEmpty ? file : nil
    }

    /// Decimal numbers, one a line: how many regions, then offset and length of each; filled to 512 bytes.
    private static func map(_ stored: [UInt8]) -> (regions: [SparseRegion], data: ArraySlice<UInt8>)? {
        var rest = stored[...]
        func number() -> Int64? {
            guard let end = rest.firstIndex(of: 10) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return Int64(String(decoding: rest[..<end], as: UTF8.self))
        }
        guard let count = number(), (0...65_536).contains(count) else { return nil }
        var regions: [SparseRegion] = []
        for _ in 0..<count {
            guard let offset = number(), let byteCount = number() else { return nil }
            regions.append(SparseRegion(offset: offset, byteCount: byteCount))
        }
        let start = (rest.startIndex + 511) & ~511
        return start <= stored.count ? (regions, stored[start...]) : nil
    }
}
