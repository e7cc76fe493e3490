// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import LogOutput
import Logging
import Planning
import Synchronization

/// Dumps the disks of one configuration, several at a time, onto one target and into one catalog.
struct DiskDump: Sendable {
    private let part: ConfigurationRun
    private let bases: IncrementBases
    private let known: KnownMeasures
    private let scripts: RunScripts
    private let holding: HoldingFallback
    /// Nil: no volume could be had, and every dump is held.
    private let target: VolumeSeries?
    private let catalog: RunCatalog

    /// One disk on its way.
    private struct Work: Sendable {
        let planned: PlannedDump
        let entry: DisklistEntry
        let before: RunScripts.Before
    }

    init(
        _ part: ConfigurationRun, _ bases: IncrementBases, _ known: KnownMeasures, _ scripts: RunScripts,
        _ holding: HoldingFallback, target: VolumeSeries?, catalog: RunCatalog
    ) {
        self.part = part
        self.bases = bases
        self.known = known
        self.scripts = scripts
        self.holding = holding
        self.target = target
        self.catalog = catalog
    }

    /// One disk, from its first byte to its place in the catalog.
    ///
    /// - Throws: `CancellationError`; what keeps the catalog from being written. A dump that fails is an outcome.
    func dumpDisk(
        _ planned: PlannedDump?, _ entry: DisklistEntry?, after before: RunScripts.Before
    ) async throws -> DumpRecord {
        guard let planned, let entry else { preconditionFailure("only what was planned is in the queue") }
        let work = Work(planned: planned, entry: entry, before: before)
        part.progress.begin(entry, configuration: part.prepared.choice.name)
        let refusals = part.prepared.refusals[entry.name] ?? []
        let record = try await refusals.isEmpty ? record(of: work) : failed(work, refusals)
        let waited = part.progress.end(entry, record)
        await say(work, record.summary)
        logger(of: entry).info("the dump waited most for: \(waited?.rawValue ?? "nothing in particular")")
        return record
    }

    /// To the volume; to the holding disk where there is none, or the store goes away meanwhile.
    private func record(of work: Work) async throws -> DumpRecord {
        let mayHold = holding.mayHold(work.entry)
        if work.entry.dumptype.holding == .required { return try await sent(held(work), work) }
        if let target, holding.absence == nil || !mayHold {
            await say(work, "level \(work.planned.level) begins")
            let outcome = try await make(
                work, work.planned.dump, to: target, .volume(label: target.current.label))
            guard case .failed(let error) = outcome.status, mayHold, holding.standsIn(after: error) else {
                return try await stored(work, outcome)
            }
            holding.note(error)
        }
        return try await held(work)
    }

    private func stored(_ work: Work, _ outcome: DumpOutcome) async throws -> DumpRecord {
        try await enter(outcome, LoggedDump(outcome))
        var record = record(of: work, outcome)
        record.bases = try await base(of: work.planned.dump, work.entry)?.records
        return try await judged(record, work.entry, outcome)
    }

    private func record(of work: Work, _ outcome: DumpOutcome) -> DumpRecord {
        var record = DumpRecord(work.planned, work.entry, outcome, node: part.request.node)
        if work.entry.dumptype.encryptionProgram != nil { record.sealed = part.sealed }
        return record
    }

    /// Begins anew, for tar's stream cannot be had twice.
    private func held(_ work: Work) async throws -> DumpRecord {
        let reason =
            holding.absence.map { WireError(cause: $0, node: part.request.node).message }
            ?? "holdingdisk required"
        let place: (target: HoldingTarget, dump: ExpectedDump)
        do {
            place = try await runBlocking("holding") { [holding] in
                try holding.place(for: work.planned, of: work.entry)
            }
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            return try await nowhere(work, reason: reason, error)
        }
        await say(work, "level \(place.dump.level) begins, to the holding disk: \(reason)")
        let outcome = try await make(work, place.dump, to: place.target, nil)
        let entered =
            place.target.held.map { LoggedDump(outcome, heldAs: $0) } ?? LoggedDump(outcome)
        try await enter(outcome, entered)
        var record = record(of: work, outcome)
        record.level = place.dump.level
        record.bases = try await base(of: place.dump, work.entry)?.records
        if let held = place.target.held {
            record.status = .held
            record.parts = []
            record.held = HeldDumpRecord(held)
        }
        return try await judged(record, work.entry, outcome)
    }

    /// With what the dump found, and whether it is plausible after the last one that was. It is stored as always either way.
    private func judged(
        _ record: DumpRecord, _ entry: DisklistEntry, _ outcome: DumpOutcome
    ) async throws -> DumpRecord {
        guard record.isMade else { return record }
        var record = record
        record.add(outcome.findings)
        record.holes = try await runBlocking("holes") { [holes = part.prepared.holes] in
            holes.holes(of: entry)
        }
        let measures = known.disk(entry.name).measures
        record.judgedBy = measures.isEmpty ? nil : measures
        let plausibility = part.prepared.plausibility(of: entry.name, part.request.plausibility)
        record.suspect = plausibility.fault(of: record.measure(of: part.run), after: measures)
        if let suspect = record.suspect {
            logger(of: entry).warning("the dump is suspect", metadata: ["reason": "\(suspect.text)"])
        }
        return record
    }

