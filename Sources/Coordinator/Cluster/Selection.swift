// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import NearestName

/// What `--node` and `--configuration` leave of the cluster.
struct Selection: Sendable, Equatable {
    /// In the order of `cluster.json`.
    var nodes: [String]
    /// In backup order.
    let configurations: [ConfigurationChoice]

    /// - Parameters:
    ///   - nodes: empty: all of them.
    ///   - configurations: empty: all of them.
    init(_ file: ClusterFile, nodes: [String] = [], configurations: [String] = []) throws(CoordinatorError) {
        let allNodes = file.settings.nodes.map(\.name)
        guard !allNodes.isEmpty else { throw .noNodes(file: file.path) }
        if let unknown = nodes.first(where: { !allNodes.contains($0) }) {
            throw .unknownNode(unknown, nearest: nearestName(to: unknown, among: allNodes))
        }
        let all = file.settings.configurations.inBackupOrder
        if let unknown = configurations.first(where: { name in !all.contains { $0.name == name } }) {
            throw .unknownConfiguration(unknown, nearest: nearestName(to: unknown, among: all.map(\.name)))
        }
        self.nodes = nodes.isEmpty ? allNodes : allNodes.filter(nodes.contains)
        self.configurations =
            configurations.isEmpty ? all : all.filter { configurations.contains($0.name) }
    }
}
