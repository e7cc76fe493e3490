// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Files
import FoundationEssentials
import HTTPTransport
import S3
import Testing

@testable import Agent

/// Runs of one configuration at levels that the test chooses, made of the parts that a backup is made of.
struct LevelFixture: Sendable {
    let node: NodeFixture
    let choice: ConfigurationChoice

    init(_ node: NodeFixture, _ choice: ConfigurationChoice = .init(name: "data", role: .data)) {
        self.node = node
        self.choice = choice
    }

    private func clients(_ run: String) async throws -> BucketClients {
        let storage = NodeStorage(settings: node.settings, transport: try HTTPTransport())
        let request = try node.request(run, .backup(BackupOrder(configurations: [choice])))
        return BucketClients(storage, request, stores: [try await node.checked(choice)].stores)
    }

    private func prepared() async throws -> PreparedConfiguration {
        try await node.checked(choice).usable()
    }

    func bases(for run: String) async throws -> (bases: IncrementBases, entry: DisklistEntry) {
        let (prepared, clients) = (try await prepared(), try await clients(run))
        let slots = try await VolumeSlots.read(
            prepared.stores, SlotReader { [choice] in try clients.client(of: $0, of: choice.name) })
        let bases = IncrementBases(
            run: try #require(Datestamp(run)), history: try CatalogReader(prepared.location).history(),
            slots: slots)
        return (bases, try #require(prepared.entries.first))
    }

    /// Why an increment is impossible; nil: it is possible.
    func refusal(_ level: Int, for run: String) async throws -> String? {
        let (bases, entry) = try await bases(for: run)
        if case .impossible(let reason) = bases.answer(level, of: entry) { return reason }
        return nil
    }

    /// - Parameter writesRecord: whether the bucket gets the node record; without one only the catalog knows the run.
    @discardableResult
    func dump(_ run: String, level: Int, writesRecord: Bool = true) async throws -> DumpRecord {
        let datestamp = try #require(Datestamp(run))
        let clients = try await clients(run)
        let prepared = try await prepared()
        let (bases, entry) = try await bases(for: run)
        var base: IncrementBase?
        if level > 0 {
            guard case .possible(let found) = bases.answer(level, of: entry) else {
                throw WireError(.failed, "\(bases.answer(level, of: entry))")
            }
            base = found
        }
        let catalog = try RunCatalog(
            beginning: datestamp, location: prepared.location,
            disks: [(host: entry.host, disk: entry.diskName)], hostName: "node01")
        let taking = VolumeTaking(node: "node01", prepared: prepared, run: datestamp) {
            try clients.client(of: $0, of: choice.name)
        }
        let volumes = RunVolumes(
            taking, catalog, journal: try UploadJournal(path: "\(node.state.path)/uploads-\(run)"))
        let target = try await volumes.begin(.success(try await taking.choose()), kept: [])
        var plan = DumpPlan(
            host: entry.host, datestamp: datestamp, dle: DLEDescription(entry, level: level),
            device: entry.directory, target: target, workDirectory: node.state.path)
        plan.base = base?.base
        let outcome = try await DumpEngine().dump(plan)
        try catalog.record(LoggedDump(outcome))
        try outcome.snapshot?.keep()
        try catalog.finish()
        let record = self.record(entry, outcome, base)
        try #require(outcome.isUsable, "\(outcome.status)")
        if writesRecord { try await write(record, volumes.records, run) }
        return record
    }

    private func record(
        _ entry: DisklistEntry, _ outcome: DumpOutcome, _ base: IncrementBase?
    ) -> DumpRecord {
        DumpRecord(
            host: entry.host, disk: entry.diskName, device: entry.directory, level: outcome.header.level,
            status: outcome.isUsable ? .ok : .failed, compression: .gzip,
            native: .init(outcome.native), client: .init(outcome.client), server: .init(outcome.server),
            parts: outcome.parts, bases: base?.records)
    }

    private func write(_ dump: DumpRecord, _ volumes: [VolumeRecord], _ run: String) async throws {
        let record = NodeRecord(
            cluster: "demo", node: "node01", run: try #require(RunName(run)), attempt: 1, fence: 0,
            version: "1", startedAt: Date(), finishedAt: Date(),
            configurations: [
                ConfigurationRecord(name: choice.name, role: choice.role, volumes: volumes, dumps: [dump])
            ])
        try await NodeRecordStore(client: node.client, layout: BucketLayout(node.storage)).write(record)
    }
}

/// Every name below a directory with its contents; a directory ends in `/`.
func tree(_ directory: String, below prefix: String = "") throws -> [String: String] {
    var found: [String: String] = [:]
    for name in try FileSystem.list("\(directory)/\(prefix)") {
        let path = prefix + name
        if FileSystem.isDirectory("\(directory)/\(path)") {
            found["\(path)/"] = ""
            found.merge(try tree(directory, below: "\(path)/")) { $1 }
        } else {
            found[path] = String(decoding: try FileSystem.readAll("\(directory)/\(path)"), as: UTF8.self)
        }
    }
    return found
}
