// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What a restore may write over though it holds data, besides nothing and everything.
public struct OverwrittenPlaces: Sendable, Equatable {
    /// Where the self-backup goes.
    public var selfBackup: Bool
    public var configurations: [String]
    /// As disklists name them, on whichever node.
    public var disks: [String]

    public init(selfBackup: Bool = false, configurations: [String] = [], disks: [String] = []) {
        self.selfBackup = selfBackup
        self.configurations = configurations
        self.disks = disks
    }

    /// - Throws: `CoordinatorError.unusableName` for a name that the restore has nothing of, as far as records tell.
    func requireKnown(in source: RestoreSource) throws(CoordinatorError) {
        let names = source.configurations.map(\.name)
        if let unknown = configurations.first(where: { !names.contains($0) }) {
            throw .unusableName(
                what: "--overwrite-configuration",
                fault:
                    "names '\(unknown)', which is not restored: run \(source.run) brings \(names.joined(separator: ", "))"
            )
        }
        let nodes = source.nodes.map { source.disks[$0] }
        let isKnown = nodes.allSatisfy { $0 != nil }
        let known = nodes.compactMap(\.self).reduce(into: Set<String>()) { $0.formUnion($1) }
        if isKnown, let unknown = disks.first(where: { !known.contains($0) }) {
            throw .unusableName(
                what: "--overwrite-disk",
                fault: "names '\(unknown)', which is not restored: run \(source.run) brings "
                    + known.sorted().joined(separator: ", "))
        }
    }

    /// Each node is told only of its own disks, as far as they are known here: it refuses what it has nothing of.
    func add(to order: inout RestoreOrder, disks known: Set<String>?) {
        if selfBackup { order.overwritesSelf = true }
        if !configurations.isEmpty { order.overwrittenConfigurations = configurations }
        let own = disks.filter { known?.contains($0) ?? true }
        if !own.isEmpty { order.overwrittenDisks = own }
    }
}
