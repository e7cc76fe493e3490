// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

extension FileSystem {
    /// Whether a directory holds nothing; names that are not UTF-8 count, as any other.
    public static func isEmptyDirectory(_ path: String) throws(FilesError) -> Bool {
        try rawNames(in: rawPath(path)).isEmpty
    }

    /// Moves everything of the directory `source` into the directory `target`: files replace files of their names,
    /// directories are merged, and what else lies in the target stays.
    ///
    /// Everything is renamed, nothing copied, so owners, modes and times stay; both must lie on one file system. A
    /// directory that is only in the source gets its place whole. Works on raw name bytes.
    public static func merge(_ source: String, into target: String) throws(FilesError) {
        if try status(target) == nil { return try rename(source, to: target) }
        try merge(rawPath(source), into: rawPath(target))
    }

    private static func merge(_ source: [CChar], into target: [CChar]) throws(FilesError) {
        for name in try rawNames(in: source) {
            let (from, to) = (joined(source, name), joined(target, name))
            let existing = try rawKind(to)
            if try rawKind(from) == S_IFDIR, existing == S_IFDIR {
                try merge(from, into: to)
            } else {
                if existing == S_IFDIR { try removeTree(text(to)) }
                guard Glibc.rename(from, to) == 0 else {
                    throw FilesError("rename to '\(text(to))' the file", text(from), errorNumber: errno)
                }
            }
        }
    }

    /// The names in a directory without `.` and `..`, each with its zero byte.
    static func rawNames(in path: [CChar]) throws(FilesError) -> [[CChar]] {
        BlockingThread.require("list", text(path))
        guard let directory = opendir(path) else { throw FilesError("list", text(path), errorNumber: errno) }
        defer { closedir(directory) }
        var names: [[CChar]] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
            }
            if name != [46], name != [46, 46] { names.append(name + [0]) }
        }
        return names
    }

    /// The type bits of `lstat`'s mode; nil if there is nothing of that name.
    static func rawKind(_ path: [CChar]) throws(FilesError) -> mode_t? {
        var status = stat()
        if lstat(path, &status) == 0 { return status.st_mode & S_IFMT }
        guard errno == ENOENT else { throw FilesError("stat", text(path), errorNumber: errno) }
        return nil
    }

    static func rawPath(_ path: String) -> [CChar] { Array(path.utf8CString) }

    static func joined(_ directory: [CChar], _ name: [CChar]) -> [CChar] {
        directory.dropLast() + [CChar(bitPattern: UInt8(ascii: "/"))] + name
    }

    static func text(_ path: [CChar]) -> String {
        String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
