// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import S3

/// Reads dumps out of the node's own Amanda catalog: runs of stock amdump, or of ours whose record is gone.
struct CatalogSource: RestoreSource {
    let settings: AgentSettings
    let storage: StorageAddress
    let run: Datestamp
    let clients: BucketClients

    /// The dumps that this very run made: a disk that it did not dump has no state of that time.
    func disks(of configuration: ConfigurationChoice) async throws -> RestorableSet {
        let loaded = try load(configuration)
        let history = try await runBlocking("history") { try CatalogReader(loaded.location).history() }
        let found = history.dumps.filter { $0.name.datestamp == run.description }
        let dumps = found.filter { $0.isWhole || $0.isOverwritten }
        guard !dumps.isEmpty else { throw unknownRun(configuration) }
        let changers = try loaded.configuration.changers()
        let slots = try await VolumeSlots.read(
            loaded.configuration, SlotReader { [clients] in try clients.client($0, of: configuration.name) },
            in: try changers.first.map { try VolumeStore($0, storage: storage, node: settings.node) })
        var set = RestorableSet()
        for name in Set(dumps.map(\.diskName)).sorted() {
            // Of two dumps of one disk in a run, the one of the later attempt.
            guard
                let dump = dumps.last(where: { $0.diskName == name && $0.isWhole })
                    ?? dumps.last(where: { $0.diskName == name })
            else { continue }
            let entry = loaded.disklist.entries.first { $0.diskName == name.disk }
            set.disks.append(
                RestorableDisk(
                    configuration: configuration, disk: name.disk, device: entry?.directory,
                    dumps: try chain(
                        history.chain(to: dump), slots,
                        needsFull: entry?.dumptype.schedule.fullsAreElsewhere != true),
                    recoveryThreadCount: changers.first?.recoveryThreadCount ?? 1))
        }
        set.missing = missing(history, found, dumped: set.disks.map(\.disk))
        return set
    }

    private func missing(
        _ history: DumpHistory, _ found: [CatalogDump], dumped: [String]
    ) -> [(disk: String, reason: String)] {
        history.disks(attemptedBy: run).map(\.disk).filter { !dumped.contains($0) }.map { disk in
            switch found.first(where: { $0.name.disk == disk })?.status {
            case .failed(let reason), .partial(let reason): (disk, reason)
            case .unfinished, .done, nil: (disk, "its dump did not come to an end")
            }
        }
    }

    private func load(_ choice: ConfigurationChoice) throws -> LoadedConfiguration {
        do {
            return try ConfigurationDirectory(root: settings.amandaDirectory, name: choice.name).load()
        } catch CatalogError.unknownConfiguration {
            throw unknownRun(choice)
        }
    }

    private func chain(
        _ chain: DumpChain, _ slots: VolumeSlots, needsFull: Bool
    ) throws -> [RestorableDump] {
        guard chain.isRooted || !needsFull else {
            let bottom = chain.dumps.first
            throw WireError(
                .damaged, node: settings.node,
                "no log of this node knows the full dump that level \(bottom?.name.level ?? 1) of "
                    + "'\(bottom?.name.disk ?? "")' of run \(bottom?.name.datestamp ?? run.description) builds on",
                hint: "choose another run.")
        }
        do {
            return try chain.records(slots).map { try RestorableDump($0) }
        } catch let lost as LostVolume {
            throw WireError(
                .damaged, node: settings.node, "run \(run) cannot be restored: \(lost)",
                hint: "choose another run: 'amfleet list' shows which can still be restored.")
        }
    }

    private func unknownRun(_ choice: ConfigurationChoice) -> WireError {
        WireError(
            .damaged, node: settings.node,
            "neither the bucket nor this node's catalog knows run \(run) of configuration '\(choice.name)'",
            hint: "see 'amfleet list' for the runs that there are.")
    }
}
