// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A real S3 server for one cluster: the coordinator may do everything, a node only what lies under its own prefix; or, behind a gate,
/// each what the gate lets it.
final class ClusterStore: Sendable {
    static let bucket = "backups"
    /// Behind a node's name: an identity that may do what the node may, but not write its records.
    static let recordReader = "-reader"

    private let server: LocalS3Server
    private let secrets: [String: String]
    /// What everybody but the tests themselves asks; nil: the server itself.
    let proxy: FaultyProxy?
    private let directory: TemporaryDirectory

    /// Starts a server with an identity for the coordinator and one for each node.
    ///
    /// - Parameter isBehindProxy: also without a gate.
    static func start(
        prefix: String, nodes: [String], gate: PolicyGate? = nil, isBehindProxy: Bool = false
    ) async throws -> ClusterStore {
        let names = ["coordinator"] + nodes + nodes.map { $0 + recordReader }
        let secrets = Dictionary(uniqueKeysWithValues: names.map { ($0, UUID().uuidString) })
        let server = try await LocalS3Server.start(
            identities: names.map { name in
                LocalS3Server.Identity(
                    name: name, accessKey: accessKey(of: name), secretKey: secrets[name] ?? "",
                    actions: actions(of: gate == nil ? name : "coordinator", prefix: prefix))
            })
        try await server.makeBucket(bucket)
        let proxy = isBehindProxy || gate != nil ? try FaultyProxy(to: server.port, gate: gate) : nil
        return try ClusterStore(server: server, secrets: secrets, proxy: proxy)
    }

    private init(server: LocalS3Server, secrets: [String: String], proxy: FaultyProxy?) throws {
        self.server = server
        self.secrets = secrets
        self.proxy = proxy
        directory = try TemporaryDirectory("amfleet-store")
        try write(
            """
            user = "\(Self.accessKey(of: "coordinator")):\(secrets["coordinator"] ?? "")"
            aws-sigv4 = "aws:amz:us-east-1:s3"

            """, to: curlSettings, mode: 0o600)
    }

    /// With which `curl` acts as the coordinator.
    var curlSettings: String { directory.path("curl.conf") }
    /// Past every proxy.
    var serverEndpoint: String { server.endpoint }

    private static func actions(of name: String, prefix: String) -> [String] {
        guard name != "coordinator" else { return ["Admin", "Read", "Write", "List"] }
        let isReader = name.hasSuffix(recordReader)
        let node = isReader ? String(name.dropLast(recordReader.count)) : name
        let own = "\(bucket)/\(prefix)/\(node)/*"
        let record = "\(bucket)/\(prefix)/_amfleet/runs/*/nodes/\(node).json"
        let ours = "\(bucket)/\(prefix)/_amfleet"
        let secrets = "\(ours)/nodes/\(node)/*"
        let offsets = "\(ours)/offsets/\(node)/*"
        let open = ["cluster.json", "revoked.json", "authorities/*", "recovery/*"].map {
            "Read:\(ours)/\($0)"
        }
        return ["Read:\(own)", "Write:\(own)", "List:\(own)", "Read:\(record)"]
            + [
                "Read:\(secrets)", "Write:\(secrets)", "List:\(secrets)", "Read:\(offsets)",
                "Write:\(offsets)", "List:\(ours)/authorities/*",
            ]
            + open + (isReader ? [] : ["Write:\(record)"])
    }

    /// Where it listens on 127.0.0.1.
    var port: Int { proxy?.port ?? server.port }
    var host: String { "127.0.0.1:\(port)" }
    var endpoint: String { "http://\(host)" }

    static func accessKey(of name: String) -> String { "AKIAOFTHETESTSFOR\(name.uppercased())" }

    func accessKey(of name: String) -> String { Self.accessKey(of: name) }
    func secretKey(of name: String) -> String { secrets[name] ?? "" }

    /// AWS's shared credentials file of a node, or of `coordinator`.
    func credentials(of name: String) -> String {
        """
        [default]
        aws_access_key_id = \(accessKey(of: name))
        aws_secret_access_key = \(secretKey(of: name))

        """
    }

    /// What the AWS command line needs to act as the coordinator.
    var environment: [String: String] {
        [
            "AWS_ACCESS_KEY_ID": accessKey(of: "coordinator"),
            "AWS_SECRET_ACCESS_KEY": secretKey(of: "coordinator"),
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": server.endpoint, "AWS_MAX_ATTEMPTS": "1",
            "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
        ]
    }

    /// The AWS command line, as the coordinator.
    func aws(_ arguments: String...) async throws -> CommandResult {
        try await command(
            [Machine.path(of: "aws")] + arguments, environment: environment)
    }

    func stop() async {
        proxy?.refuse()
        await server.stop()
    }
}
