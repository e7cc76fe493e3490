// SPDX-License-Identifier: Apache-2.0

import Digest
import Files
import Glibc

/// Files that a package of this machine has brought and that nobody has changed since: dpkg's lists name them, and its
/// checksums agree.
///
/// Source: dpkg(1) and deb-md5sums(5): `info/<package>.list`, `info/<package>.md5sums` without the first `/`, and the field
/// `Conffiles` of `status`. All of it is read for each call; blocks.
struct PackagedFiles: Sendable {
    /// dpkg's own; on a machine without it no file is a package's.
    var database = "/var/lib/dpkg"

    /// - Returns: the first of `paths` that is not a package's, or not as the package brought it; nil: all are.
    func firstOther(among paths: [String]) throws -> String? {
        var open = Set(paths)
        let conffiles = try conffileSums(of: open)
        for name in try lists() where !open.isEmpty {
            let list = try bytes("info/\(name).list")
            let own = open.filter { Self.hasLine($0, list) }
            guard !own.isEmpty else { continue }
            let sums = try bytes("info/\(name).md5sums")
            for path in own where try isUnchanged(path, conffiles[path] ?? Self.sum(of: path, sums)) {
                open.remove(path)
            }
        }
        return paths.first(where: open.contains)
    }

    /// A link has no checksum: that its package lists it must do.
    private func isUnchanged(_ path: String, _ sum: String?) throws -> Bool {
        guard let status = try FileSystem.status(path) else { return false }
        if status.kind == .symbolicLink { return true }
        guard status.kind == .regular, let sum, status.byteCount <= Self.byteCountLimit else { return false }
        return MD5.digest(try FileSystem.readAll(path)).hexadecimal == sum
    }

    private static let byteCountLimit: Int64 = 16 << 20

    private func lists() throws -> [String] {
        guard FileSystem.isDirectory("\(database)/info") else { return [] }
        return try FileSystem.list("\(database)/info").filter { $0.hasSuffix(".list") }.map {
            String($0.dropLast(5))
        }
    }

    /// With a zero byte at their end.
    private func bytes(_ name: String) throws -> [UInt8] {
        let path = "\(database)/\(name)"
        return try (FileSystem.status(path) == nil ? [] : FileSystem.readAll(path)) + [0]
    }

    /// ` /etc/x 0123… [obsolete]`
    private func conffileSums(of paths: Set<String>) throws -> [String: String] {
        let status = try bytes("status")
        var sums: [String: String] = [:]
        for path in paths {
            guard let behind = Self.find("\n \(path) ", status) else { continue }
            sums[path] = String(decoding: status[behind...].prefix(32), as: UTF8.self)
        }
        return sums
    }

    /// `0123…  etc/x`
    private static func sum(of path: String, _ sums: [UInt8]) -> String? {
        let name = "  \(path.dropFirst())\n"
        guard let behind = find(name, sums) else { return nil }
        let start = behind - name.utf8.count - 32
        return start < 0 ? nil : String(decoding: sums[start..<(start + 32)], as: UTF8.self)
    }

    private static func hasLine(_ line: String, _ text: [UInt8]) -> Bool {
        find("\n\(line)\n", text) != nil || text.starts(with: "\(line)\n".utf8)
    }

    /// Where the text goes on behind the first place of `pattern`.
    private static func find(_ pattern: String, _ text: [UInt8]) -> Int? {
        text.withUnsafeBytes { text -> Int? in
            guard let start = text.bindMemory(to: CChar.self).baseAddress,
                let found = strstr(start, pattern)
            else { return nil }
            return UnsafePointer(found) - start + pattern.utf8.count
        }
    }
}
