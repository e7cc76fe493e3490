// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Files

/// What the disks of the self-backup would bring back, and what they would give away.
struct SelfBackupCoverage: Sendable {
    /// Directories that the self-backup dumps.
    let directories: [String]

    /// Catalog and key files of a configuration that no disk of the self-backup holds: after the loss of the machine
    /// they would be gone.
    func outside(_ loaded: LoadedConfiguration, _ changer: ChangerDefinition?) -> [String] {
        let location = loaded.location
        var paths = [
            location.directory, location.infoDirectory, location.logDirectory, location.indexDirectory,
            FileSystem.parentDirectory(of: location.tapelist),
        ]
        if let state = location.changerStateFile { paths.append(FileSystem.parentDirectory(of: state)) }
        if let authority = changer?.authorityFile { paths.append(authority) }
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted && !covers($0) }
    }

    /// Keys that stand in clear in an `amanda.conf` that the self-backup holds: whoever may read the bucket has them.
    func readableSecrets(_ loaded: LoadedConfiguration, _ changer: ChangerDefinition?) -> [String] {
        guard covers(loaded.location.directory), let changer else { return [] }
        var names: [String] = []
        if changer.secretKey != nil { names.append("S3_SECRET_KEY") }
        if changer.sessionToken != nil { names.append("S3_SESSION_TOKEN") }
        return names.map { "\($0) of changer '\(changer.name)' (\(changer.place))" }
    }

    func covers(_ path: String) -> Bool {
        directories.contains { directory in
            let top = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
            return path == top || path.hasPrefix("\(top)/")
        }
    }
}
