// SPDX-License-Identifier: Apache-2.0

import Files

/// Looks at every member of an archive before tar gets it, where nothing else keeps tar in the target: no path may lead through a
/// link that lies there or that the archive brings, and nothing may be renamed.
///
/// It asks the disk once for each directory, and holds eight bytes for each link of the archive.
struct ArchiveScreen {
    private static let knownLimit = 10_000

    private let target: OpenDirectory
    private var reader = TarMemberReader()
    /// Of names that the archive makes, and that are no directories.
    private var links: Set<Int> = []
    /// Directories that lie in the target.
    private var known: Set<[UInt8]> = []

    init(_ target: OpenDirectory) {
        self.target = target
    }

    /// - Throws: `RestoreError.needsConfinement`, before tar has the member; `unsupported` for what cannot be read.
    mutating func check(_ bytes: UnsafeRawBufferPointer) throws {
        var reader = TarMemberReader()
        swap(&reader, &self.reader)
        try reader.take(bytes) { try check($0) }
        self.reader = reader
    }

    private mutating func check(_ member: TarMember) throws {
        let text = String(decoding: member.name, as: UTF8.self)
        guard !member.renames else {
            throw RestoreError.needsConfinement(member: text, reason: "renames directories")
        }
        // Old archives tell a directory by the slash at its end alone.
        let isDirectory =
            [UInt8(ascii: "D"), UInt8(ascii: "5")].contains(member.type)
            || member.name.last == UInt8(ascii: "/")
        let pieces = try check(member.name, of: text, wholly: isDirectory)
        guard member.type == UInt8(ascii: "1") || member.type == UInt8(ascii: "2") else { return }
        // A link to a link is one too.
        if member.type == UInt8(ascii: "1") { try check(member.linkName, of: text, wholly: false) }
        links.insert(pieces.hashValue)
    }

    @discardableResult
    private mutating func check(_ path: [UInt8], of member: String, wholly: Bool) throws -> [[UInt8]] {
        let pieces = path.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != [46] }
        guard !pieces.contains([46, 46]) else {
            throw RestoreError.needsConfinement(member: member, reason: "leads upwards")
        }
        for count in 0..<pieces.count where count > 0 || wholly {
            let length = wholly ? count + 1 : count
            let above = Array(pieces.prefix(length))
            guard !links.contains(above.hashValue), try !isLink(above) else {
                let link = String(
                    decoding: Array(above.joined(separator: [UInt8(ascii: "/")])), as: UTF8.self)
                throw RestoreError.needsConfinement(
                    member: member, reason: "leads through the link './\(link)'")
            }
        }
        return pieces
    }

    private mutating func isLink(_ pieces: [[UInt8]]) throws -> Bool {
        let path = Array(pieces.joined(separator: [UInt8(ascii: "/")]))
        guard !known.contains(path) else { return false }
        switch try target.kind(at: path) {
        case .symbolicLink: return true
        case .directory:
            if known.count >= Self.knownLimit { known.removeAll() }
            known.insert(path)
            return false
        case .regular, .other, nil: return false
        }
    }
}
