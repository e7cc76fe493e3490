// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import S3

/// One configuration's part in a run: a volume, its disks one after the other, and the catalog of both.
struct ConfigurationRun: Sendable {
    let prepared: PreparedConfiguration
    let request: JobRequest
    let run: Datestamp
    let clients: BucketClients
    let journal: UploadJournal
    let progress: BackupProgress
    let reporter: JobReporter
    /// Where index lines wait for the catalog, and tar's excludes lie.
    let workDirectory: String

    private var node: String { request.node }
    private var name: String { prepared.choice.name }

    /// What would be done. Reads the bucket, writes nothing anywhere.
    func plan() async throws -> ConfigurationRecord {
        let choice = try await taking.choose()
        let device = try taking.device(of: choice)
        var record = emptyRecord
        record.volumes = [VolumeRecord(label: choice.label, bucket: device.bucket, prefix: device.prefix)]
        record.dumps = prepared.entries.map { DumpRecord(planned: $0) }
        record.notes.append(choice.explanation)
        record.notes += prepared.configuration.unusedParameters.map(\.description)
        return record
    }

    /// Dumps every disk that `earlier` does not already hold, proved.
    ///
    /// A disk that fails does not stop the others; a store that refuses or stays away does. `keep` gets the record
    /// after every step. The catalog is closed and the slot given back on every way out.
    ///
    /// - Throws: `CancellationError`; what kept the configuration as a whole from being dumped stands in the record.
    func dump(
        earlier: ConfigurationRecord?, keep: @escaping @Sendable (ConfigurationRecord) async -> Void
    ) async throws -> ConfigurationRecord {
        var record = emptyRecord
        do {
            let catalog = try await beginCatalog()
            do {
                try await dump(into: &record, earlier: earlier, catalog: catalog, keep: keep)
            } catch {
                await close(catalog, &record)
                throw error
            }
            await close(catalog, &record)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            record.error = WireError(cause: error, node: node)
        }
        await keep(record)
        return record
    }

    private func dump(
        into record: inout ConfigurationRecord, earlier: ConfigurationRecord?, catalog: RunCatalog,
        keep: @escaping @Sendable (ConfigurationRecord) async -> Void
    ) async throws {
        let volume = try await taking.take(catalog)
        record.volumes = [volume.record]
        record.dumps = try await finishedDumps(earlier, on: volume)
        let plan = plannedRun(finished: record.dumps)
        try await runBlocking("catalog") { try catalog.planned(plan) }
        await keep(record)
        let target = try BucketVolume(
            label: volume.label, client: clients.client(volume.device.bucket), journal: journal,
            keys: volume.keys, firstFileNumber: volume.nextFileNumber, layout: prepared.layout)
        for entry in prepared.entries {
            try Task.checkCancellation()
            if record.dumps.contains(where: { $0.disk == entry.diskName && $0.host == entry.host }) {
                await reporter.disk("\(name): \(entry.diskName): stays from an earlier attempt")
                progress.skip(entry)
                continue
            }
            let dump = try await dump(entry, to: target, catalog)
            record.dumps.append(dump)
            await keep(record)
            if let error = dump.error, error.concernsWholeStore { throw error }
        }
    }

    /// The dumps of an earlier attempt count only on the volume that they were written to.
    private func finishedDumps(
        _ earlier: ConfigurationRecord?, on volume: TakenVolume
    ) async throws -> [AgentAPI.DumpRecord] {
        guard let earlier, volume.nextFileNumber > 1, earlier.volumes.first == volume.record else {
            return []
        }
        return try await EarlierDumps(client: clients.client(volume.device.bucket)).proved(in: earlier)
    }

    private func dump(
        _ entry: DisklistEntry, to target: BucketVolume, _ catalog: RunCatalog
    ) async throws -> AgentAPI.DumpRecord {
        await reporter.disk("\(name): \(entry.diskName): begins")
        progress.begin(entry, configuration: name)
        let indexPath = entry.dumptype.isIndexed ? "\(workDirectory)/\(name).index" : nil
        defer { if let indexPath { try? FileSystem.remove(indexPath) } }
        let plan = plan(entry, to: target, indexPath: indexPath)
        try await runBlocking("catalog") {
            try catalog.began(
                host: entry.host, disk: entry.diskName, level: 0, to: .volume(label: target.label))
        }
        let outcome = try await DumpEngine().dump(plan) { dump in
            progress.update(entry, dump)
            catalog.progress(
                host: entry.host, disk: entry.diskName, level: 0, storedByteCount: dump.storedByteCount)
        }
        try await runBlocking("catalog") {
            try catalog.record(Catalog.DumpRecord(outcome))
            try? outcome.snapshot?.keep()  // without it the next increment builds on the level below
        }
        progress.end(entry, outcome)
        let record = AgentAPI.DumpRecord(entry, outcome, node: node)
        await reporter.disk("\(name): \(entry.diskName): \(record.summary)")
        return record
    }

    /// Full dumps of all disks, but for those that an earlier attempt has stored.
    private func plannedRun(finished: [AgentAPI.DumpRecord]) -> PlannedRun {
        var plan = PlannedRun(dumps: [])
        for entry in prepared.entries {
            if let dump = finished.first(where: { $0.disk == entry.diskName && $0.host == entry.host }) {
                plan.leftOut.append(
                    .init(
                        host: entry.host, disk: entry.diskName, level: dump.level, cause: .stored,
                        reason: "stored by an earlier attempt"))
            } else {
                plan.dumps.append(.init(host: entry.host, disk: entry.diskName, level: 0))
            }
        }
        return plan
    }

    private func plan(_ entry: DisklistEntry, to target: BucketVolume, indexPath: String?) -> DumpPlan {
        var plan = DumpPlan(
            host: entry.host, datestamp: run, dle: DLEDescription(entry), device: entry.directory,
            target: target, indexPath: indexPath, workDirectory: workDirectory)
        plan.allowsSplit = entry.dumptype.allowsSplit
        plan.snapshotOwner = prepared.location.owner
        return plan
    }

    private var emptyRecord: ConfigurationRecord {
        ConfigurationRecord(name: name, role: prepared.choice.role, notes: prepared.notes)
    }

    private var taking: VolumeTaking {
        VolumeTaking(node: node, prepared: prepared, run: run) { try clients.client($0) }
    }

    private func beginCatalog() async throws -> RunCatalog {
        let disks = prepared.entries.map { (host: $0.host, disk: $0.diskName) }
        let configuration = prepared.configuration
        let capacity = RunCapacity(
            inparallel: configuration.inparallel, netusage: configuration.netusageBytesPerSecond >> 10,
            volumeKiB: configuration.tapetype.lengthBytes >> 10)
        return try await runBlocking("catalog") {
            try RunCatalog(
                beginning: run, location: prepared.location, isFurtherAttempt: request.attempt > 1,
                disks: disks, hostName: node, capacity: capacity)
        }
    }

    /// Also when the task is cancelled: nothing here waits for the network.
    private func close(_ catalog: RunCatalog, _ record: inout ConfigurationRecord) async {
        do {
            let days = prepared.configuration.dumpcycleDays
            try await runBlocking("catalog") { try catalog.trim(dumpcycleDays: days) }
        } catch {
            record.notes.append("old logs and indexes could not be taken away: \(error)")
        }
        do {
            try await runBlocking("catalog") { try catalog.finish() }
        } catch {
            record.notes.append("the run's log could not be closed: \(error)")
        }
    }
}
