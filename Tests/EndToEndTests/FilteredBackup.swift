// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One node whose one tree was backed up through programs that compress and encrypt, with keys that `amfleet key create`
/// made.
struct FilteredBackup: Arrangement {
    static let plans: [ConfigurationPlan] = [
        plan("bzip2", "server custom", "server_custom_compress \"/usr/bin/bzip2\"", parts: true),
        plan("best-ossl", "client best", "encrypt server\nserver_encrypt \"/usr/sbin/amcrypt-ossl\""),
        plan(
            "zstd-amcrypt", "server custom",
            """
            server_custom_compress "/usr/bin/zstd"
            encrypt server
            server_encrypt "/usr/sbin/amcrypt"
            server_decrypt_option "-d"
            """),
    ]

    private static let trace = ["--log-level", "trace"]

    private static func plan(
        _ name: String, _ compress: String, _ lines: String, parts: Bool = false
    ) -> ConfigurationPlan {
        ConfigurationPlan(
            name: StockAmanda.newName(name), compress: compress,
            partSize: parts ? "10 megabytes" : "50 gigabytes", blockSize: "5 megabytes",
            dumptypeLines: [lines])
    }

    let cluster: TestCluster
    let keyCreation: CommandResult
    let backup: CommandResult
    let restore: CommandResult
    let data: TreeManifest

    var node: ClusterNode { cluster.nodes[0] }

    static func arrange() async throws -> FilteredBackup {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: plans.map(\.name))
        do {
            let node = cluster.nodes[0]
            try await SourceTree.make("\(node.data)/tree", bytes: 8 << 20)
            try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 16, randomMebibytes: 3)
            try await cluster.configure(plans)
            try changeJSON(node.settings) { $0["logLevel"] = "trace" }
            try await cluster.startAgents()
            let keyCreation = try await cluster.amfleet(["key", "create"] + trace)
            let backup = try await cluster.amfleet(["backup"] + trace)
            let restore = try await cluster.amfleet(
                ["restore", "--to", "\(cluster.directory)/restored"] + trace)
            return FilteredBackup(
                cluster: cluster, keyCreation: keyCreation, backup: backup, restore: restore,
                data: try await TreeManifest(of: node.data))
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async { await cluster.remove() }
}
