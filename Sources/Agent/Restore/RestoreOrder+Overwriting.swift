// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HiddenCharacters

extension RestoreOrder {
    /// Whether what lies where the disk goes may be written over.
    func overwrites(_ disk: RestorableDisk) -> Bool {
        overwrite || overwritesSelf == true && disk.configuration.role == .selfBackup
            || overwrittenConfigurations?.contains(disk.configuration.name) == true
            || overwrittenDisks?.contains(disk.disk) == true
    }

    /// What to do where it may not, in flags that the program has which was called.
    ///
    /// - Parameter isBootstrap: `amfleetd bootstrap`; else `amfleet restore`.
    func wayOut(for disk: RestorableDisk, isBootstrap: Bool) -> String {
        if isBootstrap { return "move away what is there, or write over it with '--overwrite'." }
        let flag = overwritingFlag(for: disk)
        return
            "restore over it with '\(flag)', over everything with '--overwrite', or to another place with '--to DIR'."
    }

    /// The narrowest flag of `amfleet restore` that allows it.
    private func overwritingFlag(for disk: RestorableDisk) -> String {
        if disk.configuration.role == .selfBackup { return "--overwrite-self" }
        return "--overwrite-disk \(disk.disk.shellWord)"
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
