// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// One node that was backed up with its agent at `debug` and restored with it at `trace`, the coordinator at `trace`, and
/// a store that refused one part of the data twice.
struct LoggedCluster: Arrangement {
    static let refusedPart = 2

    let cluster: TestCluster
    let proxy: FaultyProxy
    /// `cluster.json` with the proxy as the store.
    let file: String
    let backup: CommandResult
    let restore: CommandResult
    /// What the agent has said, of either time.
    let agentAtDebug: String
    let agentAtTrace: String

    var node: ClusterNode { cluster.nodes[0] }

    static func arrange() async throws -> LoggedCluster {
        let cluster = try await TestCluster(nodes: ["node01"])
        do {
            let node = cluster.nodes[0]
            try await SourceTree.make("\(node.data)/tree", bytes: 2 << 20)
            try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 16, randomMebibytes: 3)
            try await cluster.configure([
                ConfigurationPlan(name: "vertica", blockSize: "5 megabytes", tapecycle: 9)
            ])
            let proxy = try FaultyProxy(to: cluster.store.port)
            let file = try cluster.clusterFile("logged") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
            }
            proxy.inject(
                .error(status: 503, code: "SlowDown"), method: "PUT", target: "partNumber=\(refusedPart)&",
                times: 2)
            let backup = try await cluster.logged(["backup", "--cluster", file], agentAt: "debug")
            let restore = try await cluster.logged(
                ["restore", "--cluster", file, "--to", "\(cluster.directory)/restored"], agentAt: "trace")
            return LoggedCluster(
                cluster: cluster, proxy: proxy, file: file, backup: backup.result, restore: restore.result,
                agentAtDebug: backup.agent, agentAtTrace: restore.agent)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }

}

extension TestCluster {
    /// Everything that must stand in no line: what the credentials files, the keys of both sides and amanda.conf hold.
    func secrets() throws -> [String] {
        let keys =
            ["\(coordinatorDirectory)/ca.key", "\(coordinatorDirectory)/coordinator.key"]
            + nodes.map { "\($0.directory)/agent/\($0.name).key" }
        return try keys.flatMap { path in
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
                .filter { !$0.hasPrefix("-----") }
        }
            + (["coordinator"] + nodes.map(\.name)).flatMap {
                [store.accessKey(of: $0), store.secretKey(of: $0)]
            }
    }

    /// Runs the operator's command at `trace` with a new agent at `level`; gives what both said.
    fileprivate func logged(
        _ arguments: [String], agentAt level: String
    ) async throws -> (result: CommandResult, agent: String) {
        try changeJSON(nodes[0].settings) { $0["logLevel"] = level }
        try await startAgents()
        let result = try await amfleet(arguments + ["--log-level", "trace"])
        let agent = nodes[0].log
        try await stopAgents()
        return (result, agent)
    }
}
