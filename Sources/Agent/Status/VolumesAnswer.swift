// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import HTTPTransport
import Planning
import S3

/// What lies in the slots of the node's configurations, and when it is overwritten. Reads catalogs and the bucket, writes
/// nothing.
struct VolumesAnswer: Sendable {
    private let settings: AgentSettings
    private let storage: NodeStorage

    init(settings: AgentSettings, storage: NodeStorage) {
        self.settings = settings
        self.storage = storage
    }

    /// Never fails: what cannot be found out is an error inside the answer.
    func volumes(answering question: StatusQuestion) async -> NodeVolumes {
        do {
            let checked = try await CheckedConfiguration.all(
                question.configurations, settings, question.storage)
            var configurations: [ConfigurationVolumes] = []
            for configuration in checked { configurations.append(await volumes(of: configuration, question)) }
            return NodeVolumes(node: settings.node, configurations: configurations)
        } catch {
            let faults = WireError.all(cause: error, node: settings.node)
            return NodeVolumes(
                node: settings.node,
                configurations: question.configurations.map {
                    ConfigurationVolumes(name: $0.name, role: $0.role).with(faults)
                })
        }
    }

    private func volumes(
        of checked: CheckedConfiguration, _ question: StatusQuestion
    ) async -> ConfigurationVolumes {
        do {
            return try await volumes(of: checked.resolved.get(), question)
        } catch {
            return ConfigurationVolumes(name: checked.choice.name, role: checked.choice.role)
                .with(WireError.all(cause: error, node: settings.node))
        }
    }

    private func volumes(
        of prepared: PreparedConfiguration, _ question: StatusQuestion
    ) async throws -> ConfigurationVolumes {
        let name = prepared.choice.name
        let run = try await nextRun(prepared)
        let clients = BucketClients(storage, at: question.storage, stores: [name: prepared.stores])
        let records = NodeRecordStore(client: try clients.main, layout: BucketLayout(question.storage))
        var taking = VolumeTaking(
            node: settings.node, prepared: prepared, run: run, protection: question.protection
        ) {
            try clients.client(of: $0, of: name)
        }
        let found: CatalogCatchUp.Result
        do {
            found = try await CatalogCatchUp(taking: taking, records: records).look()
        } catch let error as UnreadRecord {
            found = CatalogCatchUp.Result(leavingAlone: try await taking.look().unknown, because: error)
        }
        taking.known = try await knownMeasures(prepared, records, before: run, besides: found.runs.map(\.run))
        // The next run enters it first, and then chooses.
        var foreseen = prepared
        foreseen.loaded.location.recovered = found.runs
        let view = try await taking.of(foreseen).look()
        let dumps = try await runBlocking(
            "volumes", asking: foreseen.location.mayHang, foreseen.location.patience
        ) {
            [location = foreseen.location] in
            try CatalogReader(location).dumps()
        }
        return VolumeTable(
            node: settings.node, prepared: prepared, view: view, dumps: dumps, findings: found.findings
        ).volumes(from: run)
    }

    /// Which dumps are suspect, also of runs that the catalog does not know yet. Where the cluster's store is away, volumes elsewhere can
    /// be looked at all the same.
    private func knownMeasures(
        _ prepared: PreparedConfiguration, _ records: NodeRecordStore, before run: Datestamp,
        besides recovered: [Datestamp]
    ) async throws -> KnownMeasures {
        let runs = try await runBlocking(
            "volumes", asking: prepared.location.mayHang, prepared.location.patience
        ) {
            try CatalogReader(prepared.location).newestRuns(MeasureReader.depth)
        }
        do {
            let name = prepared.choice.name
            let known = try await MeasureReader(records, node: settings.node)
                .known([name: prepared.entries.map(\.name)], in: (runs + recovered).filter { $0 < run })
            return known[name] ?? KnownMeasures()
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            return KnownMeasures()
        }
    }

