// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// Reads dumps out of the node's own record of the run: enough for an empty machine.
struct RecordSource: RestoreSource {
    /// Ranged GETs at a time where no configuration is there to say.
    static let recoveryThreadCount = 8

    let record: NodeRecord
    /// `NB_THREADS_RECOVERY` of a configuration that is on this node.
    let threads: @Sendable (ConfigurationChoice) -> Int?

    func dumps(of configuration: ConfigurationChoice) async throws -> [RestorableDump] {
        let found = try configurationRecord(configuration)
        let volumes = Dictionary(
            found.volumes.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        var newest: [String: RestorableDump] = [:]
        var order: [String] = []
        for dump in found.dumps where dump.status.isUsable {
            let parts = try parts(of: dump, volumes)
            if newest[dump.disk] == nil { order.append(dump.disk) }
            newest[dump.disk] = RestorableDump(
                configuration: configuration, disk: dump.disk, device: dump.device,
                bucket: dump.parts.first.flatMap { volumes[$0.label]?.bucket } ?? "",
                store: dump.parts.first.flatMap { volumes[$0.label]?.store }, parts: parts,
                native: dump.native.sum, stored: dump.server.sum,
                recoveryThreadCount: threads(configuration) ?? Self.recoveryThreadCount)
        }
        guard !order.isEmpty else {
            throw WireError(
                .damaged, node: record.node,
                "run \(record.run) holds no usable dump of configuration '\(configuration.name)' of node "
                    + "'\(record.node)'",
                hint: "choose another run: 'amfleet list' shows which are complete.")
        }
        return order.compactMap { newest[$0] }
    }

    /// - Throws: `damaged` where the record does not say of every part where it lies: leaving one out would be a lie.
    private func parts(
        of dump: DumpRecord, _ volumes: [String: VolumeRecord]
    ) throws -> [RestorePlan.Part] {
        let parts = try dump.parts.map { part in
            guard let volume = volumes[part.label], let number = UInt32(exactly: part.fileNumber), number > 0
            else { throw damaged(dump, "file \(part.fileNumber) of volume '\(part.label)'") }
            return RestorePlan.Part(
                keys: ObjectKeys(slotPrefix: volume.prefix), fileNumber: number, byteCount: part.byteCount)
        }
        guard !parts.isEmpty else { throw damaged(dump, "no file at all") }
        return parts
    }

    private func damaged(_ dump: DumpRecord, _ what: String) -> WireError {
        WireError(
            .damaged, node: record.node,
            "the record of run \(record.run) of node '\(record.node)' cannot be used: it names \(what) for '\(dump.disk)'",
            hint: "choose another run: 'amfleet list' shows which are complete.")
    }

    func volumes(of configuration: ConfigurationChoice) async throws -> [VolumeRecord] {
        try configurationRecord(configuration).volumes
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
