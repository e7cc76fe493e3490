// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog

/// Slots that changers of several configurations of a node name, mostly since one `amanda.conf` was copied from another.
///
/// Each leaves the other's volumes alone, unless its `autolabel` takes volumes of other configurations: then it gives a slot a label of
/// its own, and what the other has just written there, and calls complete, is gone. Such a one makes no backup.
struct SharedSlots {
    private struct Slot: Hashable {
        let store: StoreRecord?
        let name: String
    }

    private let users: [Slot: [CheckedConfiguration]]

    init(_ configurations: [CheckedConfiguration]) {
        users = configurations.reduce(into: [:]) { users, configuration in
            for slot in Self.slots(of: configuration) { users[slot, default: []].append(configuration) }
        }
    }

    private static func slots(of configuration: CheckedConfiguration) -> Set<Slot> {
        guard let first = configuration.stores.first else { return [] }
        var names = first.changer.devices.map(\.description)
        if case .disk(let disk) = first.changer.kind { names.append(disk.directory) }
        return Set(names.map { Slot(store: first.store.record, name: $0) })
    }

    /// Why a configuration must not be backed up beside the others; nil: it shares none, or takes nothing of theirs.
    func fault(of configuration: CheckedConfiguration, node: String) -> WireError? {
        guard case .success(let loaded) = configuration.loaded, let changer = configuration.changer,
            loaded.configuration.autolabel.takesOtherConfiguration,
            let (slot, others) = shared(by: configuration)
        else { return nil }
        return WireError(
            .configuration, node: node, at: changer.place,
            "slot '\(slot)' is one of \(others) too, and autolabel lets '\(configuration.choice.name)' take volumes of others",
            hint:
                "let tpchanger of each configuration name slots of its own; or take 'other-config' and 'any' out of autolabel."
        )
    }

    /// That slots are shared where nothing is lost by it.
    func remark(on configuration: CheckedConfiguration) -> Remark? {
        guard let changer = configuration.changer, let (slot, others) = shared(by: configuration) else {
            return nil
        }
        return Remark(
            place: changer.place,
            "slot '\(slot)' is one of \(others) too: what the one has labelled the other cannot use")
    }

    /// The first of the slots, and whose they are besides.
    private func shared(by configuration: CheckedConfiguration) -> (slot: String, others: String)? {
        let own = Self.slots(of: configuration).compactMap { slot -> (String, Set<String>)? in
            let others = Set((users[slot] ?? []).map(\.choice.name)).subtracting([configuration.choice.name])
            return others.isEmpty ? nil : (slot.name, others)
        }
        guard let first = own.min(by: { $0.0 < $1.0 }) else { return nil }
        let names = Set(own.flatMap(\.1)).sorted()
        let are = names.count == 1 ? "configuration" : "configurations"
        return (first.0, "\(are) '\(names.joined(separator: "', '"))'")
    }
}
