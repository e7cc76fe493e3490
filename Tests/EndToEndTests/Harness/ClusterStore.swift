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
    /// What everybody but the tests' own `aws` asks; nil: the server itself.
    let proxy: FaultyProxy?

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
        return ClusterStore(server: server, secrets: secrets, proxy: proxy)
    }

    private init(server: LocalS3Server, secrets: [String: String], proxy: FaultyProxy?) {
        self.server = server
        self.secrets = secrets
        self.proxy = proxy
    }

    private static func actions(of name: String, prefix: String) -> [String] {
        guard name != "coordinator" else { return ["Admin", "Read", "Write", "List"] }
        let isReader = name.hasSuffix(recordReader)
        let node = isReader ? String(name.dropLast(recordReader.count)) : name
        let own = "\(bucket)/\(prefix)/\(node)/*"
        let record = "\(bucket)/\(prefix)/_amfleet/runs/*/nodes/\(node).json"
        return ["Read:\(own)", "Write:\(own)", "List:\(own)", "Read:\(record)"]
            + (isReader ? [] : ["Write:\(record)"])
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

    /// Every key under `prefix`.
    func keys(_ prefix: String) async throws -> [String] {
        let listed = try await aws(
            "s3api", "list-objects-v2", "--bucket", Self.bucket, "--prefix", prefix, "--query",
            "Contents[].[Key]",
            "--output", "text")
        guard listed.exit == 0 else { throw CommandError.failed(listed) }
        return listed.output.split(separator: "\n").map(String.init).filter { $0 != "None" }
    }

    /// Keys of the uploads that are open in the whole bucket.
    func openUploads() async throws -> [(key: String, id: String)] {
        let listed = try await aws(
            "s3api", "list-multipart-uploads", "--bucket", Self.bucket, "--query", "Uploads[].[Key,UploadId]",
            "--output", "text")
        guard listed.exit == 0 else { throw CommandError.failed(listed) }
        return listed.output.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t").map(String.init)
            return fields.count == 2 ? (fields[0], fields[1]) : nil
        }
    }

    /// Waits for an open upload under `prefix` that has at least one part stored, and returns its key.
    func firstStoredPart(under prefix: String, within limit: Duration = .hang) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            for upload in try await openUploads() where upload.key.hasPrefix(prefix) {
                if try await storedParts(key: upload.key, id: upload.id) > 0 { return upload.key }
            }
        }
        throw CommandError.never("a part stored under \(prefix)", limit)
    }

    /// How many parts of an open upload are stored.
    func storedParts(key: String, id: String) async throws -> Int {
        let listed = try await aws(
            "s3api", "list-parts", "--bucket", Self.bucket, "--key", key, "--upload-id", id, "--query",
            "Parts[].[PartNumber]", "--output", "text")
        return listed.exit == 0 ? listed.output.split(separator: "\n").filter { $0 != "None" }.count : 0
    }

    /// Puts a small object there, as somebody would who has no business to.
    func putObject(_ text: String, _ key: String) async throws {
        let file = "\(FileManager.default.temporaryDirectory.path)/amfleet-object-\(UUID().uuidString)"
        try write(text, to: file)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let result = try await aws(
            "s3api", "put-object", "--bucket", Self.bucket, "--key", key, "--body", file)
        guard result.exit == 0 else { throw CommandError.failed(result) }
    }

    func removeObject(_ key: String) async throws {
        let result = try await aws("s3api", "delete-object", "--bucket", Self.bucket, "--key", key)
        guard result.exit == 0 else { throw CommandError.failed(result) }
    }

    func stop() async {
        proxy?.refuse()
        await server.stop()
    }
}
