// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// An open directory: it stays the same one, whatever becomes of the path that led to it.
///
/// Closed with its last reference. Every call blocks.
public final class OpenDirectory: Sendable {
    /// The open descriptor, this object's own.
    public let descriptor: Int32
    /// What it was opened as, for messages.
    public let path: String

    private init(taking descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens a directory that is there, through symbolic links and mounts.
    public convenience init(_ path: String) throws(FilesError) {
        try FileSystem.mayAsk("open", path)
        let opened = amfleet_open(path, O_RDONLY | O_DIRECTORY, 0)
        guard opened >= 0 else { throw FilesError("open", path, errorNumber: -opened) }
        self.init(taking: opened, path: path)
    }

    /// The same, made with what is missing above it.
    public convenience init(making path: String, mode: UInt32 = 0o755) throws(FilesError) {
        try FileSystem.makeDirectories(path, mode: mode)
        try self.init(path)
    }

    deinit {
        closeDescriptor(descriptor)
    }

    /// A directory below this one, made with what is missing above it. No symbolic link is followed, and nothing leads upwards.
    ///
    /// - Parameter relative: names with `/` between them; empty: this directory.
    /// - Throws: `FilesError` whose `isLinkInTheWay` holds where a name on the way is a symbolic link.
    public func beneath(
        _ relative: String, making: Bool, mode: UInt32 = 0o755
    ) throws(FilesError)
        -> OpenDirectory
    {
        BlockingThread.require("open", relative)
        var current = self
        for name in relative.pathNames where name != "." {
            current = try current.child(name, making: making, mode: mode)
        }
        return current
    }

    /// The same where it is there; nil where it is not, or a symbolic link stands in the way.
    public func existing(_ relative: String) throws(FilesError) -> OpenDirectory? {
        do throws(FilesError) {
            return try beneath(relative, making: false)
        } catch {
            if error.isMissing || error.isLinkInTheWay { return nil }
            throw error
        }
    }

    private func child(_ name: String, making: Bool, mode: UInt32) throws(FilesError) -> OpenDirectory {
        let path = "\(path == "/" ? "" : path)/\(name)"
        let isNew = making && mkdirat(descriptor, name, mode) == 0
        if making, !isNew, errno != EEXIST {
            throw FilesError("make directory", path, errorNumber: errno)
        }
        let opened = amfleet_open_beneath(descriptor, name, O_RDONLY | O_DIRECTORY)
        guard opened >= 0 else { throw FilesError("open", path, errorNumber: -opened) }
        let child = OpenDirectory(taking: opened, path: path)
        if isNew, fchmod(opened, mode) != 0 { throw FilesError("chmod", path, errorNumber: errno) }
        return child
    }

    /// Where it lies now, without symbolic links; what it was opened as where that cannot be told.
    public var resolvedPath: String {
        FileSystem.symbolicLinkTarget("/proc/self/fd/\(descriptor)").flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? path
    }

    /// Which directory it is.
    public func status() throws(FilesError) -> FileStatus {
        BlockingThread.require("stat", path)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FilesError("stat", path, errorNumber: errno) }
        return FileStatus(status)
    }

    /// Whether it holds nothing.
    public func isEmpty() throws(FilesError) -> Bool { try names().isEmpty }

    /// Whether it holds nothing but directories that lead to those paths below it, whatever lies in these, and perhaps what is
    /// called like one of `names`.
    public func holdsOnly(_ paths: [String], or names: Set<String>) throws(FilesError) -> Bool {
        try holdsOnly(KeptPaths(paths), or: names)
    }

    private func holdsOnly(_ kept: KeptPaths, or allowed: Set<String>) throws(FilesError) -> Bool {
        if kept.isOwned { return true }
        for name in try names() where !allowed.contains(FileSystem.text(name)) {
            guard kept.concerns(name), let found = try rawStatus(of: name) else { return false }
            guard found.isDirectory, try child(name).holdsOnly(kept.below(name), or: allowed) else {
                return false
            }
        }
        return true
    }

    /// Removes what has that name here, with all below it. Nothing there is no error.
    public func removeTree(_ name: String) throws(FilesError) {
        BlockingThread.require("remove", path)
        try FileSystem.removeEntry(FileSystem.rawPath(name), in: descriptor, path: "\(path)/\(name)")
    }

    /// Removes what a path names below this directory, with everything in it; nothing there is no error. Every directory on the way
    /// is opened by itself and never through a link.
    ///
    /// - Parameter path: raw bytes without `..`.
    /// - Throws: also where a link, or something that is no directory, stands on the way.
    public func removeTree(_ path: [UInt8]) throws(FilesError) {
        let pieces = path.split(separator: UInt8(ascii: "/")).map { $0.map { CChar(bitPattern: $0) } + [0] }
        guard let name = pieces.last, !pieces.contains([46, 46, 0]) else {
            throw FilesError("remove", self.path, errorNumber: EINVAL)
        }
        var parent = self
        for piece in pieces.dropLast() {
            guard try parent.rawStatus(of: piece) != nil else { return }
            parent = try parent.child(piece)
        }
        try FileSystem.removeEntry(name, in: parent.descriptor, path: parent.childPath(name))
    }

    /// What lies at a path below, as bytes: of the last name itself, links before it followed. nil: nothing.
    public func kind(at path: [UInt8]) throws(FilesError) -> FileStatus.Kind? {
        let path = path.map { CChar(bitPattern: $0) } + [0]
        do throws(FilesError) {
            return try rawStatus(of: path).map { FileStatus($0).kind }
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// `lstat` of a name here; nil if there is nothing of that name.
    public func status(of name: String) throws(FilesError) -> FileStatus? {
        try rawStatus(of: FileSystem.rawPath(name)).map(FileStatus.init)
    }

    /// Sorted by nothing, without `.` and `..`.
    func names() throws(FilesError) -> [[CChar]] {
        BlockingThread.require("list", path)
        let copy = amfleet_open_at(descriptor, ".", O_RDONLY | O_DIRECTORY)
        guard copy >= 0 else { throw FilesError("list", path, errorNumber: -copy) }
        guard let stream = fdopendir(copy) else {
            close(copy)
            throw FilesError("list", path, errorNumber: errno)
        }
        defer { closedir(stream) }
        return try FileSystem.names(in: stream, path: path)
    }

    func rawStatus(of name: [CChar]) throws(FilesError) -> stat? {
        var status = stat()
        if fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
        if errno == ENOENT { return nil }
        throw FilesError("stat", childPath(name), errorNumber: errno)
    }

    /// A directory that lies here itself: never through a link.
    func child(_ name: [CChar]) throws(FilesError) -> OpenDirectory {
        let opened = amfleet_open_at(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        guard opened >= 0 else { throw FilesError("open", childPath(name), errorNumber: -opened) }
        return OpenDirectory(taking: opened, path: childPath(name))
    }

    func childPath(_ name: [CChar]) -> String { "\(path == "/" ? "" : path)/\(FileSystem.text(name))" }

    /// What a symbolic link here points to; nil if it is none.
    func linkTarget(_ name: [CChar]) -> [UInt8]? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlinkat(descriptor, name, &buffer, buffer.count)
        return count < 0 ? nil : buffer.prefix(count).map { UInt8(bitPattern: $0) }
    }
}

extension FilesError {
    /// A symbolic link stands where a path must not follow one.
    public var isLinkInTheWay: Bool { errorNumber == ELOOP }
}
