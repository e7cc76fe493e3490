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
        let buckets = Dictionary(
            found.volumes.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        var newest: [String: RestorableDump] = [:]
        var order: [String] = []
        for dump in found.dumps where dump.status.isUsable {
            guard let volume = dump.parts.first.flatMap({ buckets[$0.label] }) else { continue }
            if newest[dump.disk] == nil { order.append(dump.disk) }
            newest[dump.disk] = RestorableDump(
                configuration: configuration, disk: dump.disk, device: dump.device, bucket: volume.bucket,
                parts: dump.parts.compactMap { part in
                    buckets[part.label].map { volume in
                        RestorePlan.Part(
                            keys: ObjectKeys(slotPrefix: volume.prefix), fileNumber: UInt32(part.fileNumber),
                            byteCount: part.byteCount)
                    }
                },
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
