// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import CivilCalendar
import Foundation
import HTTPTransport
import Logging
import S3
import Secret
import Synchronization
import TestSupport

@testable import Coordinator

/// A cluster of nodes whose agents do not answer, with a run a night, in a real bucket behind a proxy that counts.
///
/// Every node has one volume a configuration and night, `slotCount` in turn: the newest so many nights are there, older ones overwritten.
final class ManyRuns: Sendable {
    let cluster: Cluster
    let proxy: FaultyProxy
    let nodes: [String]
    /// Oldest first.
    let runs: [RunName]
    let slotCount: Int
    /// Writes past the proxy.
    let direct: ClusterBucket
    private let directory: TemporaryDirectory
    private let transport: HTTPTransport
    private let said = SaidLines()

    /// What the coordinator told on the way.
    var told: String { said.text }

    init(runs count: Int, nodes nodeCount: Int, slots: Int = 7) async throws {
        let server = try await LocalS3Server.shared()
        let bucket = try await server.makeBucket()
        proxy = try FaultyProxy(to: server.port)
        nodes = (1...nodeCount).map { "node\($0)" }
        slotCount = slots
        let last = Int64(Sample.time.timeIntervalSince1970)
        runs = (1 - count...0).compactMap { RunName(CivilTime(secondsSince1970: last + Int64($0) * 86_400)) }
        directory = try TemporaryDirectory()
        (cluster, transport, direct) = try Self.found(
            directory, server, bucket, endpoint: proxy.endpoint, nodes, said)
        try await store()
    }

    private static func found(
        _ directory: TemporaryDirectory, _ server: LocalS3Server, _ bucket: String, endpoint: String,
        _ nodes: [String], _ said: SaidLines
    ) throws -> (Cluster, HTTPTransport, ClusterBucket) {
        var settings = Sample.cluster([])
        settings.storage = .init(
            address: StorageAddress(
                bucket: bucket, prefix: "demo", region: "us-east-1", endpoint: endpoint,
                addressing: .path),
            credentialsFile: try directory.write(
                "s3-credentials",
                "[default]\naws_access_key_id = \(server.accessKey)\naws_secret_access_key = \(server.secretKey)\n"
            ))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: directory.path("s3-credentials"))
        _ = try ClusterFounding(settings, directory: directory.path("c")).found()
        var file = try ClusterFile.load(directory.path("c/cluster.json"))
        // Nobody listens on port 1.
        file.settings.nodes = nodes.compactMap { name in
            AgentAddress("127.0.0.1:1").map { .init(name: name, address: $0) }
        }
        let transport = try HTTPTransport()
        let credentials = S3Credentials(
            accessKeyID: server.accessKey, secretAccessKey: Secret(server.secretKey), origin: "the test")
        let client = S3Client(
            location: try S3Location(bucket: bucket, endpoint: server.endpoint),
            credentials: CredentialChain(
                credentialsFile: nil, deviceProperties: credentials, transport: transport, environment: [:]),
            transport: transport, retry: .preflight)
        let cluster = try Cluster(
            file, console: Console { said.add($0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return (
            cluster, transport,
            ClusterBucket(client: client, layout: BucketLayout(prefix: "demo"), bucket: bucket)
        )
    }

    /// Manifests of all, and records of the newest: nobody has to read any other.
    private func store() async throws {
        let (first, last) = (runs[0], runs[runs.count - 1])
        let pattern = String(decoding: try WireJSON.document(manifest(first, slot: 0)), as: UTF8.self)
        let keys = direct.layout
        _ = try await onEvery(Array(runs.enumerated()), width: 16) { index, run in
            let text = pattern.replacing(first.digits, with: run.digits)
                .replacing("slot-00", with: self.slot(index))
            _ = try await self.direct.client.put(keys.manifest(run), Array(text.utf8))
        }
        for index in runs.indices.suffix(2) { try await storeRecords(index) }
        _ = try await onEvery(nodes, width: 16) { node in try await self.storeVolumes(of: node, last) }
        try await cluster.clusterGuard(direct).claim()
    }

    /// Of every node, of one run.
    func storeRecords(_ index: Int) async throws {
        _ = try await onEvery(nodes, width: 16) { node in
            let record = self.record(node, self.runs[index], slot: index)
            _ = try await self.direct.client.put(
                self.direct.layout.nodeRecord(self.runs[index], node: node), WireJSON.document(record))
        }
    }

    private func storeVolumes(of node: String, _ last: RunName) async throws {
        for (index, run) in runs.enumerated().suffix(slotCount) {
            for choice in Sample.asked {
                let prefix = "demo/\(node)/\(choice.name)/\(slot(index))"
                let header = VolumeHeader(datestamp: run, label: "\(choice.name)-\(slot(index))")
                let keys = ObjectKeys(slotPrefix: prefix)
                _ = try await direct.client.put(keys.volumeLabel, header.bytes)
                guard run == last else { continue }
                _ = try await direct.client.put(keys.header(file: 1), [1])
                _ = try await direct.client.put(keys.data(file: 1), [UInt8](repeating: 1, count: 1024))
            }
        }
    }

    private func slot(_ index: Int) -> String {
        let number = index % slotCount
        return "slot-\(number < 10 ? "0" : "")\(number)"
    }

    func manifest(_ run: RunName, slot index: Int) -> RunManifest {
        var manifest = Sample.manifest(
            nodes.map { node in
                var verdict = Sample.verdict(node, .complete)
                verdict.volumes = record(node, run, slot: index).recordedVolumes
                return verdict
            }, .complete)
        manifest.run = run
        return manifest
    }

    func record(_ node: String, _ run: RunName, slot index: Int) -> NodeRecord {
        var record = Sample.record(node, run: run)
        for number in record.configurations.indices {
            let name = record.configurations[number].name
            let label = "\(name)-\(slot(index))"
            record.configurations[number].volumes = [
                VolumeRecord(
                    label: label, bucket: direct.bucket, prefix: "demo/\(node)/\(name)/\(slot(index))")
            ]
            record.configurations[number].dumps[0].parts[0].label = label
        }
        return record
    }

    /// Runs with a manifest: the server shows a folder for a while of which nothing is left.
    func runsThere() async throws -> [RunName] { try await direct.existing(99, of: direct.runs()) }

    /// What `work` asks the store.
    func requests<Value>(_ work: () async throws -> Value) async throws -> (Value, [String]) {
        let before = proxy.requests.count
        let value = try await work()
        return (value, Array(proxy.requests.dropFirst(before)))
    }

    func end() async {
        await cluster.close()
        await transport.shutdown()
    }
}

/// What was told, from whatever task.
private final class SaidLines: Sendable {
    private let lines = Mutex("")

    var text: String { lines.withLock { $0 } }

    func add(_ text: String) { lines.withLock { $0 += text } }
}
