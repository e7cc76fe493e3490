// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import S3

/// The volume that a configuration's run writes.
struct TakenVolume: Sendable {
    let label: String
    let device: S3DevicePath
    /// Of the next file.
    var nextFileNumber: UInt32

    var keys: ObjectKeys { ObjectKeys(slotPrefix: device.prefix) }
    var record: VolumeRecord { VolumeRecord(label: label, bucket: device.bucket, prefix: device.prefix) }
}

/// Chooses a volume and takes it, in the order of DESIGN decision 12: the slot is reserved, the old dumps leave the
/// tapelist, their objects go by exact key, and only then the volume bears the new run's label.
struct VolumeTaking: Sendable {
    let node: String
    let prepared: PreparedConfiguration
    let run: Datestamp
    let client: @Sendable (_ bucket: String) throws -> S3Client

    /// The choice alone: nothing is written anywhere.
    func choose() async throws -> VolumeChoice {
        let slots = try await SlotReader(client: client).slots(of: prepared.changer)
        return try await runBlocking("catalog") { [prepared, run] in
            let reader = CatalogReader(prepared.location)
            var chooser = VolumeChooser(
                policy: prepared.loaded.volumePolicy, tapelist: try reader.tapelist(),
                commands: try reader.commands())
            chooser.newestFullDumps = try reader.newestFullDumps(
                of: prepared.entries.map { (host: $0.host, disk: $0.diskName) })
            return try chooser.choose(run: run, slots: slots)
        }
    }

    func take(_ catalog: RunCatalog) async throws -> TakenVolume {
        try await take(chosen(catalog), catalog)
    }

    /// Takes what was chosen, if after the reservation it would be chosen again.
    func take(_ choice: VolumeChoice, _ catalog: RunCatalog) async throws -> TakenVolume {
        let device = try device(of: choice)
        try await runBlocking("catalog") { try catalog.reserve(device: device.description) }
        try await requireUnchanged(choice, device)
        let objects = VolumeObjects(
            client: try client(device.bucket), keys: ObjectKeys(slotPrefix: device.prefix))
        try await runBlocking("catalog") { try catalog.prepare(choice) }
        var next: UInt32 = 1
        if choice.kind == .continuing {
            next = try await objects.nextFileNumber()
        } else {
            try await objects.deleteFiles()
            let label = VolumeHeader(datestamp: run, label: choice.label)
            _ = try await objects.client.put(objects.keys.volumeLabel, label.bytes)
        }
        let blockKiB = Int(prepared.blockByteCount >> 10)
        try await runBlocking("catalog") {
            try catalog.volumeWritten(
                choice, bucket: device.bucket, prefix: device.prefix, blockKiB: blockKiB)
        }
        return TakenVolume(label: choice.label, device: device, nextFileNumber: next)
    }

    private func chosen(_ catalog: RunCatalog) async throws -> VolumeChoice {
        do {
            return try await choose()
        } catch let error as VolumeChoiceError {
            try await runBlocking("catalog") { try catalog.volumeRefused("no volume can be written") }
            throw error
        }
    }

    /// Between the look at all slots and the reservation somebody else may have written this one, or the tapelist.
    private func requireUnchanged(_ choice: VolumeChoice, _ device: S3DevicePath) async throws {
        guard try await choose() == choice else {
            throw WireError(
                .busy, node: node, "slot '\(device)' changed between its choice and its reservation",
                hint: "see who else writes there, then run it again.")
        }
    }

    func device(of choice: VolumeChoice) throws -> S3DevicePath {
        guard let device = prepared.changer.devices.first(where: { $0.description == choice.slot }) else {
            throw WireError(
                .failed, node: node, "slot '\(choice.slot)' is none of changer '\(prepared.changer.name)'")
        }
        return device
    }
}

extension PreparedConfiguration {
    var blockByteCount: Int64 { configuration.blockByteCount(on: changer) }
}
