// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import S3

/// Reads dumps out of the node's own Amanda catalog: runs of stock amdump, or of ours whose record is gone.
struct CatalogSource: RestoreSource {
    let settings: AgentSettings
    let run: Datestamp
    let clients: BucketClients

    func dumps(of configuration: ConfigurationChoice) async throws -> [RestorableDump] {
        let loaded = try load(configuration)
        let changer = try loaded.configuration.changer()
        let dumps = try CatalogReader(loaded.location).dumps(of: run).filter {
            $0.isWhole && $0.name.level == 0
        }
        guard !dumps.isEmpty else { throw unknownRun(configuration) }
        let slots = try await slots(of: changer, configuration.name)
        var newest: [String: RestorableDump] = [:]
        for dump in dumps {
            newest[dump.name.disk] = try restorable(dump, configuration, loaded, changer, slots)
        }
        return newest.values.sorted { $0.disk < $1.disk }
    }

    func volumes(of configuration: ConfigurationChoice) async throws -> [VolumeRecord] {
        let loaded = try load(configuration)
        let dumps = try CatalogReader(loaded.location).dumps(of: run).filter(\.isWhole)
        let slots = try await slots(of: loaded.configuration.changer(), configuration.name)
        return try Set(dumps.flatMap { $0.parts.map(\.label) }).sorted().map { label in
            let device = try device(of: label, slots)
            return VolumeRecord(label: label, bucket: device.bucket, prefix: device.prefix)
        }
    }

    private func load(_ choice: ConfigurationChoice) throws -> LoadedConfiguration {
        do {
            return try ConfigurationDirectory(root: settings.amandaDirectory, name: choice.name).load()
        } catch CatalogError.unknownConfiguration {
            throw unknownRun(choice)
        }
    }

    private func restorable(
        _ dump: CatalogDump, _ choice: ConfigurationChoice, _ loaded: LoadedConfiguration,
        _ changer: ChangerDefinition, _ slots: [String: S3DevicePath]
    ) throws -> RestorableDump {
        let devices = try dump.parts.map { try device(of: $0.label, slots) }
        let entry = loaded.disklist.entries.first { $0.diskName == dump.name.disk }
        return RestorableDump(
            configuration: choice, disk: dump.name.disk, device: entry?.directory,
            bucket: devices.first?.bucket ?? "", store: nil,
            parts: try zip(dump.parts, devices).map { part, device in
                guard let number = UInt32(exactly: part.fileNumber), number > 0 else {
                    throw WireError(
                        .damaged, node: settings.node, "\(dump.log) names file \(part.fileNumber) of a volume"
                    )
                }
                return RestorePlan.Part(
                    keys: ObjectKeys(slotPrefix: device.prefix), fileNumber: number, byteCount: nil)
            },
            native: dump.checksums?.native, stored: dump.checksums?.server,
            recoveryThreadCount: changer.recoveryThreadCount)
    }

    /// Slots by the label that they bear now.
    private func slots(
        of changer: ChangerDefinition, _ configuration: String
    ) async throws -> [String: S3DevicePath] {
        let contents = try await SlotReader { try clients.client($0, of: configuration) }.slots(of: changer)
        var slots: [String: S3DevicePath] = [:]
        for (content, device) in zip(contents, changer.devices) {
            if case .labelled(let header) = content.volume { slots[header.label] = device }
        }
        return slots
    }

    private func device(of label: String, _ slots: [String: S3DevicePath]) throws -> S3DevicePath {
        if let device = slots[label] { return device }
        throw WireError(
            .damaged, node: settings.node, "volume '\(label)' of run \(run) is in no slot of the changer",
            hint: "it was overwritten or removed: choose another run.")
    }

    private func unknownRun(_ choice: ConfigurationChoice) -> WireError {
        WireError(
            .damaged, node: settings.node,
            "neither the bucket nor this node's catalog knows run \(run) of configuration '\(choice.name)'",
            hint: "see 'amfleet list' for the runs that there are.")
    }
}
