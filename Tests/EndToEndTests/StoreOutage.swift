// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// One node whose volumes lie in a store of their own behind a proxy; the cluster's records lie in another, which stays.
struct StoreOutage: Sendable {
    /// How long the store is away. `AMFLEET_OUTAGE=300` in the environment: five minutes, and the limits are the default ones.
    static let seconds = ProcessInfo.processInfo.environment["AMFLEET_OUTAGE"].flatMap { Int($0) }

    let cluster: TestCluster
    let proxy: FaultyProxy
    let plan: ConfigurationPlan
    /// `cluster.json` with the limits of this test.
    let file: String

    var node: ClusterNode { cluster.nodes[0] }
    var holding: String { "\(node.directory)/holding" }

    /// What lies on the holding disk, with the runs' directories.
    var chunks: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: holding) }
    }

    static func make(_ kind: String, isHolding: Bool) async throws -> StoreOutage {
        let store = try await LocalS3Server.shared()
        let name = StockAmanda.newName(kind)
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [name])
        do {
            let proxy = try FaultyProxy(to: store.port)
            let node = cluster.nodes[0]
            var plan = ConfigurationPlan(name: name, blockSize: "5 megabytes", tapecycle: 9, dumpcycle: 7)
            plan.isRecorded = true
            plan.changer = ConfigurationPlan.changer(
                "s3:\(try await store.makeBucket())/held/slot-{01..10}", store, port: proxy.port)
            if isHolding {
                plan.globalLines = [
                    "autoflush yes",
                    "holdingdisk hd {\n    directory \"\(node.directory)/holding\"\n    use -10 Mb\n    chunksize 8 Mb\n}",
                ]
                plan.dumptypeLines = ["holdingdisk auto"]
            }
            try await script(
                "install -d -o backup -g backup -m 770 \"$1\"", ["\(node.directory)/holding"])
            try await SourceTree.make("\(node.data)/tree")
            try await SourceTree.writeFile("\(node.data)/large", mebibytes: 30, randomMebibytes: 4)
            try await cluster.configure([plan])
            try await cluster.startAgents()
            let file = try cluster.clusterFile("outage") {
                guard seconds == nil else { return }
                $0.set("limits", "storageOutage", to: "8s")
                $0.set("limits", "holdAfter", to: "4s")
            }
            return StoreOutage(cluster: cluster, proxy: proxy, plan: plan, file: file)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// Backs up, takes the store away once a part of the data lies there, and waits for the command's end.
    ///
    /// - Parameter comesBack: whether the store is there again after `seconds`, whatever the command does.
    func interruptedBackup(comesBack: Bool) async throws -> CommandResult {
        let seen = proxy.requests.count
        proxy.setRate(bytesPerSecond: 4 << 20)
        let backup = try cluster.startAmfleet(["backup", "--cluster", file])
        do {
            try await eventually("a part is sent") {
                proxy.requests.dropFirst(seen).contains { $0.contains("partNumber=2") }
            }
        } catch {
            await backup.kill()
            throw CommandError.never("\(error)\n\(backup.text)", .zero)
        }
        proxy.refuse()
        let began = ContinuousClock.now
        let result = try await backup.end(within: .seconds(1200))
        if let seconds = Self.seconds, comesBack {
            try await Task.sleep(until: began + .seconds(seconds), clock: .continuous)
        }
        proxy.setRate(bytesPerSecond: nil)
        try proxy.accept()
        return result
    }

    func amfleet(_ arguments: String...) async throws -> CommandResult { try await amfleet(arguments) }

    func amfleet(_ arguments: [String]) async throws -> CommandResult {
        var words = arguments
        words.insert(contentsOf: ["--cluster", file], at: 1)
        return try await cluster.amfleet(words)
    }

    /// What `amfleet restore` brings back of the node's data.
    func restored(_ run: String, _ more: String...) async throws -> TreeManifest {
        let target = "\(cluster.directory)/restored-\(UUID().uuidString.prefix(8))"
        let result = try await cluster.amfleet(
            ["restore", "--cluster", file, "--run", run, "--configuration", plan.name, "--to", target]
                + more)
        guard result.exit == 0 else { throw CommandError.failed(result) }
        return try await TreeManifest(of: "\(target)/node01/\(plan.name)\(node.data)")
    }

    /// What stock Amanda brings back of it.
    func fetched(_ run: String) async throws -> TreeManifest {
        let stock = try await StockAmanda(
            plan.name, of: node, work: "\(cluster.directory)/stock-\(UUID().uuidString.prefix(8))")
        defer { stock.remove() }
        return try await TreeManifest(of: stock.unpack(stock.fetchDump(node.data, run: run)))
    }

    /// What a command printed, for whoever runs the long form.
    func show(_ result: CommandResult) {
        guard Self.seconds != nil else { return }
        print(
            "$ amfleet \(result.arguments.dropFirst().joined(separator: " "))\n\(result.text)exit \(result.exit)\n"
        )
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}

extension CommandResult {
    /// Of the last line, `run 20261123030600: …`
    var run: String {
        let line = output.split(separator: "\n").last { $0.hasPrefix("run ") }
        return line.map { String($0.dropFirst(4).prefix(14)) } ?? ""
    }
}
