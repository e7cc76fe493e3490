// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files

/// Moves Amanda's part of an unpacked self-backup to where it belongs.
///
/// The dump is unpacked into a directory beside the target first, so that a crash leaves either nothing of it in
/// place or whole files: each is renamed, never written twice. Doing it again finishes what was begun. Every call blocks.
struct SelfRestore: Sendable {
    let place: SelfBackupPlace
    /// Where the dump is unpacked: on the target's file system, for root alone.
    let staging: String

    init(_ place: SelfBackupPlace) {
        self.place = place
        staging = Self.staging(beside: place.amandaDirectory)
    }

    /// One of a restore that was killed lies there too.
    static func staging(beside amandaDirectory: String) -> String {
        let parent = FileSystem.parentDirectory(of: amandaDirectory)
        return "\(parent == "/" ? "" : parent)/.amfleet-restore"
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
    /// - Throws: `WireError` of kind `damaged` where the dump has no such directory: nothing came back then.
    func install() throws -> [String] {
        let source = place.inside.isEmpty ? staging : "\(staging)/\(place.inside)"
        guard try FileSystem.status(source)?.kind == .directory else {
            throw WireError(
                .damaged, "the self-backup holds no directory '\(place.inside)': nothing was installed",
                hint: "restore it with '--to DIR' and look what it holds.")
        }
        try FileSystem.remove("\(source)/\(SelfBackupPlace.clientConfiguration)")
        let notes = try installSecurityConfiguration()
        if place.inside.isEmpty {
            try FileSystem.merge(source, into: place.amandaDirectory)
        } else {
            try move(source, to: place.amandaDirectory)
        }
        return notes
    }

    private func installSecurityConfiguration() throws -> [String] {
        guard let inside = place.securityInside, FileSystem.exists("\(staging)/\(inside)") else { return [] }
        try FileSystem.rename("\(staging)/\(inside)", to: place.securityConfigurationPath)
        return ["'\(place.securityConfigurationPath)' came back too"]
    }

    /// A target that is absent or empty is replaced whole, which keeps every owner, mode and time.
    private func move(_ source: String, to target: String) throws {
        if try !FileSystem.exists(target) || FileSystem.isEmptyDirectory(target) {
            try FileSystem.rename(source, to: target)
        } else {
            try FileSystem.merge(source, into: target)
        }
    }
}
