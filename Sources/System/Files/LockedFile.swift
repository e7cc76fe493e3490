// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A file that is locked, read and rewritten in place: the one way in which several programs share a file that
/// is its own lock.
///
/// Renaming a new file over it would leave the others waiting for the old one. POSIX record lock, as Amanda's: it
/// ends with this value, and also when this process closes the file by any other way, so nothing else may open it
/// meanwhile.
public struct LockedFile: ~Copyable {
    private let descriptor: Descriptor
    private let path: String

    /// Creates the file if need be (`mode`), with the rights of `user`, and waits at most `limit` for whoever holds it.
    public init(
        _ path: String, waitingAtMost limit: Duration, mode: UInt32 = 0o600, by user: FileOwner? = nil
    ) throws(FilesError) {
        self.path = path
        let opened = try FileRights.acting(as: user, path) { () throws(FilesError) in
            try Descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: mode)
        }
        let deadline = ContinuousClock.now + limit
        while true {
            let status = amfleet_try_lock(opened.number)
            if status == 0 { break }
            guard status == -EAGAIN || status == -EACCES || status == -EINTR else {
                throw FilesError("lock", path, errorNumber: -status)
            }
            guard ContinuousClock.now < deadline else {
                throw FilesError("lock", path, reason: "another process has held it for \(limit)")
            }
            usleep(20_000)
        }
        descriptor = opened
    }

    /// All of the file, at most `limit` bytes.
    public func contents(limit: Int = 16 << 20) throws(FilesError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(descriptor.number, &buffer, buffer.count, off_t(bytes.count))
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

    /// Replaces the contents and synchronises them.
    public func rewrite(_ bytes: [UInt8]) throws(FilesError) {
        guard lseek(descriptor.number, 0, SEEK_SET) == 0 else {
            throw FilesError("seek", path, errorNumber: errno)
        }
        try descriptor.writeAll(bytes, path: path)
        guard ftruncate(descriptor.number, off_t(bytes.count)) == 0 else {
            throw FilesError("truncate", path, errorNumber: errno)
        }
        try descriptor.synchronise(path: path)
    }
}
