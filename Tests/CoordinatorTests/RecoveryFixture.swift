// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import HTTPTransport
import Logging
import S3
import Sealing
import Secret
import TestSupport

@testable import Coordinator

/// A cluster with a recovery key, in a bucket of a real S3 server of its own; no node has an agent.
struct RecoveryFixture {
    let directory: TemporaryDirectory
    let direct: ClusterBucket
    let name: String
    private let server: LocalS3Server
    private let transport: HTTPTransport

    var file: ClusterFile { get throws { try ClusterFile.load(directory.path("c/cluster.json")) } }
    var kit: String { directory.path("kit.txt") }
    var place: StorageURL { StorageURL(bucket: name, prefix: "demo") }

    /// - Parameter nodes: that stand in `cluster.json`.
    init(passphrase: Secret? = nil, nodes: [String] = []) async throws {
        server = try await LocalS3Server.shared()
        name = try await server.makeBucket()
        directory = try TemporaryDirectory()
        var settings = Sample.cluster([])
        settings.storage = .init(
            address: StorageAddress(
                bucket: name, prefix: "demo", region: "us-east-1", endpoint: server.endpoint,
                addressing: .path),
            credentialsFile: "s3-credentials")
        _ = try ClusterFounding(
            settings, directory: directory.path("c"),
            recovery: RecoveryKeyMaking(kitPath: directory.path("kit.txt"), passphrase: passphrase)
        ).found()
        for path in ["c/s3-credentials", "given-credentials"] {
            try FileSystem.writeAtomically(directory.path(path), Array(Self.credentials(server).utf8))
        }
        transport = try HTTPTransport()
        let client = S3Client(
            location: try S3Location(bucket: name, endpoint: server.endpoint),
            credentials: CredentialChain(
                credentialsFile: nil,
                deviceProperties: S3Credentials(
                    accessKeyID: server.accessKey, secretAccessKey: Secret(server.secretKey),
                    origin: "the test"), transport: transport, environment: [:]),
            transport: transport, retry: .preflight)
        direct = ClusterBucket(client: client, layout: BucketLayout(prefix: "demo"), bucket: name)
        var roster = NodeRoster(try file)
        for (index, node) in nodes.enumerated() { _ = try roster.add(node, "127.0.0.1:\(index + 1)") }
    }

    private static func credentials(_ server: LocalS3Server) -> String {
        "[default]\naws_access_key_id = \(server.accessKey)\naws_secret_access_key = \(server.secretKey)\n"
    }

    /// The coordinator as a command has it; it is closed by nobody, as the process ends.
    func cluster(_ name: String = "c/cluster.json") throws -> Cluster {
        try Cluster(
            ClusterFile.load(directory.path(name)), console: .silent,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func sealing() throws -> CoordinatorSealing { CoordinatorSealing(file: try file, bucket: direct) }

    /// As a backup does: the prefix is ours, and the coordinator is sealed.
    func seal() async throws {
        try await cluster().clusterGuard().claim()
        _ = try await sealing().seal()
    }

    func key(_ path: String? = nil, passphraseFile: String? = nil) -> RecoveryKeyFile {
        RecoveryKeyFile(path: path ?? kit, passphrase: RecoveryPassphrase(file: passphraseFile))
    }

    /// Into an empty directory of the given name.
    func recover(
        into name: String = "again", key: RecoveryKeyFile? = nil,
        _ change: (inout RecoverCommand.Options) -> Void = { _ in }
    ) async throws -> RecoverReport {
        var options = RecoverCommand.Options(
            place: place, endpoint: server.endpoint, credentialsFile: directory.path("given-credentials"),
            directory: directory.path(name))
        change(&options)
        return try await RecoverCommand(
            options, key: key ?? self.key(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).run()
    }

    func put(_ bytes: [UInt8], _ key: String) async throws { _ = try await direct.client.put(key, bytes) }

    func object(_ key: String) async throws -> [UInt8]? {
        try await direct.object(key, limit: 1 << 20)?.bytes
    }

    var certificate: RecoveryCertificate {
        get throws {
            let kit = try RecoverySource.read(kit).kit
            return try RecoveryCertificate(pem: kit?.certificatePEM ?? "", source: "the kit")
        }
    }

    /// What a node's agent would seal for a run, signed with its own identity.
    ///
    /// - Parameter since: the oldest version that had the same keys.
    func sealSecrets(
        of node: String, run: RunName, _ content: String = "passphrase", since: RunName? = nil
    ) async throws {
        let folder = directory.path("c/nodes/\(node)")
        let bundle = try SealedBundle(
            cluster: "demo", clusterID: try file.settings.clusterID, owner: .node(node), run: run,
            keysSince: since.map { SealedVersion(run: $0) }, sealedAt: Sample.time,
            files: [
                SealedFile(
                    path: "/var/lib/amanda/.am_passphrase", kind: .encryption, mode: 0o600, user: "backup",
                    group: "backup", userID: 34, groupID: 34, content: Array(content.utf8))
            ])
        let recipients = RecoveryRecipients(try file).certificates
        let bytes = try bundle.sealed(
            certificatePEM: ClusterFile.text(of: "\(folder)/\(node).pem"),
            privateKeyPEM: Secret(ClusterFile.text(of: "\(folder)/\(node).key")), to: recipients)
        try await put(bytes, direct.layout.nodeSecrets(node, run: run))
    }
}
