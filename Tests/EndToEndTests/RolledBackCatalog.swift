// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// One node with three slots whose Amanda directories can be put back as they were.
struct RolledBackCatalog: Sendable {
    let cluster: TestCluster
    let plan: ConfigurationPlan
    let stock: StockAmanda

    var node: ClusterNode { cluster.nodes[0] }
    var directory: String { node.directory(of: plan.name) }
    var large: String { "\(node.data)/large" }
    var small: String { "\(node.data)/small" }
    private var saved: String { "\(node.directory)/saved" }

    /// - Parameter dumpcycle: as `ConfigurationPlan`'s.
    static func make(
        _ kind: String, slots: Int = 3, dumpcycle: Int = 0, dumptypeLines: [String] = []
    ) async throws -> RolledBackCatalog {
        let name = StockAmanda.newName(kind)
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [name])
        do {
            let node = cluster.nodes[0]
            var plan = ConfigurationPlan(
                name: name, blockSize: "5 megabytes", tapecycle: 3, dumpcycle: dumpcycle,
                isRecorded: dumpcycle > 0)
            plan.dumptypeLines = dumptypeLines
            let store = node.store
            plan.changerLines = [
                "tpchanger \"chg-multi:s3:\(store.bucket)/\(store.prefix)/node01/\(name)/slot-{1..\(slots)}\""
            ]
            for disk in ["large", "small"] {
                try FileManager.default.createDirectory(
                    atPath: "\(node.data)/\(disk)", withIntermediateDirectories: true)
            }
            try await SourceTree.writeFile("\(node.data)/large/noise", mebibytes: 3, randomMebibytes: 1)
            try write("as it always was\n", to: "\(node.data)/small/old")
            try await node.configure(plan, disks: ["\(node.data)/large", "\(node.data)/small"])
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
            try await cluster.startAgents()
            let stock = try await StockAmanda(name, of: node, work: "\(cluster.directory)/stock")
            return RolledBackCatalog(cluster: cluster, plan: plan, stock: stock)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// Runs `body`, whose cluster goes whatever becomes of it.
    func use(_ body: (RolledBackCatalog) async throws -> Void) async throws {
        do {
            try await body(self)
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    /// A backup of data that differ from all before: its name, and what the small disk held.
    func backUp(_ number: Int) async throws -> (run: String, tree: TreeManifest) {
        try write("of run \(number)\n", to: "\(small)/new-\(number)")
        try write("as of run \(number)\n", to: "\(small)/changing")
        let result = try await cluster.amfleet(["backup"])
        guard result.exit == 0 else { throw CommandError.failed(result) }
        return (result.run, try await TreeManifest(of: small))
    }

    /// Keeps what `/etc/amanda`, the catalogs and tar's snapshots are now.
    func save() async throws {
        try await script("rm -rf \"$2\"; cp -a \"$1\" \"$2\"", ["\(node.directory)/etc", saved])
    }

    /// Puts them back, the agent stopped meanwhile.
    func putBack() async throws {
        try await node.stop()
        try await script("rm -rf \"$1\"; cp -a \"$2\" \"$1\"", ["\(node.directory)/etc", saved])
        try await node.start()
    }

    /// What `amfleet restore` brings back of the small disk.
    func restored(_ run: String) async throws -> TreeManifest {
        let target = "\(cluster.directory)/restored-\(UUID().uuidString.prefix(8))"
        let result = try await cluster.amfleet([
            "restore", "--run", run, "--configuration", plan.name, "--to", target,
        ])
        guard result.exit == 0 else { throw CommandError.failed(result) }
        return try await TreeManifest(of: "\(target)/node01/\(plan.name)\(small)")
    }

    /// `amadmin find`, the lines of one run.
    func found(_ run: String) async throws -> [String] {
        try await stock.find().singleSpaced.split(separator: "\n").map(String.init).filter {
            $0.hasPrefix(run.spelledRun)
        }
    }

    /// The run that a slot's label bears.
    func label(slot: Int) async throws -> String {
        let words =
            try await cluster.store.text(of: key(slot, "special-tapestart"))?.split(separator: " ") ?? []
        return words.count > 3 ? String(words[3]) : ""
    }

    /// Labels of all slots, in their order.
    func labels(_ slots: Int) async throws -> [String] {
        var labels: [String] = []
        for slot in 1...slots { labels.append(try await label(slot: slot)) }
        return labels
    }

    func key(_ slot: Int, _ tail: String) -> String {
        "\(TestCluster.prefix)/node01/\(plan.name)/slot-\(slot)\(tail)"
    }

    var tapelist: String {
        get throws { try String(contentsOfFile: "\(directory)/tapelist", encoding: .utf8) }
    }
}
