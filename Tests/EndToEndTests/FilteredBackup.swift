// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One node whose one tree was backed up through programs that compress and encrypt, with keys that `amfleet key create`
/// made where this machine had none.
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

    private static func plan(
        _ name: String, _ compress: String, _ lines: String, parts: Bool = false
    ) -> ConfigurationPlan {
        ConfigurationPlan(
            name: StockAmanda.newName(name), compress: compress,
            partSize: parts ? "10 megabytes" : "50 gigabytes", blockSize: "5 megabytes",
            dumptypeLines: [lines])
    }

    let cluster: TestCluster
    /// Whether the keys are the tests' own; otherwise this machine had some, and they were left alone.
    let madeKeys: Bool
    let keyCreation: CommandResult
    let backup: CommandResult
    let data: TreeManifest

    var node: ClusterNode { cluster.nodes[0] }

    /// Where amcrypt's scripts look: the home of Amanda's user.
    static let keyFiles = ["/var/backups/.am_passphrase", "/var/backups/.gnupg"]

    static func arrange() async throws -> FilteredBackup {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: plans.map(\.name))
        let madeKeys = !keyFiles.contains { FileManager.default.fileExists(atPath: $0) }
        if madeKeys { keyFiles.forEach(ProcessKeeper.shared.placed) }
        do {
            let node = cluster.nodes[0]
            try await SourceTree.make("\(node.data)/tree", bytes: 8 << 20)
            try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 16, randomMebibytes: 3)
            try await cluster.configure(plans)
            try await cluster.startAgents()
            let keyCreation = try await cluster.amfleet(["key", "create"])
            let backup = try await cluster.amfleet(["backup"], limit: .seconds(240))
            return FilteredBackup(
                cluster: cluster, madeKeys: madeKeys, keyCreation: keyCreation, backup: backup,
                data: try await TreeManifest(of: node.data))
        } catch {
            await cluster.remove()
            removeKeys(madeKeys)
            throw error
        }
    }

    func remove() async {
        await cluster.remove()
        Self.removeKeys(madeKeys)
    }

    private static func removeKeys(_ madeKeys: Bool) {
        guard madeKeys else { return }
        for path in keyFiles {
            try? FileManager.default.removeItem(atPath: path)
            ProcessKeeper.shared.removed(path)
        }
    }
}
