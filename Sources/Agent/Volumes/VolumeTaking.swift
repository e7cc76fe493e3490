// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files
import Planning
import S3

/// A volume that a configuration's run writes.
struct TakenVolume: Sendable {
    let label: String
    let device: VolumeDevice
    /// Of the next file.
    let nextFileNumber: UInt32
    /// What lies there of this run, the label not counted.
    let usedByteCount: Int64
    let record: VolumeRecord
}

/// The volumes of a configuration, and who chooses among them.
struct VolumeView: Sendable {
    let chooser: VolumeChooser
    let slots: [SlotContents]
    /// Of those slots.
    let devices: [VolumeDevice]
    /// Where every labelled volume lies, those of other storages too.
    let places: VolumeSlots

    /// What a slot bears; nil: it is none of the changer's.
    func volume(in slot: String) -> SlotContents.Volume? { slots.first { $0.slot == slot }?.volume }

    func choice(for run: Datestamp) throws(VolumeChoiceError) -> VolumeChoice {
        try chooser.choose(run: run, slots: slots)
    }

    /// What nobody writes to, because the catalog does not know what lies there.
    var unknown: [UnknownVolume] { chooser.unknownVolumes(in: slots) }

    /// What the planner has to know so that the next run finds a volume too.
    func rotation(taking choice: VolumeChoice?) -> VolumeRotation {
        chooser.rotation(slots: slots, choices: [choice].compactMap { $0 })
    }
}

/// Chooses a volume and takes it, in the order of Docs/DECISIONS.md, 6: the slot is reserved, the old dumps leave the
/// tapelist, their objects go by exact key, and only then the volume bears the new run's label.
struct VolumeTaking: Sendable {
    let node: String
    private(set) var prepared: PreparedConfiguration
    let run: Datestamp
    /// What the cluster keeps; nil: nothing that we know of.
    var protection: RunProtection?
    /// Which of its dumps are suspect.
    var known = KnownMeasures()
    /// Volumes that must not be written, as if they were no-reuse.
    var barred: Set<String> = []
    /// Makes a client for a volume.
    let client: @Sendable (VolumeRecord) throws -> S3Client

    /// The same of a configuration whose catalog is told more.
    func of(_ foreseen: PreparedConfiguration) -> VolumeTaking {
        var taking = self
        taking.prepared = foreseen
        return taking
    }

    /// What there is to choose from: nothing is written anywhere.
    ///
    /// - Parameter filled: volumes that this run has written and does not go on with.
    func look(besides filled: Set<String> = []) async throws -> VolumeView {
        let reader = SlotReader(client: client)
        let slots = try await reader.look(at: prepared.changer, in: prepared.store)
        let places = try await VolumeSlots.read(prepared.stores, reader, known: slots)
        return try await runBlocking("catalog", asking: prepared.location.mayHang, prepared.location.patience)
        {
            [prepared, run, protection, known, barred] in
            let reader = CatalogReader(prepared.location)
            var tapelist = try reader.tapelist()
            for label in barred { tapelist.bar(label) }
            var chooser = VolumeChooser(
                policy: prepared.loaded.volumePolicy, tapelist: tapelist,
                commands: try reader.commands())
            chooser.filled = filled
            if !chooser.unknownVolumes(in: slots.map(\.contents)).isEmpty {
                chooser.givenUp = try reader.givenUpVolumes()
            }
            chooser.protected =
                protection?.protections(of: slots.map(\.contents), in: prepared.choice.name) ?? [:]
            chooser.protectedUnseen =
                protection?.protections(of: tapelist, in: prepared.choice.name) ?? [:]
            let stored = try reader.storedDumps().map { $0.marked(by: known) }
            chooser.kept = chooser.policy.rules.kept(chooser.tapelist, stored, run: run)
            let dumps = Dictionary(grouping: stored, by: \.name)
            chooser.needs = VolumeNeed.volumes(
                of: prepared.entries.compactMap { entry in
                    RestorableChain.newest(
                        of: dumps[entry.name] ?? [],
                        fullsAreElsewhere: entry.dumptype.schedule.fullsAreElsewhere)
                })
            return VolumeView(
                chooser: chooser, slots: slots.map(\.contents), devices: slots.map(\.device),
                places: places)
        }
    }

