// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import TestSupport

/// One node whose stores nobody but a proxy finds: the cluster's over http, that of its volumes over https. It was backed
/// up, lost and restored, both programs at `trace`.
struct ProxiedCluster: Arrangement {
    static let login = "amfleet:s3cret of the proxy"
    static let encodedLogin = "amfleet:s3cret%20of%20the%20proxy@"
    static let hosts = (cluster: "records.invalid", volumes: "volumes.invalid")

    let cluster: TestCluster
    let volumes: LocalS3Server
    let directory: TemporaryDirectory
    let proxy: ForwardProxy
    /// `cluster.json` with the name that the proxy knows.
    let file: String
    let plan: CommandResult
    let backup: CommandResult
    let restore: CommandResult
    let data: (before: TreeManifest, after: TreeManifest)
    let agentLog: String

    var node: ClusterNode { cluster.nodes[0] }

    static func arrange() async throws -> ProxiedCluster {
        let directory = try TemporaryDirectory()
        let identity = try TestAuthority(cluster: "invalid", directory: directory.path).write(
            .node("volumes"))
        let volumes = try await LocalS3Server.start(
            tls: .init(certificate: identity.certificate, privateKey: identity.privateKey))
        let cluster = try await TestCluster(nodes: ["node01"])
        do {
            return try await arrange(cluster, volumes, identity, directory)
        } catch {
            await cluster.remove()
            await volumes.stop()
            throw error
        }
    }

    private static func arrange(
        _ cluster: TestCluster, _ volumes: LocalS3Server, _ identity: TestIdentity,
        _ directory: TemporaryDirectory
    ) async throws -> ProxiedCluster {
        let node = cluster.nodes[0]
        let proxy = try ForwardProxy(
            ["\(hosts.cluster):9000": cluster.store.port, "\(hosts.volumes):443": volumes.securePort ?? 0],
            login: login)
        try await SourceTree.make("\(node.data)/tree", bytes: 4 << 20)
        var plan = ConfigurationPlan(name: "vertica", compress: "client fast", blockSize: "5 megabytes")
        plan.changer = try await changer(volumes, authority: identity.authority)
        try await cluster.configure([plan])
        let file = try cluster.clusterFile("proxied") {
            $0.set("storage", "endpoint", to: "http://\(hosts.cluster):9000")
        }
        try changeJSON(node.settings) { $0["logLevel"] = "trace" }
        let before = try await TreeManifest(of: node.data)
        let environment = environment(proxy, login: encodedLogin)
        func amfleet(_ verb: String, _ options: String...) async throws -> CommandResult {
            try await cluster.amfleet(
                [verb] + options + ["--cluster", file, "--log-level", "trace"], environment: environment)
        }
        try await node.start(through: ["/usr/bin/env"] + environment.map { "\($0)=\($1)" })
        let planned = try await amfleet("plan")
        let backup = try cluster.expectSuccess(try await amfleet("backup"))
        try FileManager.default.removeItem(atPath: node.data)
        let restore = try cluster.expectSuccess(try await amfleet("restore", "--overwrite"))
        let log = node.log
        return ProxiedCluster(
            cluster: cluster, volumes: volumes, directory: directory, proxy: proxy, file: file, plan: planned,
            backup: backup, restore: restore, data: (before, try await TreeManifest(of: node.data)),
            agentLog: log)
    }

    /// What the unit file of a service, or the operator's shell, has.
    static func environment(_ proxy: ForwardProxy, login: String) -> [String: String] {
        let url = "http://\(login)127.0.0.1:\(proxy.port)"
        return ["http_proxy": url, "HTTPS_PROXY": url, "ALL_PROXY": "http://127.0.0.1:1"]
    }

    private static func changer(_ store: LocalS3Server, authority: String) async throws -> [String] {
        [
            "tpchanger \"chg-multi:s3:\(try await store.makeBucket())/far/slot-{01..10}\"",
            "device-property \"S3_HOST\" \"\(hosts.volumes)\"",
            "device-property \"S3_SSL\" \"YES\"",
            "device-property \"SSL_CA_INFO\" \"\(authority)\"",
            "device-property \"S3_ACCESS_KEY\" \"\(store.accessKey)\"",
            "device-property \"S3_SECRET_KEY\" \"\(store.secretKey)\"",
            "device-property \"NB_THREADS_BACKUP\" \"2\"",
            "device-property \"NB_THREADS_RECOVERY\" \"2\"",
            "device-property \"S3_MULTI_PART_UPLOAD\" \"YES\"",
            "changerfile \"s3-statefile\"",
        ]
    }

    func remove() async {
        proxy.stop()
        await cluster.remove()
        await volumes.stop()
    }
}
