// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// One node with three slots, so that the fourth night takes the volumes of the first. The coordinator reaches the store through a
/// proxy, and so do the node's records; volumes do not.
struct HistoryCluster: Sendable {
    let cluster: TestCluster
    let proxy: FaultyProxy
    /// `cluster.json` with the proxy as the store.
    private let file: String

    var node: ClusterNode { cluster.nodes[0] }

    static func make() async throws -> HistoryCluster {
        let cluster = try await TestCluster(nodes: ["node01"])
        do {
            let proxy = try FaultyProxy(to: cluster.store.port)
            let node = cluster.nodes[0]
            try write("kept for years\n", to: "\(node.data)/file")
            for (name, disk) in [
                ("vertica", node.data), (ConfigurationPlan.selfBackup.name, "\(node.directory)/etc"),
            ] {
                try await node.configure(ConfigurationPlan(name: name, slots: "{1..3}"), disks: [disk])
            }
            try await cluster.startAgents()
            let file = try cluster.clusterFile("proxied") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
            }
            return HistoryCluster(cluster: cluster, proxy: proxy, file: file)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// Runs `body`, whose cluster goes whatever becomes of it.
    func use(_ body: (HistoryCluster) async throws -> Void) async throws {
        do {
            try await body(self)
        } catch {
            await remove()
            throw error
        }
        await remove()
    }

    private func remove() async {
        proxy.refuse()
        await cluster.remove()
    }

    func start(_ verb: String) throws -> RunningProgram {
        try cluster.startAmfleet([verb, "--cluster", file])
    }

    func amfleet(_ verb: String, _ options: String...) async throws -> CommandResult {
        try await cluster.amfleet([verb, "--cluster", file] + options)
    }

    /// The run's name.
    func backUp() async throws -> String {
        try cluster.expectSuccess(try await amfleet("backup")).run
    }

    /// The lines of a run's year.
    func history(of run: String) async throws -> [String] {
        try await cluster.store.text(of: key("history/\(run.prefix(4)).jsonl"))?
            .split(separator: "\n").map(String.init) ?? []
    }

    /// What there is of a run below `_amfleet/runs/`.
    func records(of run: String) async throws -> [String] {
        try await cluster.store.keys(key("runs/\(run)/"))
    }

    func key(_ name: String) -> String { "\(TestCluster.prefix)/_amfleet/\(name)" }

    /// `amfleet list --json`.
    func list(_ options: String...) async throws -> ListedRuns {
        let result = try await cluster.amfleet(["list", "--json", "--cluster", file] + options)
        guard let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        else { throw CommandError.failed(result) }
        return ListedRuns(object: object, exit: result.exit)
    }

    /// Has the newest volume of a configuration bear another run, as somebody's who knows nothing of ours.
    func overwrite(_ run: String) async throws {
        let records = try await cluster.store.document("runs/\(run)/nodes/node01.json")
        let configurations = records["configurations"] as? [[String: Any]] ?? []
        guard let volume = (configurations.first?["volumes"] as? [[String: Any]])?.first,
            let prefix = volume["prefix"] as? String
        else { throw CommandError.never("a volume of run \(run)", .zero) }
        try await cluster.store.putObject(
            "AMANDA: TAPESTART DATE 20200101000000 TAPE somebodys-01\n\u{0c}\n", "\(prefix)special-tapestart")
    }
}

/// What `amfleet list --json` says.
struct ListedRuns {
    let runs: [[String: Any]]
    let isCut: Bool
    let unreadHistory: [String]
    let exit: Int32

    init(object: [String: Any], exit: Int32) {
        runs = object["runs"] as? [[String: Any]] ?? []
        isCut = object["isCut"] as? Bool ?? false
        unreadHistory = object["unreadHistory"] as? [String] ?? []
        self.exit = exit
    }

    var names: [String] { runs.compactMap { $0["run"] as? String } }
    /// Those of which nothing but the history is left.
    var ofHistory: [String] {
        runs.filter { $0["isHistory"] as? Bool == true }.compactMap { $0["run"] as? String }
    }
}
