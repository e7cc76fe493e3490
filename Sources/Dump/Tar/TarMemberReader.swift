// SPDX-License-Identifier: Apache-2.0

/// What one header of an archive says of where tar will write.
struct TarMember: Equatable {
    var name: [UInt8]
    /// Of a link.
    var linkName: [UInt8]
    /// The type flag; `5` and `D` are directories, `1` and `2` links.
    var type: UInt8
    /// Its directory record has tar rename something.
    var renames = false
}

/// What comes out of an archive, in its order.
enum TarEvent {
    /// Before its data have come to an end; of a directory that renames something more than once.
    case member(TarMember, TarContent)
    /// Of the file before, as they are stored: without the holes of a sparse file.
    case data(UnsafeRawBufferPointer)
    /// Of its data, with the whole map of an old GNU sparse file.
    case end([SparseRegion])
}

/// Reads the headers out of an archive that comes in pieces of any length, as GNU tar reads them. What could be read in two ways is
/// refused, so that tar sees nothing that was not seen here.
///
/// Shape: POSIX.1-2001 ustar and pax headers; GNU's `L`, `K`, `D` and `S`. Source: GNU tar 1.34 `src/tar.h`, `src/list.c`.
/// Memory: one header, and one long name or pax header of at most 16 MiB.
struct TarMemberReader {
    private static let blockByteCount = 512
    private static let textByteCountLimit: Int64 = 16 << 20

    private enum State {
        case header
        /// More of an old GNU sparse map, then that many bytes of data.
        case sparseMap(data: Int64)
        case skip(Int64)
        /// Of a file: bytes left, and those of its padding.
        case data(left: Int64, padding: Int64)
        /// A long name (`L`, `K`) or a pax header (`x`, `g`): bytes left of it and of its padding.
        case text(type: UInt8, left: Int64, padding: Int64)
        case directory(left: Int64, padding: Int64)
    }

    private var state = State.header
    private var block: [UInt8] = []
    private var text: [UInt8] = []
    private var next = PaxFields()
    private var directory: TarMember?
    private var isAtEntry = true
    private var regions: [SparseRegion] = []

