// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The archive that sealed files lie in.
///
/// Shape: POSIX ustar with pax headers (POSIX.1-2017, `pax`, "ustar Interchange Format"): regular files only, blocks of 512 bytes,
/// two of zeros at the end. A pax header stands before a member whose path, owner's name or number does not fit.
enum BundleArchive {
    static let manifestName = "amfleet.json"
    static let blockByteCount = 512

    /// Where a header keeps what.
    enum Field {
        static let name = 0..<100
        static let mode = 100..<108
        static let userID = 108..<116
        static let groupID = 116..<124
        static let size = 124..<136
        static let time = 136..<148
        static let checksum = 148..<156
        static let kind = 156
        static let linkName = 157..<257
        static let magic = 257..<265
        static let user = 265..<297
        static let group = 297..<329
        static let prefix = 345..<500
    }

    /// `ustar`, NUL, version `00`.
    static let magic = Array("ustar\u{0}00".utf8)
    static let regular = UInt8(ascii: "0")
    static let extended = UInt8(ascii: "x")

    /// What a pax header may say here.
    enum Keyword: String {
        case path
        case userID = "uid"
        case groupID = "gid"
        case user = "uname"
        case group = "gname"
    }

    static func bytes(of bundle: SealedBundle) throws -> [UInt8] {
        let time = Int(bundle.manifest.sealedAt.timeIntervalSince1970)
        let manifest = try WireJSON.document(bundle.manifest)
        let entry = SealedManifest.File(
            path: "/\(manifestName)", kind: .settings, mode: 0o600, user: "root", group: "root", userID: 0,
            groupID: 0, byteCount: manifest.count)
        var archive = member(entry, manifest, time: time)
        for file in bundle.files { archive += member(file.entry, file.content, time: time) }
        return archive + [UInt8](repeating: 0, count: 2 * blockByteCount)
    }

    private static func member(_ entry: SealedManifest.File, _ content: [UInt8], time: Int) -> [UInt8] {
        var records: [UInt8] = []
        func fits(_ keyword: Keyword, _ value: String, in field: Range<Int>) {
            // Names end with a NUL there, but the path, which may fill its field.
            let room = keyword == .path ? field.count : field.count - 1
            if value.utf8.count > room { records += record(keyword, value) }
        }
        fits(.path, entry.member, in: Field.name)
        fits(.user, entry.user, in: Field.user)
        fits(.group, entry.group, in: Field.group)
        if octal(entry.userID, digits: 7) == nil { records += record(.userID, "\(entry.userID)") }
        if octal(entry.groupID, digits: 7) == nil { records += record(.groupID, "\(entry.groupID)") }
        var bytes: [UInt8] = []
        if !records.isEmpty {
            let about = SealedManifest.File(
                path: "/PaxHeader", kind: entry.kind, mode: 0o600, user: "", group: "", userID: 0, groupID: 0,
                byteCount: records.count)
            bytes += header(about, kind: extended, time: time) + padded(records)
        }
        return bytes + header(entry, kind: regular, time: time) + padded(content)
    }

    /// `<length> <keyword>=<value>`, newline; the length counts itself.
    private static func record(_ keyword: Keyword, _ value: String) -> [UInt8] {
        let rest = " \(keyword.rawValue)=\(value)\n".utf8
        var length = rest.count + 1
        while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
        return Array("\(length)".utf8) + rest
    }

    private static func header(_ entry: SealedManifest.File, kind: UInt8, time: Int) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockByteCount)
        func put(_ bytes: some Collection<UInt8>, _ field: Range<Int>) {
            for (index, byte) in zip(field, bytes) { block[index] = byte }
        }
        put(entry.member.utf8, Field.name)
        put(number(entry.mode, Field.mode), Field.mode)
        put(number(entry.userID, Field.userID), Field.userID)
        put(number(entry.groupID, Field.groupID), Field.groupID)
        put(number(entry.byteCount, Field.size), Field.size)
        put(number(time, Field.time), Field.time)
        block[Field.kind] = kind
        put(magic, Field.magic)
        put(entry.user.utf8.prefix(Field.user.count - 1), Field.user)
        put(entry.group.utf8.prefix(Field.group.count - 1), Field.group)
        // POSIX: six digits, NUL, blank.
        put((octal(checksum(of: block), digits: 6) ?? []) + [0, UInt8(ascii: " ")], Field.checksum)
        return block
    }

    /// The sum of all bytes, with blanks where the sum itself stands.
    static func checksum(of block: some Collection<UInt8>) -> Int {
        block.enumerated().reduce(0) { sum, byte in
            sum + Int(Field.checksum.contains(byte.offset) ? UInt8(ascii: " ") : byte.element)
        }
    }

    /// Octal digits that fill the field but for a NUL; zeros where it does not fit, and a pax header says it.
    private static func number(_ value: Int, _ field: Range<Int>) -> [UInt8] {
        octal(value, digits: field.count - 1) ?? octal(0, digits: field.count - 1) ?? []
    }

    private static func octal(_ value: Int, digits: Int) -> [UInt8]? {
        let text = String(max(value, 0), radix: 8)
        guard text.utf8.count <= digits else { return nil }
        return Array((String(repeating: "0", count: digits - text.utf8.count) + text).utf8)
    }

    private static func padded(_ content: [UInt8]) -> [UInt8] {
        content
            + [UInt8](repeating: 0, count: (blockByteCount - content.count % blockByteCount) % blockByteCount)
    }
}
