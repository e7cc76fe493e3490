// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import ChildProcess
import Files
import Glibc
import LogOutput
import Logging

/// Dumps disks: GNU tar's archive of one DLE into the numbered files of a volume in the bucket.
public struct DumpEngine: Sendable {
    /// An engine for any number of dumps at the same time.
    public init() {}

    /// Dumps one DLE to the end: data, proof, then headers, in this order.
    ///
    /// A dump that fails is an outcome: no upload of it is left open as far as the store can be reached, tar has ended,
    /// and its file numbers bear headers marked `PARTIAL=YES`.
    ///
    /// - Throws: `CancellationError` when the task was cancelled, after the same clean-up.
    public func dump(
        _ plan: DumpPlan, progress: @escaping @Sendable (DumpProgress) -> Void = { _ in }
    ) async throws -> DumpOutcome {
        var dump = OneDump(plan, progress: progress)
        do {
            try await dump.run()
        } catch {
            await dump.cleanUp()
            if error is CancellationError || Task.isCancelled {
                plan.logger.info("dump cancelled")
                throw CancellationError()
            }
            dump.fail(error)
        }
        let outcome = await dump.outcome()
        plan.logger.info("dump ended", metadata: outcome.metadata)
        return outcome
    }
}

/// The course of one dump, step by step.
private struct OneDump {
    private let plan: DumpPlan
    private let logger: Logger
    private let files: DumpFiles
    private let meter: ProgressMeter
    private let started = ContinuousClock.now
    private var listing: TarListing?
    private var totals: DumpTotals?
    private var attributes: [String] = []
    private var earlyStrange: [String] = []
    private var extraNotes: [String] = []
    private var header: DumpHeader
    private var snapshot: TarSnapshot?
    private var selection: TarSelection?
    private var findings: DumpFindings?
    private var failure: (any Error)?

    init(
        _ plan: DumpPlan, progress: @escaping @Sendable (DumpProgress) -> Void
    ) {
        self.plan = plan
        logger = plan.logger
        files = DumpFiles(target: plan.target, header: plan.header, logger: plan.logger)
        meter = ProgressMeter(progress)
        header = plan.header
    }

    mutating func run() async throws {
        let preparation = plan.preparation ?? ScriptReport()
        extraNotes += preparation.notes
        earlyStrange += preparation.strange
        if let failure = preparation.failures.first { throw failure }
        logger.info("dump begins", metadata: ["level": "\(plan.dle.level)"])
        try await runBlocking("check") { [plan] in try plan.check() }
        let options = try TarOptions(plan.dle, adding: preparation.properties)
        attributes = options.attributes
        let room = plan.stateDirectory.map(StateRoom.init)
        let need = try await stateNeed(room, options)
        do {
            let workspace = try await TarWorkspace.make(plan.source, options, plan.patience)
            let reservation = try await reserve(need, workspace)
            defer { StateReservations.shared.release(reservation) }
            do {
                try await run(options, workspace)
            } catch {
                await workspace.remove()
                throw error
            }
            await workspace.remove()
        } catch {
            throw await (try? runBlocking("room") { room?.named(error) }).flatMap(\.self) ?? error
        }
    }

    /// - Throws: `DumpError.noStateRoom` where the last snapshot says that this dump would end for want of room.
    private func stateNeed(_ room: StateRoom?, _ options: TarOptions) async throws -> Int64? {
        try await runBlocking("room", asking: [options.snapshotDirectory], plan.patience) { [plan] in
            let snapshots = TarSnapshots(
                host: plan.host, dle: plan.dle, directory: options.snapshotDirectory)
            let need = room?.need(snapshots, level: plan.dle.level, isIndexed: plan.indexPath != nil)
            if let need, let fault = room?.fault(need) { throw fault }
            return need
        }
    }

    /// For what runs beside this dump: it has to leave the rest of the need alone.
    private func reserve(_ need: Int64?, _ workspace: TarWorkspace) async throws -> Int? {
        guard let need, let directory = plan.workDirectory else { return nil }
        return try await runBlocking("room") { [plan] in
            StateReservations.shared.reserve(
                need, in: directory, for: [workspace.snapshot] + [plan.indexPath].compactMap(\.self))
        }
    }

    private mutating func run(_ options: TarOptions, _ workspace: TarWorkspace) async throws {
        selection = workspace.selection
        earlyStrange += workspace.selection.strange
        extraNotes += workspace.selection.notes
        if workspace.selection.includesNothing {
            throw DumpError.nothingToInclude(directory: workspace.device)
        }
        let listing = try await TarListing.make(
            indexPath: plan.indexPath, rules: options.messageRules, logger: logger)
        self.listing = listing

        let filters = try await plan.filterSettings.tryOut(plan.filters)
        extraNotes += filters.notes
        try await runBlocking("snapshot") { [plan] in
            try SnapshotTime.putBack(workspace.snapshot, seconds: 0 - plan.clockAheadSeconds)
        }
        let child = try await startTar(options, workspace, listing)
        do {
            let pipeline = try await runBlocking(
                "filter-start", asking: filters.chain.mayHang, late: { $0.abandon() }
            ) { [plan, files, meter] in
                try DumpPipeline(
                    child: child, filters: filters.chain, plan: plan, files: files, meter: meter)
            }
            totals = try await pipeline.run { [plan] in
                try await Self.checkEnd(of: child, options, listing, workspace, plan)
            }
            earlyStrange += pipeline.messages
        } catch {
            child.terminate()
            let exit = await child.exit()
            logger.ended(options.gnutarPath, exit)
            if exit == .stuck, !(error is CancellationError) {
                throw ChildProcessError.stuck(executable: options.gnutarPath, touches: workspace.device)
            }
            throw listing.fault ?? error
        }
        try await runBlocking("index") { try listing.finishIndex() }
        completeHeader()
        logger.debug("headers are written")
        try await files.writeHeaders(header)
        await look(workspace, listing)
        await hold(workspace)
        meter.finish()
    }

