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

    /// Gives each member to `body` before its data have come to an end.
    ///
    /// - Throws: `RestoreError.unsupported` for a header that is none; what `body` throws.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ body: (TarMember) throws -> Void) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .header: try takeHeader(&rest, body)
            case .sparseMap(let data):
                guard fill(&rest) else { return }
                state = block[504] == 0 ? .skip(data) : .sparseMap(data: data)
                block.removeAll(keepingCapacity: true)
            case .skip(let count):
                let skipped = min(count, Int64(rest.count))
                rest = rest.dropFirst(Int(skipped))
                state = skipped == count ? .header : .skip(count - skipped)
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

    private mutating func fill(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Bool {
        let taken = rest.prefix(Self.blockByteCount - block.count)
        block += taken
        rest = rest.dropFirst(taken.count)
        return block.count == Self.blockByteCount
    }

    private mutating func takeHeader(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ body: (TarMember) throws -> Void
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
            let member = next.member(header)
            let byteCount = next.byteCount ?? header.byteCount
            let renames = next.renames
            next = PaxFields()
            try take(member, byteCount, renames: renames, hasMap: header.hasSparseMap, body)
        }
    }

    private mutating func take(
        _ member: TarMember, _ byteCount: Int64, renames: Bool, hasMap: Bool,
        _ body: (TarMember) throws -> Void
    ) throws {
        let padded = (byteCount + 511) & ~511
        var member = member
        member.renames = renames
        switch member.type {
        case UInt8(ascii: "D"):
            directory = member
            isAtEntry = true
            try body(member)
            state = padded == 0 ? .header : .directory(left: byteCount, padding: padded - byteCount)
        case UInt8(ascii: "1"):
            try body(member)
        case UInt8(ascii: "2")...UInt8(ascii: "6"):
            guard byteCount == 0 else { throw TarHeader.fault("data behind what is no file") }
            try body(member)
        case UInt8(ascii: "M"): throw TarHeader.fault("the rest of a file of another volume")
        case UInt8(ascii: "V"): state = padded == 0 ? .header : .skip(padded)
        default:
            try body(member)
            if hasMap {
                state = .sparseMap(data: padded)
            } else {
                state = padded == 0 ? .header : .skip(padded)
            }
        }
    }

    /// Entries end with NUL; their first byte says what they are.
    private mutating func takeDirectory(
        _ rest: inout Slice<UnsafeRawBufferPointer>, _ left: Int64, _ padding: Int64,
        _ body: (TarMember) throws -> Void
    ) throws {
        let taken = rest.prefix(Int(min(left, Int64(rest.count))))
        for byte in taken {
            if isAtEntry, "RTX".utf8.contains(byte), var member = directory {
                member.renames = true
                try body(member)
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
