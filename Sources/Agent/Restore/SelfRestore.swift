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
    /// Whether the dump's `amanda-security.conf` is installed whatever it lets run as root.
    let acceptsSecurityFile: Bool

    /// Blocks: it asks where the directory really lies.
    init(_ place: SelfBackupPlace, acceptsSecurityFile: Bool = false) {
        self.place = place
        self.acceptsSecurityFile = acceptsSecurityFile
        staging = Self.staging(beside: place.amandaDirectory)
    }

    /// One of a restore that was killed lies there too.
    ///
    /// Where the directory itself leads through a link that is there, or is a file system of its own, it lies on that one.
    static func staging(beside amandaDirectory: String) -> String {
        let directory = FileSystem.realPath(amandaDirectory)
        let place = isMounted(directory) ? directory : FileSystem.parentDirectory(of: directory)
        return "\(place == "/" ? "" : place)/\(StagedRestore.name)"
    }

    private static func isMounted(_ path: String) -> Bool {
        (try? MountTable.current().isMountPoint(path)) ?? false
    }

    /// An empty staging directory; what an interrupted restore left there is removed.
    func prepare() throws {
        try discard()
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: staging), mode: 0o755)
        try FileSystem.makeDirectories(staging, mode: 0o700)
    }

    func discard() throws {
        try FileSystem.removeTree(staging)
    }

    /// - Returns: remarks for the report.
    /// - Throws: `WireError` of kind `damaged` where the dump has no such directory: nothing came back then.
    func install() throws -> [String] {
        let source = try source()
        try source.removeTree(SelfBackupPlace.clientConfiguration)
        let notes = try installSecurityConfiguration()
        try move(source, to: place.amandaDirectory)
        return notes
    }

    /// Through no link that the dump brought.
    private func source() throws -> OpenDirectory {
        if let source = try OpenDirectory(staging).existing(place.inside) { return source }
        throw WireError(
            .damaged, "the self-backup holds no directory '\(place.inside)': nothing was installed",
            hint: "restore it with '--to DIR' and look what it holds.")
    }

    /// It decides what root runs, and it comes out of a bucket: without a word from the operator it comes back only where the
    /// machine has none, and where it allows nothing that is not allowed without it.
    private func installSecurityConfiguration() throws -> [String] {
        guard let inside = place.securityInside,
            let found = try FileSystem.status("\(staging)/\(inside)")
        else { return [] }
        let (source, target) = ("\(staging)/\(inside)", place.securityConfigurationPath)
        guard found.kind == .regular, found.byteCount <= Self.securityByteCountLimit else {
            return ["the self-backup's '\(target)' is no file that could be one: it is left out"]
        }
        let text = try Self.text(source)
        let own = try FileSystem.status(target) == nil ? nil : Self.text(target)
        if own == text { return [] }
        let isTaken = own.map(SecurityFile.isSilent) ?? true && SecurityFile.isHarmless(text)
        guard isTaken || acceptsSecurityFile else {
            let what =
                own == nil
                ? "lets more run as root than /bin/tar and /usr/bin/tar"
                : "differs from the one that is there, which stays"
            return [
                "the self-backup's '\(target)' \(what): it is left out; look at it with '--to DIR', and restore it with "
                    + "'--accept-security-file'"
            ]
        }
        // Beside a file system of Amanda's own, the staging directory lies on another one.
        if FileSystem.parentDirectory(of: staging) == FileSystem.realPath(place.amandaDirectory) {
            try FileSystem.writeAtomically(target, FileSystem.readAll(source), mode: found.mode)
            try FileSystem.setOwner(target, found.owner)
        } else {
            try FileSystem.rename(source, to: target)
        }
        return ["'\(target)' came back too"]
    }

    private static let securityByteCountLimit: Int64 = 1 << 20

    private static func text(_ path: String) throws -> String {
        String(decoding: try FileSystem.readAll(path, limit: Int(securityByteCountLimit)), as: UTF8.self)
    }

    /// A target that is absent or empty is replaced whole, which keeps every owner, mode and time.
    private func move(_ source: OpenDirectory, to target: String) throws {
        let isLink = try FileSystem.status(target)?.kind == .symbolicLink
        if !place.inside.isEmpty, !isLink, !Self.isMounted(target),
            try !FileSystem.isPresent(target) || FileSystem.isEmptyDirectory(target)
        {
            try FileSystem.rename(source.path, to: target)
        } else {
            try source.merge(into: OpenDirectory(making: target))
        }
    }
}
