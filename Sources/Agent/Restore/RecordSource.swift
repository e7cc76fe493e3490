// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// Reads dumps out of the node's own record of the run: enough for an empty machine.
struct RecordSource: RestoreSource {
    /// Ranged GETs at a time where no configuration is there to say.
    static let recoveryThreadCount = 8

    private static let hint = "choose another run: 'amfleet list' shows which are complete."

    let record: NodeRecord
    /// `NB_THREADS_RECOVERY` of a configuration that is on this node.
    let threads: @Sendable (ConfigurationChoice) -> Int?

    func disks(of configuration: ConfigurationChoice) async throws -> RestorableSet {
        let found = try configurationRecord(configuration)
        var newest: [String: RestorableDisk] = [:]
        var order: [String] = []
        for dump in found.dumps where dump.status.isUsable {
            if newest[dump.disk] == nil { order.append(dump.disk) }
            newest[dump.disk] = RestorableDisk(
                configuration: configuration, disk: dump.disk, device: dump.device,
                dumps: try chain(dump, found.volumes),
                recoveryThreadCount: threads(configuration) ?? Self.recoveryThreadCount,
                readsFromGlacier: found.readsFromGlacier == true)
        }
        guard !order.isEmpty else {
            throw WireError(
                .damaged, node: record.node,
                "run \(record.run) holds no usable dump of configuration '\(configuration.name)' of node "
                    + "'\(record.node)'",
                hint: Self.hint)
        }
        return RestorableSet(disks: order.compactMap { newest[$0] })
    }

    /// - Throws: `damaged` where the record does not say of every dump and part where it lies: leaving one out would be a
    ///   lie.
    private func chain(_ dump: DumpRecord, _ volumes: [VolumeRecord]) throws(WireError) -> [RestorableDump] {
        // That there is none is said by an empty list: full dumps are made by other means then.
        guard dump.level == 0 || dump.bases != nil else {
            throw damaged(dump.disk, "no dump below level \(dump.level)")
        }
        var chain: [RestorableDump] = []
        for base in dump.bases ?? [] {
            if let below = chain.last, below.level >= base.level || below.run.description >= base.run.digits {
                throw damaged(dump.disk, "level \(base.level) of run \(base.run) after level \(below.level)")
            }
            chain.append(try restorable(base, dump.disk))
        }
        if let below = chain.last, below.level >= dump.level || below.run.description >= record.run.digits {
            throw damaged(dump.disk, "level \(dump.level) after level \(below.level) of run \(below.run)")
        }
        let own = DumpBaseRecord(
            run: record.run, writtenRun: record.run, level: dump.level, native: dump.native,
            server: dump.server,
            volumes: volumes,
            parts: dump.parts.map {
                .init(label: $0.label, fileNumber: $0.fileNumber, byteCount: $0.byteCount)
            })
        chain.append(try restorable(own, dump.disk))
        return chain
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
