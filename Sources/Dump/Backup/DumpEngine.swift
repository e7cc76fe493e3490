// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import ChildProcess
import Files

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
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            dump.fail(error)
        }
        return await dump.outcome()
    }
}

/// The course of one dump, step by step.
private struct OneDump {
    private let plan: DumpPlan
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
    private var failure: (any Error)?

    init(
        _ plan: DumpPlan, progress: @escaping @Sendable (DumpProgress) -> Void
    ) {
        self.plan = plan
        files = DumpFiles(target: plan.target, header: plan.header)
        meter = ProgressMeter(progress)
        header = plan.header
    }

    mutating func run() async throws {
        let preparation = plan.preparation ?? ScriptReport()
        extraNotes += preparation.notes
        earlyStrange += preparation.strange
        if let failure = preparation.failures.first { throw failure }
        try plan.check()
        let options = try TarOptions(plan.dle, adding: preparation.properties)
        attributes = options.attributes
        let source = plan.source
        let directory = try source.directory(options)
        let snapshots = TarSnapshots(host: plan.host, dle: plan.dle, directory: options.snapshotDirectory)
        let workspace = try TarWorkspace(source, options, snapshots, readFrom: directory)
        defer { workspace.remove() }
        earlyStrange += workspace.selection.strange
        extraNotes += workspace.selection.notes
        if workspace.selection.includesNothing { throw DumpError.nothingToInclude(directory: directory) }
        let listing = try TarListing(indexPath: plan.indexPath, rules: options.messageRules)
        self.listing = listing

        let filters = try await plan.filterSettings.tryOut(plan.filters)
        extraNotes += filters.notes
        let child = try spawnTar(options, directory, workspace, listing)
        do {
            let pipeline = try DumpPipeline(
                child: child, filters: filters.chain, plan: plan, files: files, meter: meter)
            totals = try await pipeline.run { [plan] in
                try await Self.checkEnd(of: child, options, listing, limit: plan.stallLimit)
            }
            earlyStrange += pipeline.messages
        } catch {
            child.terminate()
            _ = await child.exit()
            throw error
        }
        try listing.finishIndex()
        completeHeader()
        try await files.writeHeaders(header)
        hold(workspace.snapshot, snapshots)
        meter.finish()
    }

    /// The dump is whole without: amgtar, too, only warns.
    private mutating func hold(_ path: String, _ snapshots: TarSnapshots) {
        guard plan.dle.isRecorded else { return }
        do {
            snapshot = try snapshots.hold(path, level: plan.dle.level, owner: plan.snapshotOwner)
        } catch {
            earlyStrange.append("no increment can build on this dump: \(error)")
        }
    }

    private func spawnTar(
        _ options: TarOptions, _ directory: String, _ workspace: TarWorkspace, _ listing: TarListing
    ) throws -> ChildProcess {
        let arguments = TarCommand.create(
            options, directory: directory, snapshot: workspace.snapshot,
            excludeFile: workspace.excludeFile, includeFile: workspace.includeFile)
        return try ChildProcess.spawn(ChildCommand(options.gnutarPath, arguments, hasOutput: true)) {
            listing.take($0)
        }
    }

    private static func checkEnd(
        of child: ChildProcess, _ options: TarOptions, _ listing: TarListing, limit: Duration
    ) async throws {
        let exit = try await child.exit(within: limit)
        guard case .status(let status) = exit, options.goodStatuses.contains(status) else {
            throw DumpError.tarFailed(exit: exit, lastMessage: listing.strange.last ?? listing.notes.last)
        }
        guard listing.totalByteCount != nil else {
            throw DumpError.tarFailed(exit: exit, lastMessage: "it did not say how much it wrote")
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
            snapshot: snapshot)
    }
}