    /// A name that the next run might bear.
    private func nextRun(_ prepared: PreparedConfiguration) async throws -> Datestamp {
        let newest = try await runBlocking(
            "volumes", asking: prepared.location.mayHang, prepared.location.patience
        ) {
            try CatalogReader(prepared.location).newestRun()
        }
        guard let run = CatalogCatchUp.nextRun(after: newest) else {
            throw WireError(.failed, node: settings.node, "the clock of this node shows no possible date")
        }
        return run
    }
}

/// Puts together what slots, tapelist and logs say of each volume.
struct VolumeTable: Sendable {
    let node: String
    let prepared: PreparedConfiguration
    let view: VolumeView
    let dumps: [CatalogDump]
    /// What the catalog does not know.
    let findings: [CatalogCatchUp.Finding]

    func volumes(from run: Datestamp) -> ConfigurationVolumes {
        let forecast = view.chooser.forecast(
            from: run, slots: view.slots, volumesPerRun: prepared.configuration.runtapes)
        let unknown = Dictionary(
            findings.map { ($0.volume.slot, $0) }, uniquingKeysWith: { first, _ in first })
        var result = ConfigurationVolumes(name: prepared.choice.name, role: prepared.choice.role)
        for (index, device) in view.devices.enumerated() {
            var slot = slot(device, view.slots[index].volume)
            switch forecast[index] {
            case .run(let number): slot.writtenByRun = number
            case .spare: slot.isSpare = true
            case .kept(let reason): slot.keptReason = reason
            }
            if let finding = unknown[device.description] {
                slot.state = .unknown
                slot.writtenByRun = nil
                slot.isSpare = nil
                slot.keptReason = finding.text(isDone: false)
            }
            if let protection = slot.label.flatMap({ view.chooser.protected[$0] }) {
                slot.protectedRun = protection.run
                if protection.isPinned { slot.isPinned = true }
            }
            result.slots.append(slot)
        }
        do throws(VolumeChoiceError) {
            result.shortfall = try view.choice(for: run).shortfall.map(ConfigurationVolumes.Shortfall.init)
        } catch {
            result.refusal = WireError(cause: error, node: node)
        }
        let found = Set(result.slots.compactMap(\.label))
        result.lostLabels = view.chooser.tapelist.entries
            .filter { !$0.isNeverWritten && !found.contains($0.label) }.map(\.label)
        return result
    }

    private func slot(_ device: VolumeDevice, _ volume: SlotContents.Volume) -> SlotVolume {
        var slot = SlotVolume(slot: device.slot, device: device.description, state: .unlabelled)
        switch volume {
        case .unlabelled: break
        case .foreign: slot.state = .foreign
        case .unreadable(let reason): (slot.state, slot.unreadableReason) = (.unreadable, reason)
        case .labelled(let header):
            let entry = view.chooser.tapelist.entry(label: header.label)
            let isKnown = entry.map { $0.datestamp == header.datestamp } ?? false
            slot.state = isKnown ? .known : .unknown
            slot.label = header.label
            slot.run = header.datestamp
            if isKnown { slot.dumps = dumps.compactMap { share(of: $0, header.label) } }
        }
        return slot
    }

    private func share(of dump: CatalogDump, _ label: String) -> SlotVolume.Dump? {
        let parts = dump.parts.filter { $0.label == label }
        guard !parts.isEmpty else { return nil }
        return SlotVolume.Dump(
            host: dump.name.host, disk: dump.name.disk, level: dump.name.level,
            storedBytes: parts.compactMap(\.byteCount).byteSum, isWhole: dump.isWhole)
    }
}

extension ConfigurationVolumes.Shortfall {
    fileprivate init(_ shortfall: RetentionShortfall) {
        self.init(
            asked: shortfall.asked, left: shortfall.left, protectedRuns: shortfall.protections.map(\.run),
            text: shortfall.description)
    }
}