    /// What had to be held first goes on to the volume, if there is one; if not it stays held.
    private func sent(_ record: DumpRecord, _ work: Work) async throws -> DumpRecord {
        guard let target, holding.absence == nil, let place = record.held,
            let dump = try await HeldDumpLookup([place])[place]
        else { return record }
        await say(work, "goes on to volume '\(target.current.label)'")
        let flushed = FlushedDump()
        try await HeldDumpFlush(
            disks: HoldingDisks(part.prepared.configuration.holdingDisks), catalog: catalog, order: .first,
            logger: logger(of: work.entry)
        ).flush([dump], into: target, isHopeless: { _ in true }) { flushed.set($0.outcome) }
        guard let outcome = flushed.value else { return record }
        if case .failed(let error) = outcome.status {
            if holding.standsIn(after: error) { holding.note(error) }
            var record = record
            record.notes.append("it stays held: \(error)")
            return record
        }
        return record.sent(to: outcome.parts)
    }

    /// Neither a volume nor room on a holding disk.
    private func nowhere(_ work: Work, reason: String, _ cause: any Error) async throws -> DumpRecord {
        let noRoom = WireError(cause: cause, node: part.request.node)
        return try await failed(
            work,
            [
                WireError(
                    .failed, node: part.request.node, "\(reason); and \(noRoom.message)", hint: noRoom.hint)
            ])
    }

    /// A dump that did not even begin.
    private func failed(_ work: Work, _ reasons: [WireError]) async throws -> DumpRecord {
        let entry = work.entry
        let header = DumpHeader(
            kind: .file, datestamp: part.run, host: entry.host, disk: entry.diskName,
            level: work.planned.level, program: entry.dumptype.program)
        let reason = reasons.map(\.message).joined(separator: "; ").replacing("\n", with: " ")
        let failed = LoggedDump(
            header: header, parts: [], status: .failed(reason: reason), seconds: 0)
        try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) { [catalog] in
            try catalog.record(failed)
        }
        var record = DumpRecord(planned: work.planned, entry)
        record.status = .failed
        record.error = reasons.first
        return record
    }

    private func make(
        _ work: Work, _ dump: ExpectedDump, to target: any DumpTarget, _ destination: DumpDestination?
    ) async throws -> DumpOutcome {
        let (entry, level) = (work.entry, dump.level)
        let indexPath = entry.dumptype.isIndexed ? "\(part.workDirectory)/\(entry.fileName).index" : nil
        if let destination {
            try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) { [catalog] in
                try catalog.began(host: entry.host, disk: entry.diskName, level: level, to: destination)
            }
        }
        let plan = try await enginePlan(entry, dump, to: target, indexPath: indexPath)
        return try await scripts.runner.dump(plan, of: entry, after: work.before.report(for: entry)) {
            try await DumpEngine().dump($0) { [part, catalog] dump in
                part.progress.update(entry, dump)
                catalog.progress(
                    host: entry.host, disk: entry.diskName, level: level,
                    storedByteCount: dump.storedByteCount)
            }
        }
    }

    /// The next increment builds on a dump only once the catalog has it.
    private func enter(_ outcome: DumpOutcome, _ record: LoggedDump) async throws {
        try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) { [catalog] in
            defer { if let path = outcome.indexPath { try? FileSystem.remove(path) } }
            do {
                try catalog.record(record)
            } catch {
                outcome.snapshot?.discard()
                throw error
            }
        }
        do {
            try await runBlocking("snapshot") { try outcome.snapshot?.keep() }
        } catch {
            await part.reporter.note(
                "the next dump of '\(outcome.header.disk)' will be a full one: \(error)")
        }
    }

    /// The planner has asked the same before it chose the level.
    private func base(of dump: ExpectedDump, _ entry: DisklistEntry) async throws -> IncrementBase? {
        guard dump.level > 0 else { return nil }
        return try await runBlocking(
            "base", asking: DumpPlaces(entry).snapshots, part.prepared.location.patience
        ) {
            [bases] () -> IncrementBase? in
            if case .possible(let base) = bases.answer(dump.level, of: entry) { base } else { nil }
        }
    }

    private func enginePlan(
        _ entry: DisklistEntry, _ dump: ExpectedDump, to target: any DumpTarget, indexPath: String?
    ) async throws -> DumpPlan {
        var plan = DumpPlan(
            host: entry.host, datestamp: part.run, dle: DLEDescription(entry, level: dump.level),
            device: entry.directory, target: target, indexPath: indexPath,
            workDirectory: part.workDirectory)
        plan.allowsSplit = entry.dumptype.allowsSplit
        plan.stallLimit = part.prepared.stallLimit
        plan.base = try await base(of: dump, entry)?.base
        plan.snapshotOwner = part.prepared.location.owner
        plan.filterUser = part.prepared.loaded.dumpuser
        plan.witness = part.watch?.witness(of: entry.name)
        plan.clockAheadSeconds = part.clockAheadSeconds
        plan.logger = logger(of: entry)
        return plan
    }

    private func logger(of entry: DisklistEntry) -> Logger {
        part.logger.with(["disk": "\(entry.diskName)", "stage": "dump"])
    }

    private func say(_ work: Work, _ text: String) async {
        await part.reporter.about(["disk": "\(work.entry.diskName)", "stage": "dump"])
            .disk("\(part.prepared.choice.name): \(work.entry.diskName): \(text)")
    }
}

/// What became of a dump, handed out of a closure.
private final class FlushedDump: Sendable {
    private let outcome = Mutex<DumpOutcome?>(nil)

    var value: DumpOutcome? { outcome.withLock { $0 } }

    func set(_ newest: DumpOutcome) {
        outcome.withLock { $0 = newest }
    }
}

extension DisklistEntry {
    /// Unique among the disks of a job, and fit to be a file's name.
    fileprivate var fileName: String {
        String(key.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
