// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import ChildProcess
import Files

/// Where a restore writes, and what keeps tar there: found out once, before anything is unpacked.
struct RestoreGround: Sendable {
    let directories: RestoreDirectories
    /// Of this restore; in place also where this node's other configurations have disks.
    let places: [RestoreTarget]
    let confinement: ChildConfinement

    /// Makes and opens the targets.
    static func prepare(
        _ targets: [RestoreTarget], _ order: RestoreOrder, _ settings: AgentSettings
    ) async throws -> RestoreGround {
        try await runBlocking("restore-targets") {
            RestoreGround(
                directories: try RestoreDirectories(targets, order, node: settings.node),
                places: targets + otherPlaces(order, settings),
                confinement: order.isUnconfined == true ? .none : .strongest())
        }
    }

    /// Directories of disks in any configuration of this node that can be read, for a restore in place with `--delete`: nothing else
    /// touches what the dumps do not hold. Blocks.
    static func otherPlaces(_ order: RestoreOrder, _ settings: AgentSettings) -> [RestoreTarget] {
        guard order.directory == nil, order.delete else { return [] }
        let root = settings.amandaDirectory
        return ConfigurationDirectory.all(in: root).flatMap { name -> [RestoreTarget] in
            let loaded = try? ConfigurationDirectory(root: root, name: name).load()
            let directories = loaded?.disklist.entries.map(\.directory) ?? []
            return directories.filter(FileSystem.isDirectory).map(RestoreTarget.directory)
        }
    }

    /// Where other disks go below a target. Blocks.
    func kept(in target: RestoreTarget) -> [String] { directories.kept(in: target, among: places) }
}
