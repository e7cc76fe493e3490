// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import S3

/// Reads dumps out of the node's own Amanda catalog: runs of stock amdump, or of ours whose record is gone.
struct CatalogSource: RestorableDiskSource {
    let node: String
    /// Of the job, as this node has them.
    let configurations: [CheckedConfiguration]
    let run: Datestamp
    let clients: BucketClients

    /// The dumps that this very run made, and those that stand for what it left out on purpose. A disk whose dump failed has
    /// no state of that time.
    func disks(of configuration: ConfigurationChoice) async throws -> RestorableSet {
        let loaded = try await runBlocking("configuration") { try load(configuration) }
        let history = try await runBlocking(
            "history", asking: loaded.location.mayHang, loaded.location.patience
        ) {
            try CatalogReader(loaded.location).history()
        }
        let found = history.dumps.filter { $0.name.datestamp == run.description }
        let dumps = found.filter { $0.isWhole || $0.isOverwritten }
        let leftOut = history.disks(leftOutOf: run)
        guard !dumps.isEmpty || !leftOut.isEmpty else { throw unknownRun(configuration) }
        let slots = try await slots(of: configuration)
        let standIns = try await standIns(history, slots, loaded)
        return try await runBlocking("history", asking: loaded.location.mayHang, loaded.location.patience) {
            try set(of: configuration, found, leftOut, history, slots, standIns, loaded)
        }
    }

    private func set(
        of configuration: ConfigurationChoice, _ found: [CatalogDump], _ leftOut: [DiskName],
        _ history: DumpHistory, _ slots: VolumeSlots, _ standIns: StandIns, _ loaded: LoadedConfiguration
    ) throws -> RestorableSet {
        let dumps = found.filter { $0.isWhole || $0.isOverwritten }
        var set = RestorableSet()
        for (name, dumps) in Dictionary(grouping: dumps, by: \.diskName).sorted(by: { $0.key < $1.key }) {
            // Of two dumps of one disk in a run, the one of the later attempt.
            guard let dump = dumps.last(where: \.isWhole) ?? dumps.last else { continue }
            let chain = history.chain(to: dump)
            var disk = try disk(name, loaded, configuration) { needsFull in
                try records(chain, slots, needsFull: needsFull)
            }
            let index = IndexedSelection(reader: CatalogReader(loaded.location))
            disk.indexedSelection = try? index.selection(of: chain.dumps)
            set.disks.append(disk)
        }
        set.missing = missing(history, found, besides: set.disks.map(\.disk) + leftOut.map(\.disk))
        for name in leftOut {
            do {
                var disk = try disk(name, loaded, configuration) { needsFull in
                    try standIns.records(for: name, needsFull: needsFull)
                }
                disk.isLeftOut = true
                set.disks.append(disk)
            } catch let none as NoStandIn {
                set.missing.append((name.disk, "it was left out of the run; nothing stands for it: \(none)"))
            }
        }
        return set
    }

    private func disk(
        _ name: DiskName, _ loaded: LoadedConfiguration, _ choice: ConfigurationChoice,
        _ records: (_ needsFull: Bool) throws -> [DumpBaseRecord]
    ) throws -> RestorableDisk {
        let entry = loaded.disklist.entries.first { $0.name == name }
        let needsFull = entry?.dumptype.schedule.fullsAreElsewhere != true
        return RestorableDisk(
            configuration: choice, disk: name.disk, device: entry?.directory,
            dumps: try restorable { try records(needsFull) },
            recoveryThreadCount: configurations.named(choice.name)?.changer?.recoveryThreadCount ?? 1,
            host: name.host)
    }

    private func slots(of choice: ConfigurationChoice) async throws -> VolumeSlots {
        guard let configuration = configurations.named(choice.name) else { throw unknownRun(choice) }
        if configuration.stores.isEmpty { _ = try configuration.resolved.get() }
        let reader = SlotReader { [clients] in try clients.client(of: $0, of: choice.name) }
        return try await VolumeSlots.read(configuration.stores, reader)
    }

    private func standIns(
        _ history: DumpHistory, _ slots: VolumeSlots, _ loaded: LoadedConfiguration
    ) async throws -> StandIns {
        try await runBlocking("holding") { [run] in
            StandIns(
                bases: IncrementBases(run: run, history: history, slots: slots),
                held: try HoldingDisks(loaded.configuration.holdingDisks).contents().dumps)
        }
    }

    private func missing(
        _ history: DumpHistory, _ found: [CatalogDump], besides known: [String]
    ) -> [(disk: String, reason: String)] {
        history.disks(attemptedBy: run).map(\.disk).filter { !known.contains($0) }.map { disk in
            switch found.first(where: { $0.name.disk == disk })?.status {
            case .failed(let reason), .partial(let reason): (disk, reason)
            case .unfinished, .done, nil: (disk, "its dump did not come to an end")
            }
        }
    }

    private func load(_ choice: ConfigurationChoice) throws -> LoadedConfiguration {
        do {
            guard let configuration = configurations.named(choice.name) else { throw unknownRun(choice) }
            return try configuration.loaded.get()
        } catch CatalogError.unknownConfiguration {
            throw unknownRun(choice)
        }
    }

    private func records(
        _ chain: DumpChain, _ slots: VolumeSlots, needsFull: Bool
    ) throws -> [DumpBaseRecord] {
        guard chain.isRooted || !needsFull else {
            let bottom = chain.dumps.first
            throw WireError(
                .damaged, node: node,
                "no log of this node knows the full dump that level \(bottom?.name.level ?? 1) of "
                    + "'\(bottom?.name.disk ?? "")' of run \(bottom?.name.datestamp ?? run.description) builds on",
                hint: "choose another run.")
        }
        return try chain.records(slots)
    }

    private func restorable(_ records: () throws -> [DumpBaseRecord]) throws -> [RestorableDump] {
        do {
            return try records().map { try RestorableDump($0) }
        } catch let lost as LostVolume {
            guard lost.isProved else {
                throw WireError(
                    .failed, node: node, "whether run \(run) can be restored is not known: \(lost.facts)",
                    hint: "see why that cannot be read, then restore again.")
            }
            throw WireError(
                .damaged, node: node, "run \(run) cannot be restored: \(lost)",
                hint: "choose another run: 'amfleet list' shows which can still be restored.")
        }
    }

    private func unknownRun(_ choice: ConfigurationChoice) -> WireError {
        WireError(
            .damaged, node: node,
            "neither the bucket nor this node's catalog knows run \(run) of configuration '\(choice.name)'",
            hint: "see 'amfleet list' for the runs that there are.")
    }
}
