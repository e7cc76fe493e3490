// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A real S3 server for one cluster: the coordinator may do everything, a node only what lies under its own prefix.
final class ClusterStore: Sendable {
    static let bucket = "backups"

    let host: String
    private let directory: String
    private let server: RunningProgram
    private let secrets: [String: String]

    /// Starts SeaweedFS in `directory` and returns once it stores and gives back.
    static func start(directory: String, prefix: String, nodes: [String]) async throws -> ClusterStore {
        let store = try ClusterStore(directory: directory, prefix: prefix, nodes: nodes)
        try await eventually(within: .seconds(90), "the S3 server answers") {
            guard store.server.isRunning else {
                throw CommandError.failed(try await store.server.end(within: .zero))
            }
            let made = try await store.aws("s3api", "create-bucket", "--bucket", bucket)
            let answer = try await store.aws("s3", "cp", "/etc/hostname", "s3://\(bucket)/ready")
            return answer.exit == 0 && (made.exit == 0 || made.text.contains("BucketAlready"))
        }
        _ = try await store.aws("s3", "rm", "s3://\(bucket)/ready")
        return store
    }

    private init(directory: String, prefix: String, nodes: [String]) throws {
        self.directory = directory
        secrets = Dictionary(
            uniqueKeysWithValues: (["coordinator"] + nodes).map { ($0, UUID().uuidString) })
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let identities = Self.identities(secrets: secrets, prefix: prefix)
        let file = "\(directory)/identities.json"
        try JSONSerialization.data(withJSONObject: ["identities": identities]).write(
            to: URL(fileURLWithPath: file))
        let ports = try (0..<4).map { _ in try FreePort.choose() }
        host = "127.0.0.1:\(ports[3])"
        server = try RunningProgram(
            [
                Machine.path(of: "weed"), "server", "-dir=\(directory)", "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-master.port=\(ports[0])", "-volume.port=\(ports[1])", "-filer", "-filer.port=\(ports[2])",
                "-s3",
                "-s3.port=\(ports[3])", "-s3.config=\(file)", "-s3.port.iceberg=0", "-s3.port.lance=0",
                "-s3.iam=false", "-volume.max=100", "-master.volumeSizeLimitMB=1024",
            ], output: "\(directory)/weed")
    }

    private static func identities(secrets: [String: String], prefix: String) -> [[String: Any]] {
        secrets.map { name, secret in
            let own = "\(bucket)/\(prefix)/\(name)/*"
            let record = "\(bucket)/\(prefix)/_amfleet/runs/*/nodes/\(name).json"
            let actions =
                name == "coordinator"
                ? ["Admin", "Read", "Write", "List"]
                : ["Read:\(own)", "Write:\(own)", "List:\(own)", "Read:\(record)", "Write:\(record)"]
            return [
                "name": name, "credentials": [["accessKey": name, "secretKey": secret]], "actions": actions,
            ]
        }
    }

    var endpoint: String { "http://\(host)" }

    func secretKey(of name: String) -> String { secrets[name] ?? "" }

    /// AWS's shared credentials file of a node, or of `coordinator`.
    func credentials(of name: String) -> String {
        "[default]\naws_access_key_id = \(name)\naws_secret_access_key = \(secretKey(of: name))\n"
    }

    /// What the AWS command line needs to act as the coordinator.
    var environment: [String: String] {
        [
            "AWS_ACCESS_KEY_ID": "coordinator", "AWS_SECRET_ACCESS_KEY": secretKey(of: "coordinator"),
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint, "AWS_MAX_ATTEMPTS": "1",
            "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
        ]
    }

    /// The AWS command line, as the coordinator.
    func aws(_ arguments: String...) async throws -> CommandResult {
        try await command(
            [Machine.path(of: "aws")] + arguments, environment: environment, limit: .seconds(60))
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

    /// How many parts of an open upload are stored.
    func storedParts(key: String, id: String) async throws -> Int {
        let listed = try await aws(
            "s3api", "list-parts", "--bucket", Self.bucket, "--key", key, "--upload-id", id, "--query",
            "Parts[].[PartNumber]", "--output", "text")
        return listed.exit == 0 ? listed.output.split(separator: "\n").filter { $0 != "None" }.count : 0
    }

    /// Its data goes with the test's folder: there is nothing to save, and SeaweedFS takes half a minute to leave.
    func stop() async { await server.kill() }
}