    /// The dump is whole without: what is not known is not held against a later one.
    private mutating func look(_ workspace: TarWorkspace, _ listing: TarListing) async {
        do {
            let archivedFiles = plan.dle.level == 0 ? listing.fileCount : nil
            let found = try await runBlocking("findings", asking: [workspace.device]) {
                try workspace.findings(archivedFiles: archivedFiles)
            }
            findings = found
            guard let before = found.deviceNumberBefore, let now = found.deviceNumber else { return }
            extraNotes.append(
                "the device number of '\(workspace.device)' changed from \(before) to \(now): tar takes every "
                    + "directory for a new one, and this increment stores everything (the application's property "
                    + "CHECK-DEVICE NO keeps tar from it)")
        } catch {
            extraNotes.append("what the disk holds could not be counted: \(error)")
        }
    }

    /// The dump is whole without: amgtar, too, only warns.
    private mutating func hold(_ workspace: TarWorkspace) async {
        guard plan.dle.isRecorded else { return }
        do {
            snapshot = try await runBlocking(
                "snapshot", asking: [workspace.snapshots.directory], plan.patience
            ) { [plan] in
                try SnapshotTime.putBack(workspace.snapshot, seconds: plan.clockAheadSeconds)
                return try workspace.snapshots.hold(
                    workspace.snapshot, level: plan.dle.level, owner: plan.snapshotOwner)
            }
        } catch {
            earlyStrange.append("no increment can build on this dump: \(error)")
        }
    }

    private func startTar(
        _ options: TarOptions, _ workspace: TarWorkspace, _ listing: TarListing
    ) async throws -> ChildProcess {
        let arguments = TarCommand.create(
            options, directory: workspace.device, snapshot: workspace.snapshot,
            excludeFile: workspace.excludeFile, includeFile: workspace.includeFile)
        var command = ChildCommand(options.gnutarPath, arguments, hasOutput: true)
        command.touches = workspace.device
        let child = try await ChildProcess.begin(command) { listing.take($0) }
        logger.started(options.gnutarPath, child)
        let watch = try await runBlocking("room") { [plan] in
            try plan.stateDirectory.map { directory in
                StateWatch(
                    StateRoom(directory),
                    existingByteCount: try FileSystem.status(workspace.snapshot)?.byteCount ?? 0)
            }
        }
        listing.watch(child, watch)
        return child
    }

    private static func checkEnd(
        of child: ChildProcess, _ options: TarOptions, _ listing: TarListing, _ workspace: TarWorkspace,
        _ plan: DumpPlan
    ) async throws {
        let exit = try await child.exit(within: plan.stallLimit)
        plan.logger.ended(options.gnutarPath, exit)
        if let fault = listing.fault { throw fault }
        if listing.isSnapshotWithoutRoom {
            throw FilesError("write", workspace.snapshot, errorNumber: ENOSPC)
        }
        guard case .status(let status) = exit, options.goodStatuses.contains(status) else {
            throw DumpError.tarFailed(exit: exit, cause: listing.cause)
        }
        guard listing.totalByteCount != nil else {
            throw DumpError.tarFailed(exit: exit, cause: "it did not say how much it wrote")
        }
        if let message = listing.firstReadError { throw DumpError.unreadable(message: message) }
    }

    private mutating func completeHeader() {
        guard let totals else { return }
        header.originalKiB = originalKiB
        header.nativeCRC = totals.native
        header.clientCRC = totals.client
        header.serverCRC = totals.stored
    }

    private var originalKiB: Int64 { (listing?.totalByteCount ?? 0) / 1024 }

    mutating func cleanUp() async {
        extraNotes += await files.giveUpInTime()
        header = plan.header.asPartial
    }

    mutating func fail(_ error: any Error) {
        failure = error
    }

    func outcome() async -> DumpOutcome {
        let strange = earlyStrange + (listing?.strange ?? [])
        let zero = CRCSize(crc32c: 0, byteCount: 0)
        let native = totals?.native ?? zero
        let stored = totals?.stored ?? zero
        let elapsed = ContinuousClock.now - started
        return DumpOutcome(
            status: failure.map { .failed($0) } ?? (strange.isEmpty ? .done : .strange),
            parts: await files.finishedParts, header: header, native: native,
            client: totals?.client ?? zero, server: stored, originalKiB: originalKiB,
            seconds: elapsed / .seconds(1), notes: (listing?.notes ?? []) + extraNotes, strange: strange,
            indexPath: plan.indexPath, entryCount: listing?.entryCount ?? 0, attributes: attributes,
            snapshot: snapshot, selection: selection, findings: findings)
    }
}

extension DumpOutcome {
    /// For its last line in the log.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "parts": "\(parts.count)", "bytes": "\(server.byteCount)", "entries": "\(entryCount)",
            "seconds": "\(Int(seconds))",
        ]
        switch status {
        case .done: metadata["status"] = "done"
        case .strange: metadata["status"] = "strange"
        case .failed(let error):
            metadata["status"] = "failed"
            metadata["error"] = "\("\(error)".forLog)"
        }
        return metadata
    }
}
