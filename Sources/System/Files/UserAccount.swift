// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CLinux
import Descriptors
import Glibc

/// A user of this machine.
public struct UserAccount: Sendable, Equatable {
    /// Login name.
    public let name: String
    /// User id and primary group.
    public let owner: FileOwner
    /// Home directory, as the user database says.
    public let home: String

    /// Every group that the user is in, the primary one among them.
    public let groupIDs: [UInt32]

    /// A user by all that is known of one.
    public init(name: String, owner: FileOwner, home: String, groupIDs: [UInt32]) {
        self.name = name
        self.owner = owner
        self.home = home
        self.groupIDs = groupIDs
    }

    /// The user of that number; nil if there is none.
    init?(userID: UInt32) {
        guard BlockingThread.refusal("look-up of the user", "\(userID)") == nil else { return nil }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(userID, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        self.init(named: String(cString: entry.pw_name))
    }

    /// The user of that name; nil if there is none, or if nobody can tell.
    public init?(named name: String) {
        guard let account = try? Self.find(named: name) else { return nil }
        self = account
    }

    /// The user of that name; nil if there is none.
    ///
    /// - Throws: where the machine's users could not be read for want of a descriptor or memory, or do not answer.
    public static func find(named name: String) throws(FilesError) -> UserAccount? {
        try FileSystem.mayAsk("look-up of the user", name)
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let status = getpwnam_r(name, &entry, &buffer, buffer.count, &found)
        if SystemReason.isShortage(status) {
            throw FilesError("look up", "the user \(name)", errorNumber: status)
        }
        guard status == 0, found != nil else { return nil }
        return UserAccount(name, entry)
    }

    private init(_ name: String, _ entry: passwd) {
        self.name = name
        owner = FileOwner(userID: entry.pw_uid, groupID: entry.pw_gid)
        home = String(cString: entry.pw_dir)
        var groups = [UInt32](repeating: 0, count: 256)
        let count = amfleet_groups_of(name, entry.pw_gid, &groups, Int32(groups.count))
        groupIDs = count < 0 ? [entry.pw_gid] : Array(groups.prefix(Int(count)))
    }

    /// The user id this process acts with.
    public static var effectiveUserID: UInt32 { geteuid() }
}
