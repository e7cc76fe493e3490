// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// A file that is read piece by piece, from any offset; closed when nobody holds it any more. Every call blocks.
public final class InputFile: Sendable {
    /// As given.
    public let path: String
    /// Its length when it was opened.
    public let byteCount: Int64
    private let descriptor: Descriptor

    /// Opens a regular file; a symbolic link is an error.
    public init(_ path: String) throws(FilesError) {
        self.path = path
        descriptor = try Descriptor(path, O_RDONLY | O_NOFOLLOW, closesLater: true)
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else {
            throw FilesError("stat", path, errorNumber: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FilesError("read", path, reason: "it is no regular file")
        }
        byteCount = Int64(status.st_size)
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// - Returns: bytes read; fewer than there is room for only at the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FilesError) -> Int {
        BlockingThread.require("read", path)
        var filled = 0
        while filled < buffer.count {
            let count = pread(
                descriptor.number, buffer.baseAddress.map { $0 + filled }, buffer.count - filled,
                off_t(offset) + off_t(filled))
            if count < 0 {
                if errno == EINTR { continue }
                throw FilesError("read", path, errorNumber: errno)
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// The first bytes, at most `limit`.
    public func head(_ limit: Int) throws(FilesError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 16)
        defer { buffer.deallocate() }
        let count = try read(into: buffer, at: 0)
        return Array(buffer[..<count])
    }
}
