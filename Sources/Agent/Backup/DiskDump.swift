// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files

/// Dumps the disks of one configuration, several at a time, onto one target and into one catalog.
struct DiskDump: Sendable {
    private let part: ConfigurationRun
    private let bases: IncrementBases
    private let scripts: RunScripts
    private let target: BucketVolume
    private let catalog: RunCatalog

    init(
        _ part: ConfigurationRun, _ bases: IncrementBases, _ scripts: RunScripts, target: BucketVolume,
        catalog: RunCatalog
    ) {
        self.part = part
        self.bases = bases
        self.scripts = scripts
        self.target = target
        self.catalog = catalog
    }

    /// One disk, from its first byte to its place in the catalog.
    ///
    /// - Throws: `CancellationError`; what keeps the catalog from being written. A dump that fails is an outcome.
    func dump(
        _ planned: PlannedDump?, _ entry: DisklistEntry?, after before: RunScripts.Before
    ) async throws -> AgentAPI.DumpRecord {
        guard let planned, let entry else { preconditionFailure("only what was planned is in the queue") }
        let name = "\(part.prepared.choice.name): \(entry.diskName)"
        await part.reporter.disk("\(name): level \(planned.level) begins")
        part.progress.begin(entry, configuration: part.prepared.choice.name)
        let indexPath = entry.dumptype.isIndexed ? "\(part.workDirectory)/\(entry.fileName).index" : nil
        defer { if let indexPath { try? FileSystem.remove(indexPath) } }
        try await runBlocking("catalog") {
            try catalog.began(
                host: entry.host, disk: entry.diskName, level: planned.level, to: .volume(label: target.label)
            )
        }
        let base = base(of: planned, entry)
        let plan = plan(planned, entry, base, indexPath: indexPath)
        let outcome = try await scripts.runner.dump(plan, of: entry, after: before.report(for: entry)) {
            try await DumpEngine().dump($0) { dump in
                part.progress.update(entry, dump)
                catalog.progress(
                    host: entry.host, disk: entry.diskName, level: planned.level,
                    storedByteCount: dump.storedByteCount)
            }
        }
        try await enter(outcome)
        part.progress.end(entry, outcome)
        var record = AgentAPI.DumpRecord(planned, entry, outcome, node: part.request.node)
        record.bases = base?.records
        await part.reporter.disk("\(name): \(record.summary)")
        return record
    }

    /// The next increment builds on a dump only once the catalog has it.
    private func enter(_ outcome: DumpOutcome) async throws {
        do {
            try await runBlocking("catalog") { try catalog.record(Catalog.DumpRecord(outcome)) }
        } catch {
            outcome.snapshot?.discard()
            throw error
        }
        do {
            try await runBlocking("snapshot") { try outcome.snapshot?.keep() }
        } catch {
            await part.reporter.note("the next dump of '\(outcome.header.disk)' will be a full one: \(error)")
        }
    }

    /// The planner has asked the same before it chose the level.
    private func base(of planned: PlannedDump, _ entry: DisklistEntry) -> IncrementBase? {
        guard planned.level > 0, case .possible(let base) = bases.answer(planned.level, of: entry) else {
            return nil
        }
        return base
    }

    private func plan(
        _ planned: PlannedDump, _ entry: DisklistEntry, _ base: IncrementBase?, indexPath: String?
    ) -> DumpPlan {
        var plan = DumpPlan(
            host: entry.host, datestamp: part.run, dle: DLEDescription(entry, level: planned.level),
            device: entry.directory, target: target, indexPath: indexPath,
            workDirectory: part.workDirectory)
        plan.allowsSplit = entry.dumptype.allowsSplit
        plan.stallLimit = .seconds(max(1, part.prepared.configuration.dumpTimeoutSeconds))
        plan.baseLevel = base?.level
        plan.snapshotOwner = part.prepared.location.owner
        plan.filterUser = part.prepared.loaded.dumpuser
        return plan
    }
}

extension DisklistEntry {
    /// Unique among the disks of a job, and fit to be a file's name.
    fileprivate var fileName: String {
        String(key.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
