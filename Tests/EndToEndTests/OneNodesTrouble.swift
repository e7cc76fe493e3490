// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Three nodes with two data configurations each, the first of which gets into trouble.
struct TroubledCluster: Arrangement {
    static let plans = [ConfigurationPlan(name: "vertica"), ConfigurationPlan(name: "logs")]

    let cluster: TestCluster

    var node: ClusterNode { cluster.nodes[0] }
    var disklist: String { "\(node.directory(of: "vertica"))/disklist" }

    static func arrange() async throws -> TroubledCluster {
        let cluster = try await TestCluster(
            nodes: ["node01", "node02", "node03"], configurations: plans.map(\.name))
        do {
            for node in cluster.nodes { try write("of \(node.name)\n", to: "\(node.data)/file") }
            try await cluster.configure(plans)
            try await cluster.startAgents()
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            return TroubledCluster(cluster: cluster)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async { await cluster.remove() }

    /// Changes a file of the node's configuration `vertica`, and gives what undoes it.
    func change(_ file: String, _ change: (String) -> String) throws -> @Sendable () throws -> Void {
        let path = "\(node.directory(of: "vertica"))/\(file)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try overwrite(path, change(text))
        return { try overwrite(path, text) }
    }
}

/// Keeps owner and mode.
private func overwrite(_ path: String, _ text: String) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
}

/// What is wrong on one node, and what is said of it.
struct OneNodesTrouble: Sendable, CustomStringConvertible {
    let description: String
    let file: String
    let old: String
    let new: String
    let texts: [String]

    static let all = [
        OneNodesTrouble(
            description: "a dumptype misspelt", file: "disklist", old: " archive", new: " archvie",
            texts: ["disklist:1", "archvie", "archive"]),
        OneNodesTrouble(
            description: "a number that is none", file: "amanda.conf", old: "dumpcycle 0 days",
            new: "dumpcycle banana", texts: ["amanda.conf:4", "banana"]),
        OneNodesTrouble(
            description: "a foreign host", file: "disklist", old: "localhost ", new: "db7.example.com ",
            texts: ["disklist:1", "db7.example.com"]),
    ]

    static let tried = LongTests.whole(
        all, or: Array(all.prefix(2)), leavingOut: "one of the three troubles of OneNodesTroubleTests")
}

/// A command's JSON.
struct CommandJSON {
    let object: [String: Any]

    init(_ result: CommandResult) throws {
        object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
    }

    private var manifest: [String: Any] { object["manifest"] as? [String: Any] ?? [:] }
    private var nodes: [[String: Any]] { manifest["nodes"] as? [[String: Any]] ?? [] }

    var run: String { object["run"] as? String ?? "" }
    /// Of each node, in order.
    var states: [String] { nodes.compactMap { $0["state"] as? String } }

    /// Why a node is not complete.
    func errors(of node: String) -> [String] {
        let errors = nodes.first { $0["node"] as? String == node }?["errors"] as? [[String: Any]] ?? []
        return errors.map { "\($0["message"] ?? "") \($0["hint"] ?? "")" }
    }
}
