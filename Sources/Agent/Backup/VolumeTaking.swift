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
    let store: VolumeStore
    /// Of the next file.
    var nextFileNumber: UInt32

    var keys: ObjectKeys { ObjectKeys(slotPrefix: device.prefix) }
    var record: VolumeRecord { store.volume(label, on: device) }
}

/// The volumes of a configuration, and who chooses among them.
struct VolumeView: Sendable {
    let chooser: VolumeChooser
    let slots: [SlotContents]

    func choice(for run: Datestamp) throws(VolumeChoiceError) -> VolumeChoice {
        try chooser.choose(run: run, slots: slots)
    }

    /// What the planner has to know so that the next run finds a volume too.
    func rotation(taking choice: VolumeChoice?) -> VolumeRotation {
        chooser.rotation(slots: slots, choices: [choice].compactMap { $0 })
    }
}

/// Chooses a volume and takes it, in the order of DESIGN decision 12: the slot is reserved, the old dumps leave the
/// tapelist, their objects go by exact key, and only then the volume bears the new run's label.
struct VolumeTaking: Sendable {
    let node: String
    let prepared: PreparedConfiguration
    let run: Datestamp
    let client: @Sendable (_ bucket: String) throws -> S3Client

    /// What there is to choose from: nothing is written anywhere.
    func look() async throws -> VolumeView {
        let slots = try await SlotReader(client: client).slots(of: prepared.changer)
        return try await runBlocking("catalog") { [prepared, run] in
            let reader = CatalogReader(prepared.location)
            var chooser = VolumeChooser(
                policy: prepared.loaded.volumePolicy, tapelist: try reader.tapelist(),
                commands: try reader.commands())
            let stored = try reader.storedDumps()
            chooser.kept = chooser.policy.rules.kept(chooser.tapelist, stored, run: run)
            let dumps = Dictionary(grouping: stored, by: \.name)
            chooser.needs = VolumeNeed.volumes(
                of: prepared.entries.compactMap { entry in
                    RestorableChain.newest(
                        of: dumps[entry.name] ?? [],
                        fullsAreElsewhere: entry.dumptype.schedule.fullsAreElsewhere)
                })
            return VolumeView(chooser: chooser, slots: slots)
        }
    }

    /// The choice alone.
    func choose() async throws -> VolumeChoice {
        try await look().choice(for: run)
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
        return TakenVolume(
            label: choice.label, device: device, store: prepared.store, nextFileNumber: next)
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
