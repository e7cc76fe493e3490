// SPDX-License-Identifier: Apache-2.0

import Files

/// Moves Amanda's part of an unpacked self-backup to where it belongs.
///
/// The dump is unpacked into a directory beside the target first, so that a crash leaves either nothing of it in
/// place or whole files: each is renamed, never written twice. Doing it again finishes what was begun.
struct SelfRestore: Sendable {
    let place: SelfBackupPlace
    /// Where the dump is unpacked: on the target's file system, for root alone.
    let staging: String

    init(_ place: SelfBackupPlace) {
        self.place = place
        let parent = FileSystem.parentDirectory(of: place.amandaDirectory)
        staging = "\(parent == "/" ? "" : parent)/.amfleet-restore"
    }

    /// An empty staging directory; what an interrupted restore left there is removed.
    func prepare() throws {
        try discard()
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: staging), mode: 0o755)
        try FileSystem.makeDirectories(staging, mode: 0o700)
    }

    func discard() throws {
        if FileSystem.exists(staging) { try FileSystem.removeTree(staging) }
    }

    /// - Returns: remarks for the report.
    func install() throws -> [String] {
        let source = place.inside.isEmpty ? staging : "\(staging)/\(place.inside)"
        guard FileSystem.isDirectory(source) else {
            return ["the self-backup holds no '\(place.inside)': nothing was installed"]
        }
        try remove("\(source)/\(SelfBackupPlace.clientConfiguration)")
        let notes = try installSecurityConfiguration()
        if place.inside.isEmpty {
            try merge(source, into: place.amandaDirectory)
        } else {
            try move(source, to: place.amandaDirectory)
        }
        return notes
    }

    private func remove(_ path: String) throws {
        if FileSystem.exists(path) { try FileSystem.remove(path) }
    }

    private func installSecurityConfiguration() throws -> [String] {
        guard let inside = place.securityInside, FileSystem.exists("\(staging)/\(inside)") else { return [] }
        try FileSystem.rename("\(staging)/\(inside)", to: place.securityConfigurationPath)
        return ["'\(place.securityConfigurationPath)' came back too"]
    }

    /// A target that is absent or empty is replaced whole, which keeps every owner, mode and time.
    private func move(_ source: String, to target: String) throws {
        let isFree = try !FileSystem.exists(target) || FileSystem.list(target).isEmpty
        if isFree {
            try FileSystem.rename(source, to: target)
        } else {
            try merge(source, into: target)
        }
    }

    /// Files replace files of their names; what else lies there stays.
    private func merge(_ source: String, into target: String) throws {
        guard let status = try FileSystem.status(source) else { return }
        try FileSystem.makeDirectories(target, mode: status.mode & 0o7777, owner: status.owner)
        for name in try FileSystem.list(source) {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            let existing = try FileSystem.status(to)
            if try FileSystem.status(from)?.kind == .directory, existing?.kind == .directory {
                try merge(from, into: to)
            } else {
                if existing?.kind == .directory { try FileSystem.removeTree(to) }
                try FileSystem.rename(from, to: to)
            }
        }
    }
}
