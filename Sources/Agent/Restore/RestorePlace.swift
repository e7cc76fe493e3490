// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Dump
import Files

/// Where a disk is unpacked.
enum RestorePlace: Sendable, Equatable {
    /// Into the target itself; whether a full dump removes there what it does not know.
    case straight(deletes: Bool)
    /// Beside Amanda's directory, of which only a part comes back.
    case beside(SelfBackupPlace)
    /// Into an empty directory inside the target, from which it then moves over what is there; other disks' places stay.
    case inside(kept: [String], deletes: Bool)
}

extension RestoreStep {
    /// `0, 1 and 2`
    var levels: String {
        let numbers = disk.dumps.map { "\($0.level)" }
        return numbers.count < 2
            ? numbers.joined() : numbers.dropLast().joined(separator: ", ") + " and \(numbers.last ?? "")"
    }

    /// The self-backup in place, which brings this node's configurations.
    var isAmandas: Bool {
        if case .amandaDirectory = target { return true }
        return false
    }

    /// An increment removes what it does not list, and renames: it fits only onto the very state that it was made from.
    /// Where the target holds anything else that is to stay, the levels are put together elsewhere; so they are where it is
    /// empty, which costs nothing, and leaves nothing half done.
    ///
    /// - Parameters:
    ///   - isEmpty: whether the target holds nothing, or only the places of other disks of this restore.
    ///   - kept: those places.
    ///   - isBare: whether it holds no data, but file systems of its own, to which nothing could be moved.
    func place(deletes: Bool, isEmpty: Bool, kept: [String], isBare: Bool) -> RestorePlace {
        if case .amandaDirectory(let place) = target { return .beside(place) }
        if !kept.isEmpty { return .inside(kept: kept, deletes: deletes) }
        let hasIncrement = disk.dumps.contains { $0.level > 0 }
        guard !deletes, !isBare, isEmpty || hasIncrement else { return .straight(deletes: deletes) }
        return .inside(kept: [], deletes: false)
    }
}

extension RestoreStep {
    /// Refuses, before anything is unpacked, what could not be laid over the target afterwards: file systems that are mounted in it,
    /// where the archive may hold what lies on them. Blocks.
    func requireOneFileSystem(_ place: RestorePlace, isEmpty: Bool, node: String) throws {
        guard case .inside(let kept, _) = place, !isEmpty || !kept.isEmpty,
            plans.contains(where: { !$0.tar.staysOnOneFileSystem }), FileSystem.isDirectory(target.path)
        else { return }
        let top = try OpenDirectory(target.path).resolvedPath
        let others = try MountTable.current().inside(top).map(\.path).filter { point in
            let inside = RestoreTarget.inside(point, of: top) ?? ""
            return !kept.contains { inside == $0 || inside.path(below: $0) != nil }
        }
        guard let point = others.first else { return }
        throw WireError(
            .failed, node: node,
            "'\(point)' is a file system of its own inside '\(target.path)', and the dump may hold what lies on it: what is put "
                + "together beside the data could not be moved there",
            hint: "unmount it, restore with '--delete', or to another place with '--to DIR'.")
    }
}

extension RestoreTarget {
    /// Whether there is nothing, or only a directory that holds nothing but what a restore left there, or but the places of
    /// other disks of the same one. Blocks.
    func isFree(besides kept: [String]) throws -> Bool {
        guard try FileSystem.status(path) != nil else { return true }
        return try OpenDirectory(path).isFree(besides: kept)
    }
}

extension OpenDirectory {
    /// Whether file systems are mounted inside, and all of it holds no data. Blocks.
    func isBare() throws -> Bool {
        let path = resolvedPath
        guard try !MountTable.current().inside(path).isEmpty else { return false }
        var fresh = FreshDirectory()
        return try fresh.data(in: path) == nil
    }

    /// The same of an open directory.
    func isFree(besides kept: [String]) throws(FilesError) -> Bool {
        try holdsOnly(kept, or: [StagedRestore.name, "lost+found"])
    }
}
