// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// Work on files with somebody else's rights: what an administrator's user could not do itself, the agent does not do for it as root.
///
/// The paths of a catalog stand in files of the dumpuser's, and lead through its directories. With its rights the kernel decides at the
/// moment of acting, whatever those directories are turned into meanwhile. Source: setfsuid(2): they hold for one thread.
public enum FileRights {
    /// Groups of users that were looked up, by user id: the user database may be a network away.
    private static let groups = Mutex<[UInt32: [UInt32]]>([:])

    /// Runs `work` with `owner`'s rights to files; what it makes belongs to `owner`. As root's own, or where this process is not root, it
    /// just runs. It blocks, and must not begin a process or another thread.
    ///
    /// - Parameters:
    ///   - owner: nil: this process's user.
    ///   - path: what it is about, for messages.
    static func acting<Result: ~Copyable>(
        as owner: FileOwner?, _ path: String, _ work: () throws(FilesError) -> Result
    ) throws(FilesError) -> Result {
        guard let owner, owner.userID != 0, geteuid() == 0 else { return try work() }
        let groups = groups(of: owner)
        let outcome = amfleet_assume_file_rights(
            owner.userID, owner.groupID, groups, Int32(groups.count))
        // Within work of the same kind they are there already.
        if outcome == -EALREADY { return try work() }
        guard outcome == 0 else {
            throw FilesError("act as user \(owner.userID) on", path, errorNumber: -outcome)
        }
        defer { amfleet_resume_file_rights() }
        return try work()
    }

    /// Whether `owner` may make files in a directory, or, where it is not there yet, in the nearest one above that is.
    ///
    /// - Returns: the directory in which it may not; nil: it may.
    public static func refusingDirectory(_ path: String, to owner: FileOwner) -> String? {
        var directory = path
        while !FileSystem.exists(directory), FileSystem.parentDirectory(of: directory) != directory {
            directory = FileSystem.parentDirectory(of: directory)
        }
        let isAllowed = try? acting(as: owner, directory) { () throws(FilesError) in
            faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0
        }
        return isAllowed == true ? nil : directory
    }

    private static func groups(of owner: FileOwner) -> [UInt32] {
        if let known = groups.withLock({ $0[owner.userID] }) { return known }
        let found = UserAccount(userID: owner.userID)?.groupIDs ?? [owner.groupID]
        groups.withLock { $0[owner.userID] = found }
        return found
    }
}
