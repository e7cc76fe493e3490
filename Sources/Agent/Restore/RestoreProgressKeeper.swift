// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import FoundationEssentials
import Logging

/// The ledger of the running restore: what an earlier attempt has done, and what this one does, on disk before it is done.
actor RestoreProgressKeeper {
    private let ledgers: RestoreLedgers
    private let logger: Logger
    private var ledger: RestoreLedger

    /// Reads what the same restore has left if it did not end.
    init(_ settings: AgentSettings, _ run: RunName, _ order: RestoreOrder, _ logger: Logger) async throws {
        let ledgers = RestoreLedgers(stateDirectory: settings.stateDirectory)
        self.ledgers = ledgers
        self.logger = logger
        ledger = try await runBlocking("restore-ledger") { ledgers.ledger(of: run, order, logger: logger) }
    }

    /// Whether what lies in a target was written by an attempt that did not end. Reads the disk.
    var begun: RestoreLedger { ledger }

    /// The report of a disk that an earlier attempt has restored, where its directory still is that one and holds something: who emptied
    /// it wants it back.
    func finished(_ step: RestoreStep) async throws -> RestoreReport.Disk? {
        let ledger = ledger
        let entry = try await runBlocking("restore-ledger", asking: [step.target.path]) {
            try ledger.finishedEntry(of: step)
        }
        guard let entry, var report = entry.report, let finishedAt = entry.finishedAt else { return nil }
        report.notes.append(
            "restored by an earlier attempt, at \(finishedAt.formatted(.iso8601)); it was not done again")
        return report
    }

    func begin(_ step: RestoreStep) async throws {
        let entry = try await runBlocking("restore-ledger", asking: [step.target.path]) {
            try RestoreLedger.Entry(step)
        }
        ledger.entries.removeAll { $0.names(step) }
        ledger.entries.append(entry)
        await save()
    }

    func finish(_ step: RestoreStep, _ report: RestoreReport.Disk) async throws {
        guard let index = ledger.entries.firstIndex(where: { $0.names(step) }) else { return }
        // Amanda's directory may be another one by now.
        ledger.entries[index].directory = try await runBlocking("restore-ledger", asking: [step.target.path])
        {
            try DirectoryIdentity.of(step.target.path)
        }
        ledger.entries[index].report = report
        ledger.entries[index].finishedAt = Date()
        await save()
    }

    /// All of it is done: the next one begins anew, but where it goes on for the sake of other nodes.
    func end() async throws {
        let (ledgers, ledger, logger) = (ledgers, ledger, logger)
        try await runBlocking("restore-ledger") { try ledgers.end(ledger, logger: logger) }
    }

    /// A state directory that is full keeps no restore from bringing data back; it only cannot be gone on with.
    private func save() async {
        let (ledgers, ledger, logger) = (ledgers, ledger, logger)
        do {
            try await runBlocking("restore-ledger") { try ledgers.save(ledger, logger: logger) }
        } catch {
            logger.warning("what the restore has done is not remembered", metadata: ["error": "\(error)"])
        }
    }
}
