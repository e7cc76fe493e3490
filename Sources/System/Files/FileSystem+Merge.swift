// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

extension FileSystem {
    /// Whether a directory holds nothing; names that are not UTF-8 count, as any other.
    public static func isEmptyDirectory(_ path: String) throws(FilesError) -> Bool {
        try rawNames(in: rawPath(path)).isEmpty
    }

    /// The names in a directory without `.` and `..`, each with its zero byte.
    static func rawNames(in path: [CChar]) throws(FilesError) -> [[CChar]] {
        try mayAsk("list", text(path))
        guard let directory = opendir(path) else { throw FilesError("list", text(path), errorNumber: errno) }
        defer { closedir(directory) }
        return try names(in: directory, path: text(path))
    }

    /// What is left of an open directory stream: the same.
    ///
    /// - Throws: also where the disk gives only some of the names.
    static func names(in directory: OpaquePointer, path: String) throws(FilesError) -> [[CChar]] {
        var names: [[CChar]] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
            }
            if name != [46], name != [46, 46] { names.append(name + [0]) }
        }
        guard errno == 0 else { throw FilesError("list", path, errorNumber: errno) }
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
