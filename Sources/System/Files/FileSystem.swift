// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// The few things we do with files, each with an error that names the path and the call. Every call blocks, and some for
/// as long as a whole tree takes: `BlockingThread` holds that no task makes one itself.
public enum FileSystem {
    /// The whole of a regular file, at most `limit` bytes. A FIFO or a device of that name is an error, and is not waited for.
    ///
    /// - Throws: also when the file is longer than `limit`.
    public static func readAll(_ path: String, limit: Int = 64 << 20) throws(FilesError) -> [UInt8] {
        let descriptor = try Descriptor(path, O_RDONLY)
        return try descriptor.contents(path, limit: limit)
    }

    /// For every call that may wait for a path: it is noted as what the calling thread waits for.
    ///
    /// - Throws: where somebody has hung there for long: one is enough.
    static func mayAsk(_ call: StaticString, _ path: String) throws(FilesError) {
        guard let fault = BlockingThread.refusal(call, path) else { return }
        throw FilesError("\(call)", path, reason: fault.reason)
    }

    /// `lstat`; nil if there is nothing of that name.
    public static func status(_ path: String) throws(FilesError) -> FileStatus? {
        try mayAsk("stat", path)
        var status = stat()
        if lstat(path, &status) == 0 { return FileStatus(status) }
        let error = FilesError("stat", path, errorNumber: errno)
        if error.isMissing { return nil }
        throw error
    }

    /// Whether something has that name (a dangling link counts).
    ///
    /// - Throws: where nobody can tell: a look that failed is no absence.
    public static func isPresent(_ path: String) throws(FilesError) -> Bool {
        try status(path) != nil
    }

    /// The same for whoever needs no answer, only a look, or does nothing by it that could be wrong: what cannot be looked at counts as absent.
    public static func exists(_ path: String) -> Bool {
        (try? status(path)) != nil
    }

    /// The names in a directory, sorted by their bytes, without `.` and `..`. Names that are not UTF-8 are left out.
    public static func list(_ path: String) throws(FilesError) -> [String] {
        let names = try rawNames(in: rawPath(path)).compactMap {
            String(validating: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Makes the directory and what is missing above it, with the rights of `user`, whose they become; new ones get `mode`, existing
    /// ones stay as they are.
    public static func makeDirectories(
        _ path: String, mode: UInt32 = 0o755, by user: FileOwner? = nil
    ) throws(FilesError) {
        try FileRights.acting(as: user, path) { () throws(FilesError) in
            try makeDirectories(path, mode: mode)
        }
    }

    private static func makeDirectories(_ path: String, mode: UInt32) throws(FilesError) {
        if let found = try status(path) {
            if found.kind == .directory || isDirectory(path) { return }
            throw FilesError("make directory", path, errorNumber: ENOTDIR)
        }
        let parent = parentDirectory(of: path)
        if parent != path { try makeDirectories(parent, mode: mode) }
        guard mkdir(path, mode) == 0 else {
            if errno == EEXIST { return }
            throw FilesError("make directory", path, errorNumber: errno)
        }
        guard chmod(path, mode) == 0 else { throw FilesError("chmod", path, errorNumber: errno) }
    }

    /// Gives a file to somebody; a symbolic link itself, not what it points to. nil leaves it alone.
    public static func setOwner(_ path: String, _ owner: FileOwner?) throws(FilesError) {
        guard let owner else { return }
        BlockingThread.require("chown", path)
        guard lchown(path, owner.userID, owner.groupID) == 0 else {
            throw FilesError("chown", path, errorNumber: errno)
        }
    }

    /// Gives `from` the name `to`, replacing what had it, with the rights of `user`.
    public static func rename(_ from: String, to: String, by user: FileOwner? = nil) throws(FilesError) {
        BlockingThread.require("rename", from)
        try FileRights.acting(as: user, from) { () throws(FilesError) in
            guard Glibc.rename(from, to) == 0 else {
                throw FilesError("rename to '\(to)' the file", from, errorNumber: errno)
            }
        }
    }

    /// Removes a file or an empty directory, with the rights of `user`; nothing there is no error.
    public static func remove(_ path: String, by user: FileOwner? = nil) throws(FilesError) {
        BlockingThread.require("remove", path)
        try FileRights.acting(as: user, path) { () throws(FilesError) in
            guard Glibc.remove(path) != 0 else { return }
            let error = FilesError("remove", path, errorNumber: errno)
            if !error.isMissing { throw error }
        }
    }

    /// The directory part: `/` for `/x`, `.` for `x`.
    public static func parentDirectory(of path: String) -> String {
        var trimmed = path.utf8[...]
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == trimmed.startIndex ? "/" : String(decoding: trimmed[..<slash], as: UTF8.self)
    }

    /// Whether it is a directory, symbolic links followed.
    ///
    /// - Throws: where nobody can tell: a look that failed is no absence.
    public static func isPresentDirectory(_ path: String) throws(FilesError) -> Bool {
        try mayAsk("stat", path)
        var status = stat()
        if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
        let error = FilesError("stat", path, errorNumber: errno)
        if error.isMissing { return false }
        throw error
    }

    /// Whether it is seen to be a directory, symbolic links followed: what cannot be looked at is none. For whoever does nothing by it that
    /// could be wrong.
    public static func isDirectory(_ path: String) -> Bool {
        BlockingThread.require("stat", path)
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
