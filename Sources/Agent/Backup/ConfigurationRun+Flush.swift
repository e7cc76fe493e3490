// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import Planning

/// Held dumps on their way to volumes: a flush with a log of its own, as amflush writes one, under the run's name. Where a run
/// follows it goes on with the same volume, and its plan finds the dumps where they then lie.
extension ConfigurationRun {
    /// What a run sends by itself.
    func dumpsDueForFlush() async throws -> [HeldDump] {
        try await runBlocking("holding", asking: [], prepared.location.patience) { [prepared] in
            try DueDumps.of(prepared)
        }
    }

    /// Everything that lies on the holding disks; what is not whole can only be told of.
    func heldDumps() async throws -> [HeldDump] {
        let disks = HoldingDisks(prepared.configuration.holdingDisks)
        return try await runBlocking("holding", asking: [], prepared.location.patience) {
            try disks.contents().dumps
        }
    }

    /// Sends dumps to volumes. One that cannot go stays held, and the report says why.
    ///
    /// - Parameter absence: why the store is not asked.
    /// - Throws: `CancellationError`.
    func flush(
        _ whole: [HeldDump], _ progress: FlushProgress, absence: (any Error)? = nil
    ) async throws -> FlushReport.Configuration {
        logger.info("flush begins", metadata: ["stage": "flush", "dumps": "\(whole.count)"])
        let outcome = FlushOutcome(name)
        do {
            if let absence { throw absence }
            try await clients.makeBuckets(of: name)
            let dumps = try await finishSent(whole, progress, outcome)
            if dumps.isEmpty { return await outcome.report(of: whole) }
            let choice = try await taking.choose()
            if let shortfall = choice.shortfall { await outcome.add(notes: [shortfall.description]) }
            let disks = dumps.map { (host: $0.header.host, disk: $0.header.disk) }
            let catalog = try await beginCatalog(.flush, disks: disks)
            do {
                try await send(dumps, to: choice, catalog, progress, outcome)
            } catch {
                await outcome.add(notes: await close(catalog))
                throw error
            }
            await outcome.add(notes: await close(catalog))
            await outcome.add(notes: await abortStrays())
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            await outcome.fail(WireError.all(cause: error, node: node))
        }
        return await outcome.report(of: whole)
    }

    private func send(
        _ dumps: [HeldDump], to choice: VolumeChoice, _ catalog: RunCatalog, _ progress: FlushProgress,
        _ outcome: FlushOutcome
    ) async throws {
        let configuration = prepared.configuration
        let volumes = RunVolumes(taking, catalog, journal: strays.journal, glacier: glacier, logger: logger)
        let target: VolumeSeries
        do {
            target = try await volumes.begin(.success(choice), kept: [])
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
                try catalog.volumeRefused("\(error)")
            }
            throw error
        }
        await outcome.add(notes: volumes.remarks)
        try await HeldDumpFlush(
            disks: HoldingDisks(configuration.holdingDisks), catalog: catalog,
            order: configuration.taperAlgorithm, logger: logger.with(["stage": "flush"])
        ).flush(
            dumps, into: target, isHopeless: { WireError(cause: $0, node: node).concernsWholeStore },
            begin: { held in
                progress.begin(held, configuration: name)
                await reporter.disk("\(name): \(held.what) goes to volume '\(target.current.label)'")
            },
            progress: { progress.update($0) },
            evidence: { flushed in
                try await enter(
                    flushed.held, sentTo: flushed.outcome.parts, on: volumes.records, of: request.run)
            }
        ) { flushed in
            progress.end(flushed.held, isSent: flushed.outcome.isUsable)
            await outcome.add(flushed, volumes.records, node: node)
            await tell(flushed)
        }
    }

    private func tell(_ flushed: HeldDumpFlush.Flushed) async {
        let what = flushed.held.what
        if case .failed(let error) = flushed.outcome.status {
            await reporter.disk("\(name): \(what) stays held: \(WireError(cause: error, node: node).message)")
        } else if let error = flushed.unwritten {
            let reason = WireError(cause: error, node: node).message
            await reporter.disk(
                "\(name): \(what) was sent, and stays held until its record is written: \(reason)")
        } else {
            await reporter.disk("\(name): \(what) was sent")
        }
    }

    /// The record of the run that made the dump has to say where it lies now.
    ///
    /// - Parameter run: whose volumes these are.
    func enter(
        _ held: HeldDump, sentTo parts: [DumpPart], on volumes: [VolumeRecord], of run: Datestamp
    ) async throws {
        let labels = Set(parts.map(\.label))
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(request.storage))
        try await FlushedRecords(
            records: records, node: node, run: run, kept: { await reporter.record(of: $0) },
            bases: { try await bases(of: $0) }
        ).update(
            held, sentTo: parts, configuration: name, volumes: volumes.filter { labels.contains($0.label) })
    }

    private func bases(of held: HeldDump) async throws -> [DumpBaseRecord] {
        let places = try await taking.look().places
        return try await runBlocking("history", asking: prepared.location.mayHang, prepared.location.patience)
        { [prepared] in
            let header = held.header
            let name = DiskName(host: header.host, disk: header.disk)
            let chain = try CatalogReader(prepared.location).recentHistory(
                of: [name], before: header.datestamp
            ).bases(of: name, below: header.level, before: header.datestamp)
            return try chain?.records(places) ?? []
        }
    }
}

extension FlushReport.Configuration {
    /// What a run's record says of the flush before it.
    var remarks: [String] {
        dumps.map { dump in
            let what = "held dump of level \(dump.held.level) of '\(dump.held.disk)' of run \(dump.held.run)"
            guard dump.labels.isEmpty else {
                let sent =
                    "\(what) was sent to volume \(dump.labels.map { "'\($0)'" }.joined(separator: ", "))"
                return sent + (dump.error.map { ", and stays held: \($0.message)" } ?? "")
            }
            return "\(what) stays held: \(dump.error?.message ?? error?.message ?? "it was not begun")"
        } + notes
    }
}

extension HeldDump {
    /// `held dump of level 0 of '/data' of run …`
    var what: String {
        "held dump of level \(header.level) of '\(header.disk)' of run \(header.datestamp)"
    }
}
