// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// Directories whose names need not be UTF-8.
extension FileSystem {
    /// The names in a directory, as bytes, sorted, without `.` and `..`.
    public static func names(in path: String) throws(FilesError) -> [[UInt8]] {
        let names = try rawNames(in: rawPath(path)).map { $0.dropLast().map { UInt8(bitPattern: $0) } }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Removes a file, by its path in bytes; that it is gone already is no error.
    public static func removeFile(_ path: [UInt8]) throws(FilesError) {
        BlockingThread.require("remove", String(decoding: path, as: UTF8.self))
        guard unlink(path.map { CChar(bitPattern: $0) } + [0]) != 0, errno != ENOENT else { return }
        throw FilesError("remove", String(decoding: path, as: UTF8.self), errorNumber: errno)
    }
}