    /// The choice alone.
    func choose(besides filled: Set<String> = []) async throws -> VolumeChoice {
        try await look(besides: filled).choice(for: run)
    }

    /// Takes what was chosen, if after the reservation it would be chosen again.
    func take(
        _ choice: VolumeChoice, besides filled: Set<String> = [], _ catalog: RunCatalog
    ) async throws -> TakenVolume {
        let device = try await device(of: choice)
        try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
            try catalog.reserve(device: device.description)
        }
        let view = try await look(besides: filled)
        guard try view.choice(for: run) == choice else {
            throw changed(device, "its choice and its reservation")
        }
        try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
            try catalog.prepare(choice)
        }
        let volume = try await label(choice, device, bearing: view.volume(in: choice.slot))
        let blockKiB = Int(prepared.blockByteCount >> 10)
        try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
            try catalog.volumeWritten(choice, on: device, blockKiB: blockKiB)
        }
        return volume
    }

    private func changed(_ device: VolumeDevice, _ when: String) -> WireError {
        WireError(
            .busy, node: node, "slot '\(device)' changed between \(when)",
            hint: "see who else writes there, then run it again.")
    }

    /// Whoever labels the slot now would lose everything: its label is read once more, last of all.
    private func requireUnchanged(_ device: VolumeDevice, from volume: SlotContents.Volume?) async throws {
        let now = try await SlotReader(client: client).volume(in: device, of: prepared.store)
        guard now == volume else { throw changed(device, "its reservation and its being overwritten") }
    }

    /// Takes the old files off and labels what is left, or goes on behind the last one.
    private func label(
        _ choice: VolumeChoice, _ device: VolumeDevice, bearing found: SlotContents.Volume?
    ) async throws -> TakenVolume {
        let header = VolumeHeader(datestamp: run, label: choice.label)
        let isGoingOn = choice.kind == .continuing
        let (next, used): (UInt32, Int64)
        switch device {
        case .bucket(let path):
            let objects = VolumeObjects(
                client: try client(prepared.store.volume(choice.label, on: device)),
                keys: ObjectKeys(slotPrefix: path.prefix))
            if isGoingOn {
                (next, used) = try await objects.goOn()
            } else {
                try await requireUnchanged(device, from: found)
                try await objects.deleteFiles()
                _ = try await objects.client.put(objects.keys.volumeLabel, header.bytes)
                (next, used) = (1, 0)
            }
        case .directory(let path):
            let volume = VolumeDirectory(
                path, of: prepared.changer, owner: prepared.loaded.dumpuser.owner)
            if !isGoingOn { try await requireUnchanged(device, from: found) }
            (next, used) = try await runBlocking(
                "volume", asking: device.mayHang, .ofTree
            ) {
                try isGoingOn ? volume.goOn() : volume.label(header)
            }
        }
        let record = try await runBlocking("volume", asking: device.mayHang) { [prepared] in
            prepared.store.volume(choice.label, on: device)
        }
        return TakenVolume(
            label: choice.label, device: device, nextFileNumber: next, usedByteCount: used, record: record)
    }

    func device(of choice: VolumeChoice) async throws -> VolumeDevice {
        let devices = try await SlotReader(client: client).devices(of: prepared.changer)
        guard let device = devices.first(where: { $0.description == choice.slot }) else {
            throw WireError(
                .failed, node: node, "slot '\(choice.slot)' is none of changer '\(prepared.changer.name)'")
        }
        return device
    }
}

extension Tapelist {
    fileprivate mutating func bar(_ label: String) {
        guard var entry = entry(label: label) else { return }
        entry.isReusable = false
        set(entry)
    }
}

extension StoredDump {
    /// The same, and whether it is suspect.
    func marked(by known: KnownMeasures) -> StoredDump {
        var dump = self
        dump.isSuspect = known.isSuspect(name, run: run)
        return dump
    }
}

extension PreparedConfiguration {
    var blockByteCount: Int64 { configuration.blockByteCount(on: changer) }
}
