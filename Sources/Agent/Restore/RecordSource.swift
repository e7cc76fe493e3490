// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// Reads dumps out of the node's own record of the run: enough for an empty machine.
struct RecordSource: RestorableDiskSource {
    /// Ranged GETs at a time where no configuration is there to say.
    static let recoveryThreadCount = 8

    private static let hint = "choose another run: 'amfleet list' shows which are complete."

    let record: NodeRecord
    /// `NB_THREADS_RECOVERY` of a configuration that is on this node.
    let threads: @Sendable (ConfigurationChoice) -> Int?
    /// Dumps that have not been sent to a volume yet, where they are on this node.
    var held: HeldDumpLookup?
    /// The node's record of another run; nil: there is none.
    var otherRecord: @Sendable (RunName) async throws -> NodeRecord? = { _ in nil }

    func disks(of configuration: ConfigurationChoice) async throws -> RestorableSet {
        let found = try configurationRecord(configuration)
        var newest: [DiskName: RestorableDisk] = [:]
        var order: [DiskName] = []
        for dump in found.dumps
        where dump.status.isUsable || dump.isStoodFor || dump.status == .held {
            let name = DiskName(host: dump.host, disk: dump.disk)
            if newest[name] == nil { order.append(name) }
            newest[name] = RestorableDisk(
                configuration: configuration, disk: dump.disk, device: dump.device,
                dumps: try chain(dump, found.volumes),
                recoveryThreadCount: threads(configuration) ?? Self.recoveryThreadCount,
                readsFromGlacier: found.readsFromGlacier == true, isLeftOut: dump.isStoodFor,
                host: dump.host)
            if !dump.isStoodFor, let last = newest[name]?.dumps.indices.last {
                newest[name]?.dumps[last].selection = try sound(dump.selection, of: dump.disk, in: record.run)
            }
        }
        guard !order.isEmpty else {
            throw WireError(
                .damaged, node: record.node,
                "run \(record.run) holds no usable dump of configuration '\(configuration.name)' of node "
                    + "'\(record.node)'",
                hint: Self.hint)
        }
        let missing = found.dumps.filter { newest[DiskName(host: $0.host, disk: $0.disk)] == nil }
        return RestorableSet(
            disks: try await withSelections(order.compactMap { newest[$0] }),
            missing: missing.map { ($0.disk, $0.whyMissing) })
    }

    /// What includes found for the dumps below stands in the records of their runs, of which each is read once.
    private func withSelections(_ disks: [RestorableDisk]) async throws -> [RestorableDisk] {
        var disks = disks
        var records: [RunName: NodeRecord?] = [record.run: record]
        for index in disks.indices where disks[index].isLeftOut || disks[index].selection?.included != nil {
            for level in disks[index].dumps.indices where disks[index].dumps[level].selection == nil {
                let (disk, dump) = (disks[index], disks[index].dumps[level])
                if records[dump.run] == nil { records[dump.run] = .some(try await otherRecord(dump.run)) }
                let found = records[dump.run]??.configurations.first { $0.name == disk.configuration.name }?
                    .dumps.last { $0.host == disk.host && $0.disk == disk.disk && $0.level == dump.level }
                disks[index].dumps[level].selection = try sound(found?.selection, of: disk.disk, in: dump.run)
            }
        }
        return disks
    }

    private func sound(
        _ selection: DumpSelection?, of disk: String, in run: RunName
    ) throws(WireError) -> DumpSelection? {
        guard selection?.isSound ?? true else {
            throw damaged(disk, "impossible includes, in run \(run),")
        }
        return selection
    }

