// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A whole cluster on this machine: an S3 server, a coordinator's folder, and nodes with one agent each.
final class TestCluster: Sendable {
    static let prefix = "demo"

    let directory: String
    let store: ClusterStore
    let nodes: [ClusterNode]
    /// Of the data configurations, in order.
    let configurations: [String]

    /// Founds the cluster with `amfleet init` and `amfleet node add`; no agent runs yet and nothing is configured.
    ///
    /// - Parameters:
    ///   - gate: what the coordinator and each node may do at the store.
    ///   - isBehindProxy: everybody reaches the store through `store.proxy`, also without a gate.
    ///   - storm: what everybody's requests meet from the first one on.
    init(
        nodes names: [String], configurations: [String] = ["vertica"], gate: PolicyGate? = nil,
        isBehindProxy: Bool = false, storm: ProxyStorm? = nil
    ) async throws {
        let directory = try Self.newDirectory()
        let store = try await ClusterStore.start(
            prefix: Self.prefix, nodes: names, gate: gate, isBehindProxy: isBehindProxy || storm != nil)
        store.proxy?.setStorm(storm)
        self.directory = directory
        self.store = store
        self.configurations = configurations
        nodes = try names.map { name in
            try ClusterNode(
                name: name, directory: "\(directory)/\(name)",
                store: StoreAccess(
                    host: store.host, bucket: ClusterStore.bucket, prefix: Self.prefix,
                    accessKey: store.accessKey(of: name),
                    secretKey: store.secretKey(of: name)),
                port: FreePort.find())
        }
        do {
            try await found()
        } catch {
            await remove()
            throw error
        }
    }

    var coordinatorDirectory: String { "\(directory)/coordinator" }
    /// Where an operator keeps it: not beside `cluster.json`.
    var recoveryKit: String { "\(directory)/kept-recovery-kit.txt" }
    var clusterFile: String { "\(coordinatorDirectory)/cluster.json" }

    private func found() async throws {
        try FileManager.default.createDirectory(
            atPath: coordinatorDirectory, withIntermediateDirectories: true)
        try await expectSuccess(
            amfleet(
                [
                    "init", "demo", "--bucket", ClusterStore.bucket, "--prefix", Self.prefix, "--region",
                    "us-east-1",
                    "--endpoint", store.endpoint, "--self", ConfigurationPlan.selfBackup.name,
                    "--recovery-key", recoveryKit,
                ] + configurations.flatMap { ["--data", $0] }))
        try write(
            store.credentials(of: "coordinator"), to: "\(coordinatorDirectory)/s3-credentials", mode: 0o600)
        try changeJSON(clusterFile) { $0.set("storage", "credentialsFile", to: "s3-credentials") }
        for node in nodes {
            try await expectSuccess(amfleet(["node", "add", node.name, "127.0.0.1:\(node.port)"]))
            try FileManager.default.copyItem(
                atPath: "\(coordinatorDirectory)/nodes/\(node.name)", toPath: "\(node.directory)/agent")
            try write(
                store.credentials(of: node.name), to: "\(node.directory)/agent/s3-credentials", mode: 0o600)
            try changeJSON(node.settings) {
                $0["amandaDirectory"] = node.amandaDirectory
                $0["stateDirectory"] = node.state
            }
        }
    }

    /// The node's data configurations as planned, each with the node's data, and its self-backup.
    func configure(_ plans: [ConfigurationPlan], on nodes: [ClusterNode]? = nil) async throws {
        for node in nodes ?? self.nodes {
            for plan in plans { try await node.configure(plan, disks: [node.data]) }
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
        }
    }

    func startAgents() async throws {
        for node in nodes { try await node.start() }
    }

    func stopAgents() async throws {
        for node in nodes { try await node.stop() }
    }

    /// Ends everything and removes every trace.
    func remove() async {
        for node in nodes { await node.kill() }
        await store.stop()
        Self.removeDirectory(directory)
    }

    /// A folder that everybody may pass through, gone with the tests at the latest.
    static func newDirectory() throws -> String {
        let directory = "/tmp/amfleet-test-\(UUID().uuidString.prefix(8).lowercased())"
        ProcessKeeper.shared.placed(directory)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        return directory
    }

    static func removeDirectory(_ directory: String) {
        try? FileManager.default.removeItem(atPath: directory)
        ProcessKeeper.shared.removed(directory)
    }
}

extension TestCluster {
    /// Runs the operator's command in the coordinator's folder.
    func amfleet(
        _ arguments: [String], environment: [String: String] = [:], limit: Duration = .hang
    ) async throws -> CommandResult {
        try await startAmfleet(arguments, environment: environment).end(within: limit)
    }

    /// Starts the operator's command and returns at once.
    func startAmfleet(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> RunningProgram {
        try RunningProgram(
            ["\(Machine.programs)/amfleet"] + arguments,
            environment: ClusterNode.noCredentials.merging(environment) { $1 },
            directory: coordinatorDirectory, output: "\(directory)/amfleet-\(UUID().uuidString.prefix(8))")
    }

    /// A copy of `cluster.json` beside it, changed: what `--cluster` is given.
    func clusterFile(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> String {
        let path = "\(coordinatorDirectory)/\(name).json"
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: clusterFile, toPath: path)
        try changeJSON(path, change)
        return path
    }

    @discardableResult
    func expectSuccess(_ result: CommandResult) throws -> CommandResult {
        guard result.exit == 0 else {
            throw CommandError.failed(result)
        }
        return result
    }
}

/// Reads an object of JSON, changes it, writes it back.
func changeJSON(_ path: String, _ change: (inout [String: Any]) -> Void) throws {
    let url = URL(fileURLWithPath: path)
    guard var object = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] else {
        throw CocoaError(.coderReadCorrupt)
    }
    change(&object)
    try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys]).write(to: url)
}

extension [String: Any] {
    /// Sets one key of the object that lies under `key`.
    mutating func set(_ key: String, _ inner: String, to value: Any) {
        var object = self[key] as? [String: Any] ?? [:]
        object[inner] = value
        self[key] = object
    }
}
