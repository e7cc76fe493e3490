// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// A new file that is written piece by piece, at any offset; closed when nobody holds it any more.
///
/// Every call blocks. One owner writes at a time.
public final class OutputFile: Sendable {
    /// As given.
    public let path: String
    private let descriptor: Descriptor

    /// Creates the file, with the rights of `user`; one that is there already is an error. `mode` holds whatever the umask.
    public init(creating path: String, mode: UInt32 = 0o600, by user: FileOwner? = nil) throws(FilesError) {
        self.path = path
        descriptor = try FileRights.acting(as: user, path) { () throws(FilesError) in
            try Descriptor(
                path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, closesLater: true)
        }
        guard fchmod(descriptor.number, mode) == 0 else {
            throw FilesError("chmod", path, errorNumber: errno)
        }
    }

    /// Writes as much as there is room for.
    ///
    /// - Returns: bytes written; fewer than given when the file system is full.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FilesError) -> Int {
        BlockingThread.require("write", path)
        var written = 0
        while written < bytes.count {
            let count = pwrite(
                descriptor.number, bytes.baseAddress.map { $0 + written }, bytes.count - written,
                off_t(offset) + off_t(written))
            if count < 0 {
                if errno == EINTR { continue }
                let error = FilesError("write", path, errorNumber: errno)
                if error.isDiskFull { return written }
                throw error
            }
            written += count
        }
        return written
    }

    /// Cuts the file to so many bytes.
    public func truncate(to byteCount: Int64) throws(FilesError) {
        guard ftruncate(descriptor.number, off_t(byteCount)) == 0 else {
            throw FilesError("cut", path, errorNumber: errno)
        }
    }

    /// Returns when the contents would survive a power failure.
    public func synchronise() throws(FilesError) {
        try descriptor.synchronise(path: path)
    }
}
