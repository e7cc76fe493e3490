// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc

/// `cluster.json` on disk: where it was found, what it says, and what its relative paths mean.
public struct ClusterFile: Sendable {
    /// Where it is looked for when nobody says, in this order.
    public static let defaultPaths = ["./cluster.json", "/etc/amfleet/cluster.json"]

    public let path: String
    public var settings: ClusterSettings

    public init(path: String, settings: ClusterSettings) {
        self.path = path
        self.settings = settings
    }

    /// - Parameter path: what `--cluster` says; nil: the default places.
    /// - Throws: `CoordinatorError.clusterFileMissing`, `FilesError`, `SettingsError`.
    public static func load(_ path: String?, defaults: [String] = defaultPaths) throws -> ClusterFile {
        let candidates = path.map { [$0] } ?? defaults
        guard let found = try first(of: candidates) else {
            throw CoordinatorError.clusterFileMissing(looked: candidates)
        }
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.readGiven(found, limit: 4 << 20)
        } catch {
            throw CoordinatorError.unreadable(path: found, reason: FaultText(of: error))
        }
        return ClusterFile(path: found, settings: try ClusterSettings(parsing: bytes, file: found))
    }

    /// A directory that this user may not enter, such as root's after `sudo -u`, has nothing for him: the next place is asked.
    private static func first(of candidates: [String]) throws(FilesError) -> String? {
        for (number, candidate) in candidates.enumerated() {
            do throws(FilesError) {
                if try FileSystem.isPresent(candidate) { return candidate }
            } catch {
                guard error.errorNumber == EACCES, number + 1 < candidates.count else { throw error }
            }
        }
        return nil
    }

    /// Writes it anew, in canonical order, as a whole or not at all; a link stays one, and a file keeps its mode.
    ///
    /// Whoever changes what somebody else may change too does so in `changing`.
    public func save() throws {
        let real = FileSystem.realPath(path)
        let mode = try FileSystem.status(real)?.mode
        try FileSystem.writeAtomically(real, Array(settings.text.utf8), mode: mode ?? 0o644)
    }

    /// Where the file lies.
    public var directory: String { FileSystem.parentDirectory(of: path) }

    /// A path of the settings: relative ones are relative to the file.
    public func resolve(_ setting: String) -> String {
        setting.hasPrefix("/") ? setting : directory == "." ? setting : "\(directory)/\(setting)"
    }
}

extension ClusterFile {
    /// Of the files with keys and credentials that it names, those that every user of this machine may read. Blocks.
    var exposedFiles: [String] {
        let (tls, storage) = (settings.tls, settings.storage)
        return [tls.privateKey, tls.authorityKey, storage.credentialsFile].compactMap(\.self).map(resolve)
            .filter(FileSystem.isOpenToOthers)
    }
}
