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

    /// Makes and opens the targets, but those that do not answer.
    static func prepare(
        _ targets: [RestoreTarget], _ order: RestoreOrder, _ settings: AgentSettings
    ) async throws -> RestoreGround {
        let silent = try await RestoreTarget.silent(targets)
        let answering = targets.filter { silent[$0.path] == nil }
        let asked = answering.map(\.path)
        return try await runBlocking("restore-targets", asking: asked, .ofTree) {
            RestoreGround(
                directories: try RestoreDirectories(answering, order, node: settings.node),
                places: targets + otherPlaces(order, settings),
                confinement: order.isUnconfined == true ? .none : .strongest())
        }
    }

    /// Directories of disks in any configuration of this node that can be read, for a restore in place with `--delete`: nothing else
    /// touches what the dumps do not hold. Blocks.
    static func otherPlaces(_ order: RestoreOrder, _ settings: AgentSettings) -> [RestoreTarget] {
        guard order.directory == nil, order.delete else { return [] }
        let root = settings.amandaDirectory
        let all = ConfigurationDirectory.all(in: root).flatMap { name -> [String] in
            let loaded = try? ConfigurationDirectory(root: root, name: name).load()
            return loaded?.disklist.entries.map(\.directory) ?? []
        }
        // One that does not answer is kept out of as well.
        let found = PatientLook.all(all, what: "place-look", limit: DiskLook.limit) {
            FileSystem.isDirectory($0)
        }
        return all.filter { found[$0] != false }.map(RestoreTarget.directory)
    }

    /// Where other disks go below a target. Blocks.
    func kept(in target: RestoreTarget) -> [String] { directories.kept(in: target, among: places) }
}
