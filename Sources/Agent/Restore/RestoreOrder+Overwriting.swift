// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension RestoreOrder {
    /// Whether what lies where the disk goes may be written over.
    func overwrites(_ disk: RestorableDisk) -> Bool {
        overwrite || overwritesSelf == true && disk.configuration.role == .selfBackup
            || overwrittenConfigurations?.contains(disk.configuration.name) == true
            || overwrittenDisks?.contains(disk.disk) == true
    }

    /// The narrowest flag of `amfleet restore` that allows it.
    func overwritingFlag(for disk: RestorableDisk) -> String {
        if disk.configuration.role == .selfBackup { return "--overwrite-self" }
        let isPlain = disk.disk.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "-")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
        }
        return "--overwrite-disk " + (isPlain ? disk.disk : "\"\(disk.disk)\"")
    }

    /// - Throws: `WireError` for a name that this restore has nothing of.
    func requireKnown(_ disks: [RestorableDisk], run: RunName, node: String) throws(WireError) {
        let names = Set(disks.map(\.disk))
        let choices = Set(configurations.map(\.name))
        func refuse(_ kind: String, _ name: String, _ known: Set<String>) -> WireError {
            WireError(
                .configuration, node: node,
                "'--overwrite-\(kind) \(name)': this restore of run \(run) has no \(kind) '\(name)'",
                hint: "it has: \(known.sorted().joined(separator: ", ")).")
        }
        if let name = overwrittenDisks?.first(where: { !names.contains($0) }) {
            throw refuse("disk", name, names)
        }
        if let name = overwrittenConfigurations?.first(where: { !choices.contains($0) }) {
            throw refuse("configuration", name, choices)
        }
    }
}
