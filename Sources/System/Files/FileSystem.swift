// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// The few things we do with files, each with an error that names the path and the call. Every call blocks, and some for
/// as long as a whole tree takes: `BlockingThread` holds that no task makes one itself.
public enum FileSystem {
    /// The whole file, at most `limit` bytes.
    ///
    /// - Throws: also when the file is longer than `limit`.
    public static func readAll(_ path: String, limit: Int = 64 << 20) throws(FilesError) -> [UInt8] {
        let descriptor = try Descriptor(path, O_RDONLY)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor.number, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FilesError("read", path, errorNumber: errno)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer.prefix(count))
            guard bytes.count <= limit else {
                throw FilesError("read", path, reason: "longer than \(limit) bytes")
            }
        }
    }

    /// `lstat`; nil if there is nothing of that name.
    public static func status(_ path: String) throws(FilesError) -> FileStatus? {
        BlockingThread.require("stat", path)
        var status = stat()
        if lstat(path, &status) == 0 { return FileStatus(status) }
        let error = FilesError("stat", path, errorNumber: errno)
        if error.isMissing { return nil }
        throw error
    }

    /// Whether something has that name (a dangling link counts). What cannot be looked at counts as absent.
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
        var trimmed = Substring(path)
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// Whether it is a directory, symbolic links followed.
    public static func isDirectory(_ path: String) -> Bool {
        BlockingThread.require("stat", path)
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
