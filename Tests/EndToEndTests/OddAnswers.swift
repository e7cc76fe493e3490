// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Two nodes whose store lies behind a proxy that answers what no table has. The first has a disk of several upload parts beside a
/// small one.
struct OddAnswers: Arrangement {
    let cluster: TestCluster
    let proxy: FaultyProxy
    /// `cluster.json` with the proxy as the store.
    let file: String

    static func arrange() async throws -> OddAnswers {
        let cluster = try await TestCluster(nodes: ["node01", "node02"])
        do {
            let proxy = try FaultyProxy(to: cluster.store.port)
            for node in cluster.nodes {
                for disk in ["small", "large"] {
                    try FileManager.default.createDirectory(
                        atPath: "\(node.data)/\(disk)", withIntermediateDirectories: true)
                }
                try await SourceTree.writeFile("\(node.data)/small/file", mebibytes: 1)
                let large = node.name == "node01" ? 12 : 1
                try await SourceTree.writeFile(
                    "\(node.data)/large/file", mebibytes: large, randomMebibytes: 1)
                for name in ["vertica", ConfigurationPlan.selfBackup.name] {
                    try await configure(name, node, proxy)
                }
            }
            try await cluster.startAgents()
            let file = try cluster.clusterFile("odd") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
                $0.set("limits", "storageOutage", to: "20s")
            }
            return OddAnswers(cluster: cluster, proxy: proxy, file: file)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// Two slots for each: from the third run on a volume is emptied.
    private static func configure(_ name: String, _ node: ClusterNode, _ proxy: FaultyProxy) async throws {
        var plan = ConfigurationPlan(name: name, blockSize: "5 megabytes", tapecycle: 1, slots: "{1..3}")
        plan.changer = [
            "tpchanger \"chg-multi:s3:\(node.store.bucket)/\(node.store.prefix)/\(node.name)/\(name)/slot-\(plan.slots)\"",
            "device-property \"S3_HOST\" \"127.0.0.1:\(proxy.port)\"",
            "device-property \"S3_SSL\" \"NO\"",
            "device-property \"S3_SUBDOMAIN\" \"NO\"",
            "device-property \"S3_ACCESS_KEY\" \"\(node.store.accessKey)\"",
            "device-property \"S3_SECRET_KEY\" \"\(node.store.secretKey)\"",
            "device-property \"S3_MULTI_PART_UPLOAD\" \"YES\"",
            "changerfile \"s3-statefile\"",
        ]
        let disks =
            name == ConfigurationPlan.selfBackup.name
            ? ["\(node.directory)/etc"] : ["\(node.data)/large", "\(node.data)/small"]
        try await node.configure(plan, disks: disks)
    }

    func amfleet(_ arguments: String...) async throws -> CommandResult {
        var words = arguments
        words.insert(contentsOf: ["--cluster", file], at: 1)
        return try await cluster.amfleet(words)
    }

    /// What the bucket has of the run's first node: each disk's status by `configuration disk`, and each configuration's error.
    func record(_ run: String) async throws -> (disks: [String: String], errors: [String]) {
        let document = try await cluster.store.document("runs/\(run)/nodes/node01.json")
        var disks: [String: String] = [:]
        var errors: [String] = []
        for part in document["configurations"] as? [[String: Any]] ?? [] {
            if let error = part["error"] as? [String: Any] { errors.append("\(error["message"] ?? "")") }
            for dump in part["dumps"] as? [[String: Any]] ?? [] {
                let disk = ("\(dump["disk"] ?? "")" as NSString).lastPathComponent
                disks["\(part["name"] ?? "") \(disk)"] = "\(dump["status"] ?? "")"
            }
        }
        return (disks, errors)
    }

    func verdict(_ run: String) async throws -> String {
        "\(try await cluster.store.document("runs/\(run)/manifest.json")["verdict"] ?? "")"
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}
