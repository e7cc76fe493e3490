// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import LogOutput
import S3

/// What a restore in place of a run would refuse, whatever its targets hold: asked by `status` and `show` of the very rules that the
/// restore itself follows. Writes nothing.
extension RestorePlanning {
    private static let headerWidth = 4

    /// - Parameter readsHeaders: whether the header of every dump is read too, at every level: it names programs.
    /// - Throws: what the restore would.
    func judge(readsHeaders: Bool) async throws {
        var alone = self
        alone.isEachAlone = true
        let (disks, missing, record) = try await alone.disks()
        let faults = missing.compactMap(\.error)
        guard faults.isEmpty else { throw WireErrors.joined(faults) }
        guard readsHeaders else { return }
        let dumps = disks.flatMap { placed in placed.disk.dumps.map { (placed: placed, dump: $0) } }
        let used = try await onEvery(dumps, width: Self.headerWidth) { placed, dump in
            try await judge(dump, of: placed)
        }
        // Where the run could seal nothing an older version may hold what it needs.
        let isOlder = record?.secrets?.files.isEmpty == true
        try await requireKeys(
            Dictionary(used.joined()) { first, _ in first }, coming: disks.map(\.target.path),
            sealed: isOlder ? nil : Set((record?.secrets?.files ?? []).map(\.path)))
    }

    /// Keys that are neither here nor sealed: without them nothing comes back, wherever it goes.
    ///
    /// - Parameters:
    ///   - used: who runs which program.
    ///   - sealed: what the run has sealed; nil: nobody knows.
    private func requireKeys(
        _ used: [String: UserAccount], coming: [String], sealed: Set<String>?
    ) async throws {
        guard !used.isEmpty else { return }
        let fault = try await runBlocking("keys") { [node] in
            used.sorted { $0.key < $1.key }.lazy.compactMap { program, user in
                KeyLook(
                    KeyDemand(program: program, user: user, besides: sealed), program: program, kept: [],
                    coming: coming, sealed: sealed
                ).fault(node: node, isSent: true)
            }.first
        }
        guard var fault else { return }
        fault.kind = .configuration
        throw fault
    }

    /// - Returns: what decrypts it, but for programs whose keys are said to be kept elsewhere.
    private func judge(_ dump: RestorableDump, of placed: PlacedDisk) async throws -> [(String, UserAccount)]
    {
        guard dump.held == nil, let first = dump.record.parts.first,
            let volume = dump.record.volumes.first(where: { $0.label == first.label }),
            let number = first.file
        else { return [] }
        let access = VolumeAccess(clients, of: placed.disk.configuration.name)
        let part = RestorePlan.Part(volume: try await access.reader(of: volume), fileNumber: number)
        do {
            let plan = try await headerPlan(dump, [part], of: placed.disk, placed.target)
            guard let user = plan.filterUser else { return [] }
            return plan.encryptionPrograms.filter { !isKeptElsewhere($0, placed.disk) }
                .map { ($0, user) }
        } catch S3Error.archived where thawsFromGlacier(placed.disk) {
            // A header that lies in the archive is read once it is thawed.
            return []
        }
    }

    private func isKeptElsewhere(_ program: String, _ disk: RestorableDisk) -> Bool {
        let loaded = try? configurations.named(disk.configuration.name)?.loaded.get()
        return (loaded?.disklist.entries ?? []).contains { entry in
            entry.dumptype.encryptionProgram == program
                && SecretProperty(entry.dumptype)?.isElsewhere == true
        }
    }

    private func thawsFromGlacier(_ disk: RestorableDisk) -> Bool {
        disk.readsFromGlacier || clients.changer(of: disk.configuration.name)?.readsFromGlacier == true
    }
}
