// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Glibc

/// How much room a file system has.
public struct FileSystemRoom: Sendable, Equatable {
    /// Bytes that a user without privileges may still write.
    public let freeByteCount: Int64
    /// Bytes that root may still write.
    public let privilegedFreeByteCount: Int64
    /// All bytes that it can hold.
    public let totalByteCount: Int64
    /// The same for two paths on one file system.
    public let device: UInt64
    /// Whether files may take less than they hold: it compresses, or what lies behind it may.
    public let mayCompress: Bool

    /// btrfs, ZFS, bcachefs; NFS, SMB, CIFS, FUSE. Source: statfs(2), and the file systems' own headers.
    static let compressingTypes: Set<UInt32> = [
        0x9123_683E, 0x2FC1_2FC1, 0xCA45_1A4E, 0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x6573_5546,
    ]

    /// A file system by its figures.
    public init(
        freeByteCount: Int64, privilegedFreeByteCount: Int64, totalByteCount: Int64, device: UInt64,
        mayCompress: Bool
    ) {
        self.freeByteCount = freeByteCount
        self.privilegedFreeByteCount = privilegedFreeByteCount
        self.totalByteCount = totalByteCount
        self.device = device
        self.mayCompress = mayCompress
    }
}

extension FileSystem {
    /// The room on the file system that holds `path`, symbolic links followed.
    public static func room(at path: String) throws(FilesError) -> FileSystemRoom {
        try mayAsk("ask for the room", path)
        var room = statvfs()
        var status = stat()
        guard statvfs(path, &room) == 0, stat(path, &status) == 0 else {
            throw FilesError("ask for the room at", path, errorNumber: errno)
        }
        let type = amfleet_file_system_type(path)
        guard type >= 0 else {
            throw FilesError("ask for the file system of", path, errorNumber: Int32(-type))
        }
        let unit = Int64(clamping: UInt64(room.f_frsize))
        func bytes(_ blocks: fsblkcnt_t) -> Int64 {
            let (count, overflow) = Int64(clamping: UInt64(blocks)).multipliedReportingOverflow(by: unit)
            return overflow ? .max : count
        }
        return FileSystemRoom(
            freeByteCount: bytes(room.f_bavail), privilegedFreeByteCount: bytes(room.f_bfree),
            totalByteCount: bytes(room.f_blocks), device: UInt64(status.st_dev),
            mayCompress: FileSystemRoom.compressingTypes.contains(UInt32(truncatingIfNeeded: type)))
    }

    /// Returns when the names in a directory, new, changed and removed, would survive a power failure.
    public static func synchroniseDirectory(_ path: String) throws(FilesError) {
        try Descriptor(path, O_RDONLY | O_DIRECTORY).synchronise(path: path)
    }
}
