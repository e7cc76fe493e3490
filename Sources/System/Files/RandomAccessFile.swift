// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// An open file that is read and written at given places, by any threads at the same time.
///
/// Paths are bytes, without a NUL at the end: the names of Amanda's files need not be UTF-8. Closed when the last user
/// lets go of it.
public final class RandomAccessFile: Sendable {
    /// The path, as messages show it.
    public let path: String
    private let descriptor: Int32

    /// Opens what is there to be read. A symbolic link is refused, and a FIFO is not waited for.
    public convenience init(opening path: [UInt8]) throws(FilesError) {
        try self.init(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, "open", by: nil)
    }

    /// The same for writing, with the rights of `user`.
    public convenience init(openingForWriting path: [UInt8], by user: FileOwner?) throws(FilesError) {
        try self.init(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, "open", by: user)
    }

    /// Makes a new file, with the rights of `user`.
    ///
    /// - Throws: `FilesError`, also where there is one already.
    public convenience init(
        creating path: [UInt8], mode: UInt32 = 0o600, by user: FileOwner? = nil
    ) throws(FilesError) {
        try self.init(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, "create", mode: mode, by: user)
        guard fchmod(descriptor, mode) == 0 else { throw error("chmod") }
    }

    private init(
        _ path: [UInt8], _ flags: Int32, _ call: String, mode: UInt32 = 0, by user: FileOwner?
    ) throws(FilesError) {
        self.path = String(decoding: path, as: UTF8.self)
        try FileSystem.mayAsk("open", String(decoding: path, as: UTF8.self))
        let bytes = path.map { CChar(bitPattern: $0) } + [0]
        descriptor = try FileRights.acting(as: user, self.path) { () throws(FilesError) in
            amfleet_open(bytes, flags, mode)
        }
        guard descriptor >= 0 else { throw FilesError(call, self.path, errorNumber: -descriptor) }
    }

    deinit {
        if descriptor >= 0 { closeDescriptor(descriptor) }
    }

    /// Writes all of `bytes`. A hole that this leaves reads as zeros.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(FilesError) {
        BlockingThread.require("write", path)
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
            if count < 0 {
                if errno == EINTR { continue }
                throw error("write")
            }
            written += count
        }
    }

    /// Fills `buffer` as far as the file goes.
    ///
    /// - Returns: the bytes that were read.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FilesError) -> Int {
        BlockingThread.require("read", path)
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            if count < 0 {
                if errno == EINTR { continue }
                throw error("read")
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Cuts off, or adds zeros.
    public func resize(to byteCount: Int64) throws(FilesError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw error("truncate") }
    }

    /// Returns once everything that was written is on the disk.
    public func synchronise() throws(FilesError) {
        BlockingThread.require("fsync", path)
        guard fsync(descriptor) == 0 else { throw error("fsync") }
    }

    /// Kind, length and owner as they are now.
    public func status() throws(FilesError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw error("stat") }
        return FileStatus(status)
    }

    private func error(_ call: String) -> FilesError { FilesError(call, path, errorNumber: errno) }
}
