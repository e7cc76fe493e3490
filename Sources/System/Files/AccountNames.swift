// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// The names of this machine's users and groups, and their numbers: the same name may have another number on another machine.
///
/// Every call blocks: the user database may be a network away.
public enum AccountNames {
    private static let bufferByteCount = 65_536

    /// nil: nobody has that number.
    public static func user(_ id: UInt32) -> String? {
        BlockingThread.require("look-up of the user", "\(id)")
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: bufferByteCount)
        guard getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return String(cString: entry.pw_name)
    }

    /// nil: there is no such group.
    public static func group(_ id: UInt32) -> String? {
        BlockingThread.require("look-up of the group", "\(id)")
        var entry = GroupEntry()
        var found: UnsafeMutablePointer<GroupEntry>?
        var buffer = [CChar](repeating: 0, count: bufferByteCount)
        guard getgrgid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return String(cString: entry.gr_name)
    }

    /// nil: there is no such user.
    public static func userID(named name: String) -> UInt32? { UserAccount(named: name)?.owner.userID }

    /// nil: there is no such group.
    public static func groupID(named name: String) -> UInt32? {
        BlockingThread.require("look-up of the group", name)
        var entry = GroupEntry()
        var found: UnsafeMutablePointer<GroupEntry>?
        var buffer = [CChar](repeating: 0, count: bufferByteCount)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }
}

/// C's `struct group`, whose name is that of a method here.
private typealias GroupEntry = Glibc.group
