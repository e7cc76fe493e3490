// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// An exclusive fcntl lock on a lock file, as Amanda's programs take on `tapelist.lock`; released when dropped.
///
/// Waiting blocks the calling thread. fcntl locks belong to the process: they keep other processes out, not another thread of this one.
public struct FileLock: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// Creates the file if need be (`mode`), with the rights of `user`, and waits at most `limit` for whoever holds it.
    public init(
        _ path: String, waitingAtMost limit: Duration, mode: UInt32 = 0o600, by user: FileOwner? = nil
    ) throws(FilesError) {
        let opened = try FileRights.acting(as: user, path) { () throws(FilesError) in
            try Descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: mode)
        }
        try Self.wait(for: opened.number, path: path, limit: limit)
        descriptor = opened
    }

    private static func wait(for descriptor: Int32, path: String, limit: Duration) throws(FilesError) {
        let deadline = ContinuousClock.now + limit
        while true {
            let status = amfleet_try_lock(descriptor)
            if status == 0 { return }
            guard status == -EAGAIN || status == -EACCES || status == -EINTR else {
                throw FilesError("lock", path, errorNumber: -status)
            }
            guard ContinuousClock.now < deadline else {
                throw FilesError("lock", path, reason: "another process has held it for \(limit)")
            }
            usleep(20_000)
        }
    }
}
