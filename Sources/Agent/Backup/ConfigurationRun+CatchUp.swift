// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import Planning

/// The bucket outranks the catalog: what its volumes bear is entered before anything is sent or planned.
extension ConfigurationRun {
    /// In earnest the catalog then has it; else only what reads it for this run is told.
    ///
    /// - Throws: why the volumes could not be looked at, or the catalog not be written.
    func catchingUp() async throws -> ConfigurationRun {
        if isInEarnest { try await clients.makeBuckets(of: name) }
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(request.storage))
        let found = try await CatalogCatchUp(taking: taking, records: records).look()
        for finding in found.findings {
            logger.notice("\(finding.text(isDone: false))", metadata: ["stage": "catch-up"])
        }
        var run = self
        run.caughtUp = found
        if isInEarnest {
            try await runBlocking("catalog", asking: prepared.location.mayHang, prepared.location.patience) {
                [prepared] in
                try prepared.entries.removeStaleSnapshots(found.runs.flatMap(\.dumps))
                try CatalogRecovery(prepared.location).enter(found.runs)
            }
        } else {
            run.prepared.loaded.location.recovered = found.runs
        }
        return run
    }
}

extension [ConfigurationRun] {
    /// Every one of them; of those whose store is away, how.
    ///
    /// Where a catalog could not be brought up to date the run goes on: volumes that it does not know are left alone.
    func caughtUp() async throws -> (runs: [ConfigurationRun], absences: StoreAbsences) {
        var runs: [ConfigurationRun] = []
        var absences = StoreAbsences()
        for run in self {
            do {
                runs.append(try await absences[run.prepared] == nil ? run.catchingUp() : run)
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                run.logger.warning(
                    "the catalog was not compared with the volumes",
                    metadata: ["stage": "catch-up", "reason": "\(error)"])
                runs.append(run)
                if WireError(cause: error, node: run.node).concernsWholeStore {
                    absences.note(error, by: run.prepared)
                }
            }
        }
        return (runs, absences)
    }
}

extension [DisklistEntry] {
    /// Takes away what `tar` would build on and that is not of the newest dump of its level: an increment onto it would lack
    /// what only that dump has. Blocks.
    ///
    /// - Parameter dumps: that the catalog did not know. Snapshots may be as old as it, or not; only a time within their own run
    ///   proves that they are of these.
    func removeStaleSnapshots(_ dumps: [RecoveredRun.Dump]) throws {
        let byDisk = Dictionary(grouping: dumps, by: \.diskName)
        for entry in self {
            guard let found = byDisk[entry.name], let lowest = found.map(\.name.level).min() else { continue }
            var newest: [Int: RecoveredRun.Dump] = [:]
            for dump in found.sorted(by: { $0.name.datestamp < $1.name.datestamp }) {
                newest = newest.filter { $0.key < dump.name.level }
                newest[dump.name.level] = dump
            }
            let snapshots = try TarSnapshots(host: entry.host, dle: DLEDescription(entry))
            for level in lowest...Swift.max(lowest, TarSnapshots.greatestLevel) {
                guard let started = snapshots.startedAt(level: level),
                    newest[level]?.madeWithin?.contains(started) != true
                else { continue }
                try snapshots.remove(level: level)
            }
        }
    }
}