    /// - Throws: `damaged` where the record does not say of every dump and part where it lies: leaving one out would be a
    ///   lie.
    private func chain(_ dump: DumpRecord, _ volumes: [VolumeRecord]) throws(WireError) -> [RestorableDump] {
        // That there is none is said by an empty list: full dumps are made by other means then.
        guard dump.level == 0 || dump.bases != nil else {
            if dump.status == .held { throw baselessHeld(dump.disk) }
            throw damaged(dump.disk, "no dump below level \(dump.level)")
        }
        var chain: [RestorableDump] = []
        for link in (dump.bases ?? []) + ownLink(dump, volumes) {
            if let below = chain.last, below.level >= link.level || below.run >= link.run {
                throw damaged(dump.disk, "level \(link.level) of run \(link.run) after level \(below.level)")
            }
            guard link.run <= record.run else { throw damaged(dump.disk, "run \(link.run), a later one,") }
            chain.append(
                try dump.status == .held && link.run == record.run
                    ? heldDump(dump) : restorable(link, dump.disk))
        }
        return chain
    }

    private func ownLink(_ dump: DumpRecord, _ volumes: [VolumeRecord]) -> [DumpBaseRecord] {
        dump.isStoodFor ? [] : [own(dump, volumes)]
    }

    private func own(_ dump: DumpRecord, _ volumes: [VolumeRecord]) -> DumpBaseRecord {
        DumpBaseRecord(
            run: record.run, writtenRun: record.run, level: dump.level, native: dump.native,
            server: dump.server, volumes: volumes,
            parts: dump.parts.map(\.place))
    }

    private func heldDump(_ dump: DumpRecord) throws(WireError) -> RestorableDump {
        guard let place = dump.held, let held = held?[place] else {
            throw WireError(
                .damaged, node: record.node,
                "'\(dump.disk)' of run \(record.run) was held at '\(dump.held?.chunks.first?.path ?? "")' of node "
                    + "'\(record.node)', and is not whole there now",
                hint: Self.hint)
        }
        let run = held.header.datestamp
        return RestorableDump(
            record: DumpBaseRecord(
                run: run, writtenRun: run, level: dump.level, native: dump.native, server: dump.server,
                volumes: [], parts: []),
            held: held)
    }

    private func restorable(_ dump: DumpBaseRecord, _ disk: String) throws(WireError) -> RestorableDump {
        do throws(WireError) {
            return try RestorableDump(dump)
        } catch {
            throw WireError(
                .damaged, node: record.node,
                "the record of run \(record.run) of node '\(record.node)' cannot be used: '\(disk)': \(error.message)",
                hint: Self.hint)
        }
    }

    private func baselessHeld(_ disk: String) -> WireError {
        WireError(
            .failed, node: record.node,
            "'\(disk)' of run \(record.run) is an increment that was held while the store was away: its record does "
                + "not say what it builds on",
            hint: "run 'amfleet flush', which sends it and completes the record, and restore again.")
    }

    private func damaged(_ disk: String, _ what: String) -> WireError {
        WireError(
            .damaged, node: record.node,
            "the record of run \(record.run) of node '\(record.node)' cannot be used: it names \(what) for '\(disk)'",
            hint: Self.hint)
    }

    private func configurationRecord(_ choice: ConfigurationChoice) throws -> ConfigurationRecord {
        if let found = record.configurations.first(where: { $0.name == choice.name }) { return found }
        let known = record.configurations.map(\.name).joined(separator: ", ")
        throw WireError(
            .configuration, node: record.node,
            "run \(record.run) of node '\(record.node)' has no configuration '\(choice.name)'",
            hint: "it has: \(known).")
    }
}

extension DumpRecord {
    /// The run left it out on purpose, and earlier dumps stand for it.
    fileprivate var isStoodFor: Bool { status == .skipped && bases?.isEmpty == false }

    /// Why a run has nothing of the disk.
    fileprivate var whyMissing: String {
        switch status {
        case .failed: error?.message ?? "it was not dumped"
        case .held: "it lies on the node's holding disk and not in the bucket"
        case .skipped: (["it was left out of the run"] + notes).joined(separator: "; ")
        case .ok, .strange, .planned: "it was not dumped"
        }
    }
}
