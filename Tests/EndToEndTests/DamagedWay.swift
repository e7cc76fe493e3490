// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// One node whose volumes, and the cluster's records, lie behind proxies that can turn bits.
struct DamagedWay: Arrangement {
    static let plans: [ConfigurationPlan] = [
        plan("flip-gzip", "client fast", ""), plan("flip-plain", "none", ""),
        plan("flip-bzip2", "server custom", "server_custom_compress \"/usr/bin/bzip2\""),
        plan("flip-ossl", "client best", "encrypt server\nserver_encrypt \"/usr/sbin/amcrypt-ossl\""),
    ]

    private static func plan(_ name: String, _ compress: String, _ lines: String) -> ConfigurationPlan {
        var plan = ConfigurationPlan(
            name: StockAmanda.newName(name), compress: compress, partSize: "10 megabytes",
            blockSize: "5 megabytes", tapecycle: 9, dumpcycle: 7, dumptypeLines: [lines])
        plan.isRecorded = true
        return plan
    }

    let cluster: TestCluster
    let proxies: [FaultyProxy]
    /// `cluster.json` that leads through a proxy.
    let file: String

    var node: ClusterNode { cluster.nodes[0] }

    static func arrange() async throws -> DamagedWay {
        let store = try await LocalS3Server.shared()
        let cluster = try await TestCluster(nodes: ["node01"], configurations: plans.map(\.name))
        do {
            let ofVolumes = try FaultyProxy(to: store.port)
            let port = cluster.store.host.split(separator: ":").last.flatMap { Int($0) } ?? 0
            let ofRecords = try FaultyProxy(to: port)
            let bucket = try await store.makeBucket()
            let configured = plans.map { plan in
                var plan = plan
                plan.changer = ConfigurationPlan.changer(
                    "s3:\(bucket)/\(plan.name)/slot-{01..10}", store, port: ofVolumes.port)
                return plan
            }
            try await SourceTree.make("\(cluster.nodes[0].data)/tree")
            try await SourceTree.writeFile(
                "\(cluster.nodes[0].data)/large", mebibytes: 24, randomMebibytes: 12)
            try await cluster.configure(configured)
            try await cluster.startAgents()
            try cluster.expectSuccess(try await cluster.amfleet(["key", "create"]))
            let file = try cluster.clusterFile("damaged") {
                $0.set("storage", "endpoint", to: ofRecords.endpoint)
            }
            return DamagedWay(cluster: cluster, proxies: [ofVolumes, ofRecords], file: file)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// From now on a bit turns in each so many-th answer to a GET; nil: in none.
    func turnBits(every count: Int?) {
        for proxy in proxies {
            proxy.clear()
            if let count { proxy.inject(.flipAnswerSomewhere, method: "GET", times: .max, every: count) }
        }
    }

    var flipCount: Int { proxies.map(\.flipCount).reduce(0, +) }

    func amfleet(_ arguments: String...) async throws -> CommandResult {
        try await cluster.amfleet([arguments[0], "--cluster", file] + arguments.dropFirst())
    }

    func restored(_ run: String, _ plan: ConfigurationPlan, to target: String) async throws -> TreeManifest {
        try await TreeManifest(of: "\(target)/node01/\(plan.name)\(node.data)")
    }

    func remove() async {
        for proxy in proxies { proxy.refuse() }
        await cluster.remove()
    }
}

extension ConfigurationPlan {
    /// The lines of a changer whose store listens on another port than the cluster's.
    static func changer(_ slots: String, _ store: LocalS3Server, port: Int) -> [String] {
        [
            "tpchanger \"chg-multi:\(slots)\"",
            "device-property \"S3_HOST\" \"127.0.0.1:\(port)\"",
            "device-property \"S3_SSL\" \"NO\"",
            "device-property \"S3_SUBDOMAIN\" \"NO\"",
            "device-property \"S3_ACCESS_KEY\" \"\(store.accessKey)\"",
            "device-property \"S3_SECRET_KEY\" \"\(store.secretKey)\"",
            "device-property \"NB_THREADS_BACKUP\" \"2\"",
            "device-property \"NB_THREADS_RECOVERY\" \"2\"",
            "device-property \"S3_MULTI_PART_UPLOAD\" \"YES\"",
            "changerfile \"s3-statefile\"",
        ]
    }
}
