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

    /// Where it throws, the report says what was done so far.
    func run(_ disk: inout RestoreReport.Disk) async throws {
        switch try await runBlocking("restore-place", { try place() }) {
        case .beside(let place): try await install(place, &disk)
        case .straight(let deletes):
            try await unpack(into: try target(), deletes: deletes, &disk)
            try await runBlocking("deleted-names") {
                try step.deletedNames.remove(in: target(), isShared: true)
            }
        case .inside(let kept, let deletes):
            try await lay(staged(kept: kept, deletes: deletes), &disk)
        }
    }

    private func staged(kept: [String], deletes: Bool) throws -> StagedRestore {
        StagedRestore(
            target: try target(), kept: kept, deletes: deletes, part: step.part)
    }

    private func lay(_ staged: StagedRestore, _ disk: inout RestoreReport.Disk) async throws {
        let staging = try await runBlocking("staged-restore") { try staged.prepare() }
        try await withCleanUp({ try? await runBlocking("staged-restore") { try staged.discard() } }) {
            try await unpack(into: staging, deletes: false, &disk)
            disk.notes += try await runBlocking("staged-restore") {
                try step.deletedNames.remove(in: staging, isShared: false)
                return try staged.install(staging)
            }
        }
    }

    private func place() throws -> RestorePlace {
        let kept = ground.kept(in: step.target)
        let isEmpty = try ground.directories[step.target]?.isFree(besides: kept) ?? false
        let isBare = try ground.directories[step.target]?.isBare() ?? false
        return step.place(deletes: order.delete, isEmpty: isEmpty, kept: kept, isBare: isBare)
    }

    private func target() throws -> OpenDirectory {
        guard let directory = ground.directories[step.target] else {
            throw WireError(.failed, "'\(step.target.path)' was not opened")
        }
        return directory
    }

    private func install(_ place: SelfBackupPlace, _ disk: inout RestoreReport.Disk) async throws {
        let (installation, staging) = try await runBlocking("self-restore") { [order] in
            let installation = SelfRestore(place, acceptsSecurityFile: order.acceptsSecurityFile == true)
            try installation.prepare()
            return (installation, try OpenDirectory(installation.staging))
        }
        try await withCleanUp({ try? await runBlocking("self-restore") { try installation.discard() } }) {
            try await unpack(into: staging, deletes: false, &disk)
            disk.notes += try await runBlocking("self-restore") { try installation.install() }
        }
    }

    /// A full dump leaves alone what it does not know, unless told otherwise; an increment must remove what it does not list,
    /// and may, for only the dumps below it have written there.
    private func unpack(
        into directory: OpenDirectory, deletes: Bool, _ disk: inout RestoreReport.Disk
    ) async throws {
        let rights = FilterRights(configurations.named(step.disk.configuration.name))
        for (dump, plan) in zip(step.disk.dumps, step.plans) {
            try Task.checkCancellation()
            var plan = plan
            plan.target = directory.path
            plan.directory = directory
            plan.confinement = ground.confinement
            plan.isUnconfined = order.isUnconfined == true
            plan.deletes = deletes || dump.level > 0
            try await rights.grant(to: &plan)
            let outcome = try await RestoreEngine().restore(plan) { totals.update($0) }
            totals.add(outcome)
            disk.restoredBytes += outcome.native.byteCount
            let isChain = step.plans.count > 1
            disk.notes += outcome.messages.map { isChain ? "level \(dump.level): \($0)" : $0 }
        }
    }
}
