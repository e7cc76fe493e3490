// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
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
        let (disks, missing) = try await alone.disks()
        let faults = missing.compactMap(\.error)
        guard faults.isEmpty else { throw WireErrors.joined(faults) }
        guard readsHeaders else { return }
        let dumps = disks.flatMap { placed in placed.disk.dumps.map { (placed: placed, dump: $0) } }
        _ = try await onEvery(dumps, width: Self.headerWidth) { placed, dump in
            try await judge(dump, of: placed)
        }
    }

    private func judge(_ dump: RestorableDump, of placed: PlacedDisk) async throws {
        guard dump.held == nil, let first = dump.record.parts.first,
            let volume = dump.record.volumes.first(where: { $0.label == first.label }),
            let number = first.file
        else { return }
        let access = VolumeAccess(clients, of: placed.disk.configuration.name)
        let part = RestorePlan.Part(volume: try await access.reader(of: volume), fileNumber: number)
        do {
            _ = try await headerPlan(dump, [part], of: placed.disk, placed.target)
        } catch S3Error.archived where thawsFromGlacier(placed.disk) {
            // A header that lies in the archive is read once it is thawed.
        }
    }

    private func thawsFromGlacier(_ disk: RestorableDisk) -> Bool {
        disk.readsFromGlacier || clients.changer(of: disk.configuration.name)?.readsFromGlacier == true
    }
}