    /// Gives each member to `body` before its data have come to an end.
    ///
    /// - Throws: `RestoreError.unsupported` for a header that is none; what `body` throws.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ body: (TarMember) throws -> Void) throws {
        try takeEvents(bytes) { event in
            if case .member(let member, _) = event { try body(member) }
        }
    }

    /// The same with the data of files.
    mutating func takeEvents(_ bytes: UnsafeRawBufferPointer, _ body: (TarEvent) throws -> Void) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .header: try takeHeader(&rest, body)
            case .sparseMap(let data):
                guard fill(&rest) else { return }
                try takeMap()
                if block[504] == 0 { try beginData(data, body) }
                block.removeAll(keepingCapacity: true)
            case .skip(let count):
                let skipped = min(count, Int64(rest.count))
                rest = rest.dropFirst(Int(skipped))
                state = skipped == count ? .header : .skip(count - skipped)
            case .data(let left, let padding):
                let taken = rest.prefix(Int(min(left, Int64(rest.count))))
                try body(.data(UnsafeRawBufferPointer(rebasing: taken)))
                rest = rest.dropFirst(taken.count)
                state = .data(left: left - Int64(taken.count), padding: padding)
                if left == Int64(taken.count) { try endData(padding, body) }
            case .text(let type, let left, let padding):
                let taken = rest.prefix(Int(min(left, Int64(rest.count))))
                text += taken
                rest = rest.dropFirst(taken.count)
                state = .text(type: type, left: left - Int64(taken.count), padding: padding)
                if left == Int64(taken.count) { try endText(type, padding) }
            case .directory(let left, let padding): try takeDirectory(&rest, left, padding, body)
            }
        }
    }

    /// More than anybody's files have are passed over, and the file counts as one that cannot be told.
    private static let regionLimit = 65_536

    private mutating func takeMap() throws {
        guard regions.count <= Self.regionLimit else { return }
        regions += try TarHeader.regions(block[0..<504])
    }

    private mutating func beginData(_ byteCount: Int64, _ body: (TarEvent) throws -> Void) throws {
        let padding = (byteCount + 511) & ~511 - byteCount
        state = .data(left: byteCount, padding: padding)
        if byteCount == 0 { try endData(0, body) }
    }

    private mutating func endData(_ padding: Int64, _ body: (TarEvent) throws -> Void) throws {
        state = padding == 0 ? .header : .skip(padding)
        try body(.end(regions))
    }

    private mutating func fill(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Bool {
        let taken = rest.prefix(Self.blockByteCount - block.count)
        block += taken
        rest = rest.dropFirst(taken.count)
        return block.count == Self.blockByteCount
    }

    private mutating func takeHeader(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ body: (TarEvent) throws -> Void
    ) throws {
        guard fill(&rest) else { return }
        defer { block.removeAll(keepingCapacity: true) }
        guard block.contains(where: { $0 != 0 }) else { return }
        let header = try TarHeader(block)
        let padded = (header.byteCount + 511) & ~511
        switch header.type {
        case UInt8(ascii: "L"), UInt8(ascii: "K"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "g"):
            guard header.byteCount <= Self.textByteCountLimit else {
                throw TarHeader.fault("a name or header of \(header.byteCount) bytes")
            }
            text = []
            state = .text(type: header.type, left: header.byteCount, padding: padded - header.byteCount)
            if header.byteCount == 0 { try endText(header.type, 0) }
        default:
            var member = next.member(header)
            member.renames = next.renames
            let content = TarContent(header, next)
            next = PaxFields()
            regions = header.sparse?.regions ?? []
            try take(member, content, hasMap: header.hasSparseMap, body)
        }
    }

    private mutating func take(
        _ member: TarMember, _ content: TarContent, hasMap: Bool, _ body: (TarEvent) throws -> Void
    ) throws {
        let byteCount = content.storedByteCount
        let padded = (byteCount + 511) & ~511
        switch member.type {
        case UInt8(ascii: "D"):
            directory = member
            isAtEntry = true
            try body(.member(member, content))
            state = padded == 0 ? .header : .directory(left: byteCount, padding: padded - byteCount)
        case UInt8(ascii: "1"):
            try body(.member(member, content))
        case UInt8(ascii: "2")...UInt8(ascii: "6"):
            guard byteCount == 0 else { throw TarHeader.fault("data behind what is no file") }
            try body(.member(member, content))
        case UInt8(ascii: "M"): throw TarHeader.fault("the rest of a file of another volume")
        case UInt8(ascii: "V"): state = padded == 0 ? .header : .skip(padded)
        default:
            try body(.member(member, content))
            if hasMap { state = .sparseMap(data: byteCount) } else { try beginData(byteCount, body) }
        }
    }

    /// Entries end with NUL; their first byte says what they are.
    private mutating func takeDirectory(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ left: Int64, _ padding: Int64,
        _ body: (TarEvent) throws -> Void
    ) throws {
        let taken = rest.prefix(Int(min(left, Int64(rest.count))))
        for byte in taken {
            if isAtEntry, "RTX".utf8.contains(byte), var member = directory {
                member.renames = true
                try body(.member(member, TarContent()))
            }
            isAtEntry = byte == 0
        }
        rest = rest.dropFirst(taken.count)
        let still = left - Int64(taken.count)
        guard still == 0 else {
            state = .directory(left: still, padding: padding)
            return
        }
        state = padding == 0 ? .header : .skip(padding)
    }

    private mutating func endText(_ type: UInt8, _ padding: Int64) throws {
        state = padding == 0 ? .header : .skip(padding)
        switch type {
        case UInt8(ascii: "L"): next.longName = Array(text.prefix { $0 != 0 })
        case UInt8(ascii: "K"): next.longLink = Array(text.prefix { $0 != 0 })
        case UInt8(ascii: "g"):
            var global = PaxFields()
            try global.read(text)
            guard global == PaxFields() else { throw TarHeader.fault("a global header that names members") }
        default: try next.read(text)
        }
        text = []
    }
}
