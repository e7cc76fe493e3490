// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files

/// One disk of a restore: its levels unpacked one onto the other, where they belong.
struct DiskRestore: Sendable {
    let step: RestoreStep
    let order: RestoreOrder
    /// Of the whole restore.
    let ground: RestoreGround
    /// As this node has them by now.
    let configurations: [CheckedConfiguration]
    let totals: RestoreTotals
    /// That came with the restore; nil: none did.
    var keys: DumpKeys?

    /// Where it throws, the report says what was done so far.
    func run(_ disk: inout RestoreReport.Disk) async throws {
        switch try await onTarget("restore-place", { try place() }) {
        case .beside(let place): try await install(place, &disk)
        case .straight(let deletes): try await unpack(straight: deletes, &disk)
        case .inside(let kept, let deletes):
            try await lay(staged(kept: kept, deletes: deletes), &disk)
        }
    }

    /// The second time, what the first has left goes where nothing else is there that has to stay.
    private func unpack(straight deletes: Bool, _ disk: inout RestoreReport.Disk) async throws {
        let directory = try target()
        let isBare = try await onTarget("restore-place") { try directory.isBare() }
        let again = LevelRestores.Place(directory: directory, deletes: deletes || isBare)
        let (place, isSecondTime) = try await LevelRestores(disk: self) { again }
            .run(in: .init(directory: directory, deletes: deletes), &disk)
        if isSecondTime, !place.deletes {
            disk.notes.append(
                "what the first time has left in '\(directory.path)' and the dump does not hold stays there")
        }
        try await onTarget("deleted-names") {
            try step.deletedNames.remove(in: target(), isShared: true)
        }
    }

    private func staged(kept: [String], deletes: Bool) throws -> StagedRestore {
        StagedRestore(
            target: try target(), kept: kept, deletes: deletes, part: step.part)
    }

    private func lay(_ staged: StagedRestore, _ disk: inout RestoreReport.Disk) async throws {
        let staging = try await onTarget("staged-restore") { try staged.prepare() }
        try await withCleanUp({ try? await onTarget("staged-restore") { try staged.discard() } }) {
            let (place, _) = try await LevelRestores(disk: self) {
                .init(
                    directory: try await onTarget("staged-restore") { try staged.prepare() },
                    deletes: false)
            }.run(in: .init(directory: staging, deletes: false), &disk)
            disk.notes += try await onTarget("staged-restore") {
                let staging = place.directory
                try step.deletedNames.remove(in: staging, isShared: false)
                return try staged.install(staging)
            }
        }
    }

    /// As long as the target answers: trees are moved and removed there.
    private func onTarget<Value: Sendable>(
        _ name: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await runBlocking(
            name, asking: [step.target.path], .ofTree, work)
    }

    private func place() throws -> RestorePlace {
        let kept = ground.kept(in: step.target)
        let isEmpty = try ground.directories[step.target]?.isFree(besides: kept) ?? false
        let isBare = try ground.directories[step.target]?.isBare() ?? false
        return step.place(deletes: order.delete, isEmpty: isEmpty, kept: kept, isBare: isBare)
    }

    private func target() throws -> OpenDirectory {
        guard let directory = ground.directories[step.target] else {
            guard Hangs.at(step.target.path) == nil else {
                throw HangFault(step.target.path, within: DiskLook.patientLimit)
            }
            throw WireError(.failed, "'\(step.target.path)' was not opened")
        }
        return directory
    }

    private func install(_ place: SelfBackupPlace, _ disk: inout RestoreReport.Disk) async throws {
        let (installation, staging) = try await onTarget("self-restore") { [order] in
            let installation = SelfRestore(place, acceptsSecurityFile: order.acceptsSecurityFile == true)
            try installation.prepare()
            return (installation, try OpenDirectory(installation.staging))
        }
        try await withCleanUp({ try? await onTarget("self-restore") { try installation.discard() } }) {
            let again: @Sendable () async throws -> LevelRestores.Place = {
                try await onTarget("self-restore") {
                    try installation.prepare()
                    return .init(directory: try OpenDirectory(installation.staging), deletes: false)
                }
            }
            _ = try await LevelRestores(disk: self, renewed: again)
                .run(in: .init(directory: staging, deletes: false), &disk)
            disk.notes += try await onTarget("self-restore") { try installation.install() }
        }
    }
}
