// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Digest
import Dump
import Files

/// A path of a self-backup as it is now: where it leads, and what lies there.
struct BootstrapLook: Sendable {
    let trail: PathTrail
    /// SHA-256 of a file; nil: it is none, cannot be read, or is longer than the archive's are digested.
    let digest: [UInt8]?
    /// Of `amanda-security.conf`: it lets nothing run that would not run without it.
    let isHarmless: Bool

    /// Blocks for as long as the file system does.
    private init(_ path: String) {
        trail = PathTrail(path)
        // A pipe would keep its reader for ever.
        let bytes =
            trail.status?.kind == .regular
            ? try? FileSystem.readAll(trail.real, limit: ArchiveWitness.digestLimit) : nil
        digest = bytes.map { SHA256.digest($0) }
        // Nothing else is read as one: character by character, whatever its length.
        isHarmless =
            path.hasSuffix("/\(SecurityFile.fileName)")
            && bytes.map { SecurityFile.isHarmless(String(decoding: $0, as: UTF8.self)) } ?? false
    }

    /// Of those that answer in time. Blocks, within a bound.
    static func all(_ paths: [String], limit: Duration = DiskLook.limit) -> [String: BootstrapLook] {
        PatientLook.all(paths, what: "bootstrap-look", limit: limit) { BootstrapLook($0) }
    }

    /// As an answer tells it; nil: it is no file.
    func file(_ path: String) -> SelfBackupFile? {
        guard let status = trail.status, status.kind == .regular else { return nil }
        return SelfBackupFile(
            path: path, byteCount: status.byteCount, sha256: digest.map { $0.hexadecimal })
    }
}

extension [CheckedConfiguration] {
    /// The settings of each that must be in the self-backup, as they are now: no catalog is read for it. Blocks, within a bound.
    func selfBackupFiles(_ settings: AgentSettings) -> [String: [SelfBackupFile]] {
        let coverage = SelfBackupCoverage(directories: selfBackupDirectories)
        var needs: [String: [BootstrapFile]] = [:]
        for configuration in self {
            needs[configuration.choice.name] = BootstrapNeeds([configuration], settings).files
                .filter { $0.kind == .settings && ($0.duty != .whereReached || coverage.covers($0.path)) }
        }
        let looks = BootstrapLook.all(needs.values.flatMap { $0.map(\.path) })
        return needs.mapValues { files in
            files.prefix(SelfBackupRecord.fileLimit).compactMap { file in
                guard let look = looks[file.path],
                    file.duty != .unlessHarmless || !look.isHarmless || coverage.covers(file.path)
                else { return nil }
                return look.file(file.path)
            }
        }
    }

    private var selfBackupDirectories: [String] {
        filter { $0.choice.role == .selfBackup }.compactMap { try? $0.loaded.get() }
            .flatMap(\.disklist.activeEntries).map(\.directory)
    }
}
