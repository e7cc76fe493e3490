// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files

/// What there is where a restore writes.
extension RestorePlanning {
    /// Why targets must not be written into.
    func notFree(_ disks: [PlacedDisk]) async throws -> [WireError] {
        try await runBlocking("targets", asking: disks.map(\.target.path), .ofTree) {
            [order, node, ledger, isByHeaders] in
            let targets = disks.map(\.target)
            var faults: [WireError] = []
            for placed in disks {
                do {
                    try RestoreDirectories.requireNoLinks(placed.target, order, node: node)
                    let isOwn = try ledger?.hasBegun(placed.target) == true
                    try placed.target.requireFree(
                        overwrite: isOwn || order.overwrites(placed.disk), node: node,
                        wayOut: order.wayOut(for: placed.disk, isBootstrap: isByHeaders),
                        besides: placed.target.kept(among: targets))
                } catch {
                    faults.append(WireError(cause: error, node: node))
                }
            }
            return faults
        }
    }

    /// - Returns: each file system that is written to, what may be too much for it, and what cannot fit.
    func room(_ steps: [RestoreStep]) async throws -> RestoreRoom.Found {
        let asked = steps.filter { $0.fault == nil }.map(\.target.path)
        return try await runBlocking("room", asking: asked, .ofTree) { [order, node, settings, isDry] in
            let others = RestoreGround.otherPlaces(order, settings)
            let targets = steps.map(\.target)
            return try RestoreRoom(node: node, isIgnored: order.ignoresRoom == true).look(
                try steps.filter { $0.fault == nil }.compactMap { step in
                    let isEmpty = try step.target.isFree(besides: step.target.kept(among: targets))
                    let kept = step.target.kept(among: targets + others)
                    let path = step.target.path
                    let isBare = try FileSystem.isDirectory(path) && OpenDirectory(path).isBare()
                    let place = step.place(
                        deletes: order.delete, isEmpty: isEmpty, kept: kept, isBare: isBare)
                    try step.requireOneFileSystem(place, isEmpty: isEmpty, node: node)
                    return try step.need(at: place, isEmpty: isEmpty, isDry: isDry)
                })
        }
    }
}
