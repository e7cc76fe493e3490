// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How much room a file system has.
public struct FileSystemRoom: Sendable, Equatable {
    /// Bytes that a user without privileges may still write.
    public let freeByteCount: Int64
    /// All bytes that it can hold.
    public let totalByteCount: Int64
    /// The same for two paths on one file system.
    public let device: UInt64
}

extension FileSystem {
    /// The room on the file system that holds `path`, symbolic links followed.
    public static func room(at path: String) throws(FilesError) -> FileSystemRoom {
        var room = statvfs()
        var status = stat()
        guard statvfs(path, &room) == 0, stat(path, &status) == 0 else {
            throw FilesError("ask for the room at", path, errorNumber: errno)
        }
        let unit = Int64(clamping: UInt64(room.f_frsize))
        func bytes(_ blocks: fsblkcnt_t) -> Int64 {
            let (count, overflow) = Int64(clamping: UInt64(blocks)).multipliedReportingOverflow(by: unit)
            return overflow ? .max : count
        }
        return FileSystemRoom(
            freeByteCount: bytes(room.f_bavail), totalByteCount: bytes(room.f_blocks),
            device: UInt64(status.st_dev))
    }

    /// Returns when the names in a directory, new, changed and removed, would survive a power failure.
    public static func synchroniseDirectory(_ path: String) throws(FilesError) {
        try Descriptor(path, O_RDONLY | O_DIRECTORY).synchronise(path: path)
    }
}
