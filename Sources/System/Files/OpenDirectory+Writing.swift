// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// Single small files of an open directory, by names that are followed nowhere.
extension OpenDirectory {
    /// The regular file of that name; nil if there is none.
    ///
    /// - Throws: also where the name is a symbolic link, or no regular file.
    public func readRegular(
        _ name: String, limit: Int
    ) throws(FilesError) -> (bytes: [UInt8], status: FileStatus)? {
        BlockingThread.require("open", path)
        let opened = amfleet_open_at(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        if opened == -ENOENT { return nil }
        guard opened >= 0 else { throw FilesError("open", child(named: name), errorNumber: -opened) }
        return try Descriptor(takingOver: opened).regularContents(child(named: name), limit: limit)
    }

    /// Writes a file that a reader sees whole or not at all: it is made under another name, given owner and mode, synchronised, and
    /// gets its name last.
    ///
    /// - Parameters:
    ///   - mode: exactly, whatever the umask.
    ///   - owner: nil: this process's.
    ///   - replacing: whether what has that name goes; a symbolic link of that name itself.
    /// - Throws: `FilesError` with `EEXIST` where something has the name and is not to be replaced.
    public func write(
        _ name: String, _ bytes: [UInt8], mode: UInt32, owner: FileOwner?, replacing: Bool
    ) throws(FilesError) {
        BlockingThread.require("write", path)
        let path = child(named: name)
        let temporary = ".\(name.prefix(200)).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
        do throws(FilesError) {
            // The kernel goes straight to the directory that is open, by whatever names it is reached now.
            let file = try Descriptor(
                "/proc/self/fd/\(descriptor)/\(temporary)", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                mode: 0o600)
            try file.writeAll(bytes, path: path)
            if let owner, fchown(file.number, owner.userID, owner.groupID) != 0 {
                throw FilesError("chown", path, errorNumber: errno)
            }
            try file.setMode(mode, path: path)
            try file.synchronise(path: path)
            let outcome =
                replacing
                ? renameat(descriptor, temporary, descriptor, name)
                : linkat(descriptor, temporary, descriptor, name, 0)
            guard outcome == 0 else {
                throw FilesError(replacing ? "rename" : "make", path, errorNumber: errno)
            }
        } catch {
            unlinkat(descriptor, temporary, 0)
            throw error
        }
        if !replacing { unlinkat(descriptor, temporary, 0) }
        guard fsync(descriptor) == 0 else { throw FilesError("fsync", self.path, errorNumber: errno) }
    }

    /// Gives a file a second name here, which nothing may have yet; that it is this very file's already is no error.
    public func link(_ name: String, as other: String) throws(FilesError) {
        BlockingThread.require("link", path)
        if linkat(descriptor, name, descriptor, other, 0) == 0 { return }
        let number = errno
        if let one = try status(of: name), let two = try status(of: other), one.inode == two.inode,
            one.device == two.device
        {
            return
        }
        throw FilesError("link", child(named: other), errorNumber: number)
    }

    /// Gives the directory itself to somebody.
    public func setOwner(_ owner: FileOwner) throws(FilesError) {
        guard fchown(descriptor, owner.userID, owner.groupID) == 0 else {
            throw FilesError("chown", path, errorNumber: errno)
        }
    }

    private func child(named name: String) -> String { "\(path == "/" ? "" : path)/\(name)" }
}
