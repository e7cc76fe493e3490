// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One node, two disks, two configurations, two backups by amfleet with a change in between.
struct TwoRuns: Arrangement {
    /// In several parts, compressed.
    static let parts = ConfigurationPlan(
        name: StockAmanda.newName("tools"), compress: "client fast", partSize: "5 megabytes",
        blockSize: "5 megabytes", dumpcycle: 7, isRecorded: true, dumptypeLines: ["maxpromoteday 0"])
    /// In one, as tar made it: a reader may seek in it.
    static let plain = ConfigurationPlan(
        name: StockAmanda.newName("plain"), blockSize: "5 megabytes", dumpcycle: 7, isRecorded: true)

    let cluster: TestCluster
    /// Both runs' names.
    let runs: [String]

    var node: ClusterNode { cluster.nodes[0] }
    var large: String { "\(node.data)/large" }
    var small: String { "\(node.data)/small" }

    static func arrange() async throws -> TwoRuns {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [parts.name, plain.name])
        do {
            let node = cluster.nodes[0]
            let disks = ["\(node.data)/large", "\(node.data)/small"]
            for disk in disks {
                try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            }
            try await SourceTree.writeFile("\(disks[0])/noise", mebibytes: 8, randomMebibytes: 4)
            try FileManager.default.createDirectory(
                atPath: "\(disks[1])/letters/old", withIntermediateDirectories: true)
            try write("the first\n", to: "\(disks[1])/letters/a letter")
            try write("kept\n", to: "\(disks[1])/letters/old/kept")
            try write("another\n", to: "\(disks[1])/other")
            for plan in [parts, plain] { try await node.configure(plan, disks: disks) }
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
            try await cluster.startAgents()
            var runs = [try await backup(cluster)]
            try write("the second\n", to: "\(disks[1])/letters/a letter")
            try write("new\n", to: "\(disks[1])/new")
            runs.append(try await backup(cluster))
            return TwoRuns(cluster: cluster, runs: runs)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// The run's name, as the newest volume of the tapelist bears it.
    private static func backup(_ cluster: TestCluster) async throws -> String {
        try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
        let tapelist = try String(
            contentsOfFile: "\(cluster.nodes[0].directory(of: parts.name))/tapelist", encoding: .utf8)
        return String(tapelist.prefix { $0 != " " })
    }

    func amanda(_ plan: ConfigurationPlan) async throws -> StockAmanda {
        try await StockAmanda(plan.name, of: node, work: "\(cluster.directory)/stock-\(plan.name)")
    }

    func remove() async { await cluster.remove() }
}
