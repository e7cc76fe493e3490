// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Who owns a file.
public struct FileOwner: Sendable, Hashable {
    /// Numeric user id.
    public let userID: UInt32
    /// Numeric group id.
    public let groupID: UInt32

    /// An owner by numbers.
    public init(userID: UInt32, groupID: UInt32) {
        self.userID = userID
        self.groupID = groupID
    }
}

/// What `lstat` says of one name: a symbolic link is itself, not what it points to.
public struct FileStatus: Sendable, Equatable {
    /// The kinds that matter to us.
    public enum Kind: Sendable { case regular, directory, symbolicLink, other }

    /// What it is.
    public let kind: Kind
    /// Length of a regular file.
    public let byteCount: Int64
    /// Permission bits with set-id and sticky, 12 bits.
    public let mode: UInt32
    /// Who owns it.
    public let owner: FileOwner
    /// Last change of the contents, whole seconds since 1970.
    public let modifiedAt: Int64
    /// Last change of contents, owner, rights or names, in nanoseconds since 1970: by the kernel, which nobody can set.
    public let changedAt: Int64
    /// How many names it has.
    public let linkCount: UInt64
    /// The file system it lies on and its number there: equal for two names of one file.
    public let device: UInt64
    /// See `device`.
    public let inode: UInt64

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        byteCount = Int64(status.st_size)
        mode = UInt32(status.st_mode & 0o7777)
        owner = FileOwner(userID: status.st_uid, groupID: status.st_gid)
        modifiedAt = Int64(status.st_mtim.tv_sec)
        let changed = Int64(status.st_ctim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        changedAt = changed.overflow ? .max : changed.partialValue &+ Int64(status.st_ctim.tv_nsec)
        linkCount = UInt64(status.st_nlink)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

extension FileStatus {
    /// Now, as the kernel will write it into `changedAt` of what is changed from here on: not behind the clock that it takes.
    public static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
