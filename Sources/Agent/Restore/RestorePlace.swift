// SPDX-License-Identifier: Apache-2.0

import Files

/// Where a disk is unpacked.
enum RestorePlace: Sendable, Equatable {
    /// Into the target itself; whether a full dump removes there what it does not know.
    case straight(deletes: Bool)
    /// Beside Amanda's directory, of which only a part comes back.
    case beside(SelfBackupPlace)
    /// Into an empty directory inside the target, from which it then moves over what is there.
    case inside(StagedRestore)
}

extension RestoreStep {
    /// `0, 1 and 2`
    var levels: String {
        let numbers = disk.dumps.map { "\($0.level)" }
        return numbers.count < 2
            ? numbers.joined() : numbers.dropLast().joined(separator: ", ") + " and \(numbers.last ?? "")"
    }

    /// An increment removes what it does not list, and renames: it fits only onto the very state that it was made from.
    /// Where the target holds anything else that is to stay, the levels are put together elsewhere.
    func place(deletes: Bool) throws -> RestorePlace {
        if case .amandaDirectory(let place) = target { return .beside(place) }
        let hasIncrement = disk.dumps.contains { $0.level > 0 }
        guard hasIncrement, !deletes, FileSystem.exists(target.path),
            try !FileSystem.isEmptyDirectory(target.path)
        else { return .straight(deletes: deletes) }
        return .inside(StagedRestore(target: target.path))
    }
}

/// Levels that are put together inside the target and then laid over it, as one full dump of that day would have been: what
/// they hold replaces what is there, anything else stays.
///
/// Until `install` nothing outside the staging directory has changed. It needs room for the whole disk once more.
struct StagedRestore: Sendable, Equatable {
    let target: String

    var path: String { "\(target == "/" ? "" : target)/.amfleet-restore" }

    /// What a restore that was killed left there goes. Like all here it blocks, as long as a whole tree takes.
    func prepare() throws {
        try discard()
        try FileSystem.makeDirectories(path, mode: 0o700)
    }

    func install() throws {
        try FileSystem.overlay(path, onto: target)
    }

    func discard() throws {
        if FileSystem.exists(path) { try FileSystem.removeTree(path) }
    }
}
