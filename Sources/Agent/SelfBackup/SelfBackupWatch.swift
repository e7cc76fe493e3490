// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import Synchronization

/// Watches a self-backup while it is dumped, and says afterwards what it holds of what a bootstrap needs.
///
/// Settings are read before and after, and tar must have read one of the two. Of a catalog each file must be in an archive with its
/// length, but for those that changed after tar had begun with the disk: that is what the self-backup's own run writes (its log, its
/// curinfo and index, the changer's state), and what may write beside it. By the kernel's own time of change, which nobody can set.
final class SelfBackupWatch: Sendable {
    private struct Seen {
        let witness: ArchiveWitness
        let startedAt: Int64
    }

    private let needs: BootstrapNeeds
    private let amandaDirectory: String
    private let disks: SelfBackupDisks
    private let before: [String: BootstrapLook]
    /// Programs that encrypt it, whose keys nobody says are kept elsewhere.
    private let programs: [DiskName: String]
    private let seen = Mutex<[DiskName: Seen]>([:])

    /// - Returns: nil: there is no self-backup among the configurations, or it cannot be read.
    static func begin(
        _ configurations: [CheckedConfiguration], _ settings: AgentSettings
    ) async throws -> SelfBackupWatch? {
        let own = configurations.first { $0.choice.role == .selfBackup }
        guard let entries = try? own?.loaded.get().disklist.activeEntries else { return nil }
        return try await runBlocking("self-backup") {
            SelfBackupWatch(BootstrapNeeds(configurations, settings), entries, settings.amandaDirectory)
        }
    }

    private init(_ needs: BootstrapNeeds, _ entries: [DisklistEntry], _ amandaDirectory: String) {
        self.needs = needs
        self.amandaDirectory = RestoreTarget.trimmed(amandaDirectory)
        disks = SelfBackupDisks(entries)
        let encrypted = entries.compactMap { entry in
            SecretProperty(entry.dumptype)?.isElsewhere == true
                ? nil : entry.dumptype.encryptionProgram.map { (entry.name, $0) }
        }
        programs = Dictionary(encrypted) { first, _ in first }
        before = BootstrapLook.all(
            needs.files.map(\.path) + needs.trees.map(\.path) + [self.amandaDirectory],
            limit: DiskLook.patientLimit)
    }

    /// For the archive of a disk that is about to be made; one that was made before does not count any more.
    func witness(of name: DiskName) -> ArchiveWitness? {
        guard let disk = disks.all.first(where: { $0.name == name }) else { return nil }
        let witness = ArchiveWitness(disks.interest(of: disk, needs, before))
        seen.withLock { $0[name] = Seen(witness: witness, startedAt: FileStatus.now) }
        return witness
    }

    /// The record with what its dumps hold; a dump that lacks anything is suspect.
    ///
    /// - Parameters:
    ///   - earlier: of an attempt whose dumps stay: it has looked at them.
    ///   - isSealed: what decrypts it is, or what is missing of that is told elsewhere.
    /// - Throws: `CancellationError`.
    func judged(
        _ record: ConfigurationRecord, of run: RunName, after earlier: ConfigurationRecord?, isSealed: Bool
    ) async throws -> ConfigurationRecord {
        guard record.error == nil, record.dumps.contains(where: \.isMade),
            record.dumps.allSatisfy({ $0.isMade || $0.status == .skipped })
        else { return record }
        var archives: [DiskName: SelfBackupJudgement.Archive] = [:]
        for dump in record.dumps where dump.isMade {
            let name = DiskName(host: dump.host, disk: dump.disk)
            archives[name] =
                seen.withLock { $0[name] }.map {
                    .seen($0.witness.findings, startedAt: $0.startedAt)
                } ?? earlier?.selfBackup.map { .stays($0) }
        }
        var judgement = SelfBackupJudgement(
            disks: disks, archives: archives, before: before, amandaDirectory: amandaDirectory)
        try await judgement.judge(needs)
        var record = record
        record.selfBackup = judgement.record
        let gaps = judgement.gaps + (isSealed ? [] : unsealed(record))
        guard !gaps.isEmpty else { return record }
        let place = disks.all.first { MountTable.isWithin(amandaDirectory, $0.directory) }
        let index =
            record.dumps.firstIndex { dump in
                dump.isMade && dump.host == place?.name.host && dump.disk == place?.name.disk
            } ?? record.dumps.firstIndex(where: \.isMade)
        guard let index else { return record }
        let dump = record.dumps[index]
        record.dumps[index].suspect = SuspectRecord(
            lacking: gaps, besides: dump.suspect, now: dump.measure(of: run))
        return record
    }

    private func unsealed(_ record: ConfigurationRecord) -> [SelfBackupGap] {
        let found = record.dumps.filter(\.isMade).compactMap {
            programs[DiskName(host: $0.host, disk: $0.disk)]
        }
        return found.first.map { [SelfBackupGap(path: amandaDirectory, reason: .unsealed, detail: $0)] } ?? []
    }
}
