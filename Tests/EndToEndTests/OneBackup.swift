// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One node whose one tree was backed up in every way: no compression, fast and best, in one dump part and several,
/// and in block mode.
struct OneBackup: Arrangement {
    struct Way: Sendable, CustomStringConvertible {
        let plan: ConfigurationPlan
        let hasSeveralParts: Bool
        var description: String {
            "compress \(plan.compress), \(hasSeveralParts ? "several parts" : "one part")"
        }
    }

    static let ways: [Way] = ["none", "client fast", "client best"].flatMap { compress in
        [false, true].map { hasSeveralParts in
            let kind = "\(compress.split(separator: " ").last ?? "")-\(hasSeveralParts ? "parts" : "one")"
            return Way(
                plan: ConfigurationPlan(
                    name: StockAmanda.newName(kind), compress: compress,
                    partSize: hasSeveralParts ? "10 megabytes" : "50 gigabytes", blockSize: "5 megabytes"),
                hasSeveralParts: hasSeveralParts)
        }
    }
    static let blocks = Way(
        plan: ConfigurationPlan(
            name: StockAmanda.newName("blocks"), compress: "client fast", partSize: "10 megabytes",
            blockSize: "1 megabytes", isMultipart: false),
        hasSeveralParts: true)

    let cluster: TestCluster
    let backup: CommandResult
    /// Of the node's data, as it was when it was backed up.
    let data: TreeManifest

    var node: ClusterNode { cluster.nodes[0] }
    /// The backup's own: suites that share this cluster make further runs.
    var run: String {
        backup.text.split(separator: "run ").dropFirst().lazy.map { String($0.prefix(14)) }
            .first { $0.count == 14 && $0.allSatisfy(\.isNumber) } ?? ""
    }

    static func arrange() async throws -> OneBackup {
        let plans = (ways + [blocks]).map(\.plan)
        let cluster = try await TestCluster(nodes: ["node01"], configurations: plans.map(\.name))
        do {
            let node = cluster.nodes[0]
            try await SourceTree.make("\(node.data)/tree", bytes: 16 << 20)
            try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 24, randomMebibytes: 3)
            try await cluster.configure(plans)
            try await cluster.startAgents()
            let backup = try await cluster.amfleet(["backup"])
            return OneBackup(cluster: cluster, backup: backup, data: try await TreeManifest(of: node.data))
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async { await cluster.remove() }
}
