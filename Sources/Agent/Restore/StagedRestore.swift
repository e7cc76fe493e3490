// SPDX-License-Identifier: Apache-2.0

import Dump
import Files

/// Levels that are put together inside the target and then laid over it, as one full dump of that day would have been: what
/// they hold replaces what is there, anything else stays.
///
/// Until `install` nothing outside the staging directory has changed; over other data it needs room for the whole disk once more.
/// Every call blocks, as long as a whole tree takes.
struct StagedRestore: Sendable {
    static let name = TarSelection.stagingName

    let target: OpenDirectory
    /// Other disks' places below the target.
    var kept: [String] = []
    /// What the dumps do not hold goes.
    var deletes = false
    /// Of the directory; nil: all of it, and what is put together holds everything that is in it.
    var part: DirectoryPart?

    /// An empty directory to unpack into, for root alone; what a restore that was killed left there goes.
    func prepare() throws -> OpenDirectory {
        try discard()
        return try target.beneath(Self.name, making: true, mode: 0o700)
    }

    /// - Returns: what the report says of what was left out.
    /// - Throws: before anything has changed, where something could not be laid over.
    func install(_ staging: OpenDirectory) throws -> [String] {
        var overlay = TreeOverlay(staging, onto: target, kept: kept, deletes: deletes)
        if let part {
            overlay.mayRemove = { part.mayRemove($0) }
            overlay.bare = part.bare
        }
        try overlay.check()
        return try overlay.apply(removing: Self.name).map { left in
            "'./\(left.path)'" + (left.linkTarget.map { ", a link to '\($0)'," } ?? "")
                + " was left out: the directory there is another disk's"
        }
    }

    func discard() throws {
        try target.removeTree(Self.name)
    }
}
