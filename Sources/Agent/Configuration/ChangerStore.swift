// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

/// One storage of a configuration: its changer, and the store that its volumes lie in.
struct ChangerStore: Sendable {
    let changer: ChangerDefinition
    let store: VolumeStore

    /// Of every storage that a configuration defines, the one in use first. Of the others only what can be used counts.
    static func all(
        of configuration: AmandaConfiguration, storage: StorageAddress, node: String
    ) throws -> [ChangerStore] {
        let changers = try configuration.changers()
        let first = try changers.first.map {
            ChangerStore(changer: $0, store: try VolumeStore($0, storage: storage, node: node))
        }
        let others = changers.dropFirst().compactMap { changer in
            (try? VolumeStore(changer, storage: storage, node: node)).map {
                ChangerStore(changer: changer, store: $0)
            }
        }
        return [first].compactMap(\.self) + others
    }

    /// How well it fits a volume that a record names; nil: it lies in another store.
    func fit(_ volume: VolumeRecord) -> Int? {
        guard store.record == volume.store else { return nil }
        let paths = changer.devices.compactMap(\.bucketPath).filter { $0.bucket == volume.bucket }
        return paths.contains { $0.prefix == volume.prefix } ? 2 : paths.isEmpty ? 0 : 1
    }

    /// Whether one of its slots is the place of a volume in a bucket that a record names.
    func names(_ volume: VolumeRecord) -> Bool {
        store.record == volume.store
            && changer.devices.compactMap(\.bucketPath).contains {
                $0.bucket == volume.bucket && $0.prefix == volume.prefix
            }
    }
}
