// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files

/// What the disks of the self-backup would bring back, and what they would give away.
struct SelfBackupCoverage: Sendable {
    /// Directories that the self-backup dumps.
    let directories: [String]
    /// What is mounted inside and left out, links followed.
    let holes: [HoleRecord]
    /// Whether anybody knows: not where the self-backup itself cannot be read, which is told of it.
    private let isKnown: Bool

    init(directories: [String], holes: [HoleRecord] = []) {
        self.directories = directories
        self.holes = holes
        isKnown = true
    }

    /// - Parameter configurations: all of the node's, the self-backup among them. Blocks, within a bound.
    init(_ configurations: [CheckedConfiguration]) {
        let own = configurations.filter { $0.choice.role == .selfBackup }
        let loaded = own.compactMap { try? $0.loaded.get() }
        isKnown = loaded.count == own.count
        directories = loaded.flatMap(\.disklist.activeEntries).map(\.directory)
        holes = own.flatMap { configuration in
            let holes = configuration.holes
            let entries = (try? configuration.loaded.get().disklist.activeEntries) ?? []
            return entries.flatMap { holes.holes(of: $0) ?? [] }
        }
    }

    /// Holes over a configuration's own files: what lies there is in no archive, though its directory seems to be.
    func holes(over loaded: LoadedConfiguration, _ changer: ChangerDefinition?) -> [HoleRecord] {
        guard !holes.isEmpty else { return [] }
        let paths = paths(of: loaded, changer)
        let resolved = PatientLook.all(paths, what: "catalog-look", limit: DiskLook.limit) { path in
            (try? FileSystem.resolved(path)) ?? path
        }
        let real = paths.map { resolved[$0] ?? $0 }
        return holes.filter { hole in
            real.contains { MountTable.isWithin($0, hole.path) || MountTable.isWithin(hole.path, $0) }
        }
    }

    /// The same of all configurations, in words, for a backup's record. Blocks, within a bound.
    static func gaps(_ configurations: [CheckedConfiguration]) -> [String] {
        let coverage = SelfBackupCoverage(configurations)
        let holes = configurations.flatMap { configuration in
            (try? configuration.loaded.get()).map { coverage.holes(over: $0, configuration.changer) } ?? []
        }
        return Set(holes).map(\.selfBackupText).sorted()
    }

    /// Catalog and key files of a configuration that no disk of the self-backup holds: after the loss of the machine
    /// they would be gone.
    func outside(_ loaded: LoadedConfiguration, _ changer: ChangerDefinition?) -> [String] {
        isKnown ? paths(of: loaded, changer).filter { !covers($0) } : []
    }

    /// What the self-backup is there for, each once.
    private func paths(of loaded: LoadedConfiguration, _ changer: ChangerDefinition?) -> [String] {
        let location = loaded.location
        var paths = [
            location.directory, location.infoDirectory, location.logDirectory, location.indexDirectory,
            FileSystem.parentDirectory(of: location.tapelist),
        ]
        if let state = location.savedChangerStateFile { paths.append(FileSystem.parentDirectory(of: state)) }
        if let authority = changer?.authorityFile { paths.append(authority) }
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
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
        directories.contains { path == $0 || "\(path)/" == $0 || path.path(below: $0) != nil }
    }
}
