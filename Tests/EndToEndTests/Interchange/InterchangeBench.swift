// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A node on which amfleet and stock Amanda take turns with one configuration.
struct InterchangeBench: Arrangement {
    let cluster: TestCluster

    var node: ClusterNode { cluster.nodes[0] }

    static func arrange() async throws -> InterchangeBench {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: ["vertica"])
        do {
            try await cluster.configure([ConfigurationPlan(name: "vertica")])
            try await cluster.startAgents()
            try cluster.expectSuccess(try await cluster.amfleet(["key", "create"]))
            return InterchangeBench(cluster: cluster)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async { await cluster.remove() }

    /// A configuration of one tree, known to both programs.
    func begin(
        _ plan: ConfigurationPlan, kind: String, filterGrumbles: Bool = false
    ) async throws -> (tree: ChangingTree, turns: Turns) {
        let directory = "\(cluster.directory)/trees/\(kind)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let tree = try await ChangingTree(directory)
        try await node.configure(plan, disks: [directory])
        let amanda = try await StockAmanda(
            plan.name, of: node, work: "\(cluster.directory)/stock-\(kind)")
        let file = try cluster.clusterFile(kind) { $0.set("configurations", "data", to: [plan.name]) }
        return (
            tree,
            Turns(
                cluster: cluster, amanda: amanda, clusterFile: file, disk: directory,
                filterGrumbles: filterGrumbles)
        )
    }
}

/// Both programs at work in one configuration.
struct Turns: Sendable {
    let cluster: TestCluster
    let amanda: StockAmanda
    let clusterFile: String
    let disk: String
    /// See `StockAmanda.dump`.
    let filterGrumbles: Bool

    /// Runs one of the two; the run's name.
    func dump(by writer: InterchangeCase.Writer) async throws -> String {
        switch writer {
        case .stock: try await amanda.dump(filterGrumbles: filterGrumbles)
        case .amfleet:
            let result = try await cluster.amfleet(
                ["backup", "--cluster", clusterFile, "--configuration", amanda.configuration])
            // Only one of the cluster's configurations was asked for: that set is not whole.
            guard result.exit == 0 else { throw CommandError.failed(result) }
        }
        let tapelist = try String(
            contentsOfFile: "\(cluster.nodes[0].directory(of: amanda.configuration))/tapelist",
            encoding: .utf8)
        guard let newest = tapelist.split(separator: " ").first else {
            throw CommandError.never("a run in the tapelist", .zero)
        }
        return String(newest)
    }

    /// The tree of the last of `runs` as amfleet restores it.
    func restoreByAmfleet(_ run: String) async throws -> TreeManifest {
        let target = "\(cluster.directory)/restored-\(UUID().uuidString.prefix(8))"
        let result = try await cluster.amfleet(
            [
                "restore", "--cluster", clusterFile, "--run", run, "--configuration", amanda.configuration,
                "--to", target,
            ])
        guard result.exit == 0 else { throw CommandError.failed(result) }
        defer { try? FileManager.default.removeItem(atPath: target) }
        return try await TreeManifest(of: "\(target)/node01/\(amanda.configuration)\(disk)")
    }

    /// The same as stock Amanda gives it back: each archive of the chain, one after the other.
    func restoreByStock(_ runs: [String]) async throws -> TreeManifest {
        var archives: [String] = []
        for run in runs {
            archives.append(try await amanda.fetchDump(disk, run: run, filterGrumbles: filterGrumbles))
        }
        defer { for archive in archives { try? FileManager.default.removeItem(atPath: archive) } }
        let target = try await amanda.unpackChain(archives)
        defer { try? FileManager.default.removeItem(atPath: target) }
        return try await TreeManifest(of: target)
    }

    /// `amadmin find` on the disk: run (14 digits), level and status of each dump part.
    func found() async throws -> [(run: String, level: Int, status: String)] {
        try await amanda.find().split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 9, words.contains(disk) else { return nil }
            let run = (words[0] + words[1]).filter(\.isNumber)
            return Int(words[4]).map { (run, $0, words.last ?? "") }
        }
    }
}
