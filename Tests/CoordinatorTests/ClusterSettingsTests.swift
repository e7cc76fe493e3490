// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Foundation
import Settings
import TestSupport
import Testing

@testable import Coordinator

@Suite struct ClusterSettingsTests {
    @Test func `reads the shape that the issue gives, with defaults for what is not there`() throws {
        let settings = try read(Self.sample)
        #expect(settings.cluster == "demo")
        #expect(
            settings.storage.address
                == StorageAddress(
                    bucket: "backups", prefix: "demo", region: "us-east-1", endpoint: "http://127.0.0.1:8333")
        )
        #expect(settings.tls.authorityKey == "ca.key")
        #expect(
            settings.limits == ClusterSettings.Limits(agentLost: .seconds(90), storageOutage: .seconds(600)))
        #expect(settings.nodes.map(\.address.description) == ["127.0.0.1:7443", "[::1]:7443"])
        #expect(settings.configurations.inBackupOrder.map(\.name) == ["vertica", "amanda-server"])
    }

    @Test func `the example shows every setting, and what is written again is read again`() throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let bytes = try FileSystem.readAll(root.appendingPathComponent("cluster.example.json").path)
        let settings = try ClusterSettings(parsing: bytes, file: "cluster.example.json")
        #expect(try read(settings.text) == settings)
        #expect(settings.storage.address.addressing == .path)
        #expect(settings.storage.credentialsFile != nil && settings.storage.authority != nil)
        #expect(settings.tls.authorityKey == "offline/ca.key")
        #expect(settings.text.contains("\"agentLost\": \"2m\""))
        #expect(settings.limits.sendMiBPerSecond == 1000 && settings.limits.receiveMiBPerSecond == 2000)
        #expect(settings.limits.stalled == .seconds(1800) && settings.limits.run == .seconds(72_000))
        #expect(settings.storage.address.kmsKeyID != nil)
        #expect(settings.clusterID?.count == 36)
        #expect(settings.recovery == ["recovery.pem"])
        #expect(
            settings.nodes[0].restore
                == RestoreCommands(
                    before: "systemctl stop vertica", after: "systemctl start vertica",
                    afterFailure: "logger -p daemon.err 'the restore failed: vertica stays stopped'",
                    limitSeconds: 600))
        #expect(settings.nodes[1].restore == nil)
    }

    @Test func `no recovery key, and nothing said of one, are two things`() throws {
        let said = Self.sample.replacingFirst(
            "\"configurations\"", with: "\"recovery\": [],\n  \"configurations\"")
        #expect(try read(Self.sample).recovery == nil)
        #expect(try read(said).recovery == [])
        #expect(try read(try read(said).text).recovery == [])
    }

    @Test func `an id is entered and all else stays as it was written`() throws {
        for (text, expected) in [
            ("{\n\t\"a\": 1\n}", "{\n\t\"clusterID\": \"x\",\n\t\"a\": 1\n}"),
            (" {\"a\":1}\n", " {\"clusterID\": \"x\", \"a\":1}\n"),
        ] {
            #expect(ClusterID.entered("x", in: text) == expected)
        }
        #expect(ClusterID.entered("x", in: "[]") == nil)
    }

    @Test(arguments: [
        ("\"90s\"", Duration.seconds(1800)), ("\"90s\", \"stalled\": \"5s\"", .seconds(5)),
        // A store that may stay away longer shows no byte meanwhile.
        ("\"90s\", \"storageOutage\": \"2h\"", .seconds(7800)),
    ])
    func `a job may show nothing for half an hour, or as long as is said`(
        text: String, stalled: Duration
    ) throws {
        let settings = try read(Self.sample.replacingFirst("\"90s\"", with: text))
        #expect(settings.limits.stalled == stalled)
        #expect(settings.limits.run == nil)
    }

    @Test func `a cap of the cluster is divided among the nodes of a run`() {
        #expect(ClusterSettings.Limits.share(of: 1000, among: 10) == 100 << 20)
        #expect(ClusterSettings.Limits.share(of: 1, among: 1000) == 5120)
        #expect(ClusterSettings.Limits.share(of: nil, among: 10) == nil)
    }

    @Test(arguments: [
        (
            "\"address\": \"127.0.0.1:7443\"", "\"address\": 7443",
            "'nodes[0].address' must be a string, found the number 7443"
        ),
        (
            "\"agentLost\": \"90s\"", "\"sendMiBPerSecond\": 0",
            "'limits.sendMiBPerSecond' must lie between 1 and"
        ),
        (
            "\"127.0.0.1:7443\"", "\"127.0.0.1:7443\", \"restore\": { \"befor\": \"x\" }",
            "unknown key 'nodes[0].restore.befor'"
        ),
        (
            "\"127.0.0.1:7443\"", "\"127.0.0.1:7443\", \"restore\": { \"limit\": \"2d\" }",
            "'nodes[0].restore.limit' must be at most 86400s"
        ),
        ("\"127.0.0.1:7443\"", "\"127.0.0.1\"", "'nodes[0].address' must be HOST:PORT, found '127.0.0.1'"),
        (
            "\"127.0.0.1:7443\"", "\"node_1:7443\"",
            "'nodes[0].address' must be HOST:PORT, found 'node_1:7443'"
        ),
        ("\"127.0.0.1:7443\"", "\"h:0\"", "'nodes[0].address' must be HOST:PORT, found 'h:0'"),
        ("\"127.0.0.1:7443\"", "\"[::1]:7443\"", "'nodes[1].address' is '[::1]:7443', as nodes[0]'s is"),
        (
            "\"configurations\"", "\"recovery\": [\"a\", \"a\"], \"configurations\"",
            "'recovery[1]' is 'a' a second time"
        ),
        ("\"node02\"", "\"node01\"", "'nodes[1].name' is 'node01', as nodes[0] is: give each node its own"),
        (
            "\"node02\"", "\"Node02\"",
            "'nodes[1].name' must be lower-case letters, digits and inner hyphens, at most 63, found 'Node02'"
        ),
        (
            "\"node02\"", "\"_amfleet\"",
            "'nodes[1].name' is '_amfleet', which is reserved for the cluster's own objects in the bucket"
        ),
        (
            "\"prefix\": \"demo\"", "\"prefix\": \"demo/\"",
            "'storage.prefix' must not begin or end with '/', found 'demo/'"
        ),
        ("\"bucket\"", "\"bukcet\"", "hint: the key 'bukcet' beside it is unknown: write 'bucket' instead."),
        ("\"data\"", "\"dataa\": [], \"data\"", "unknown key 'configurations.dataa'"),
        (
            "[\"vertica\"]", "[\"vertica\", \"amanda-server\"]",
            "'configurations.data[1]' is 'amanda-server', which is the self-backup already"
        ),
        (
            "[\"vertica\"]", "[\"../etc\"]",
            "'configurations.data[0]' must be the name of a directory under /etc/amanda, found '../etc'"
        ),
        ("\"90s\"", "\"90\"", "'limits.agentLost' must be a length of time, found '90'"),
        ("\"90s\"", "\"2s\"", "'limits.agentLost' must be at least 10s"),
        (
            "http://127.0.0.1:8333", "127.0.0.1:8333",
            "'storage.endpoint' must be https://HOST[:PORT] or http://HOST[:PORT], found '127.0.0.1:8333'"
        ),
        ("\"format\": 1", "\"format\": 2", "'format' is 2, but this version reads 1"),
        (
            "\"region\"", "\"addressing\": \"virtualhost\", \"region\"",
            "'storage.addressing' must be 'path' or 'virtualHost', found 'virtualhost'"
        ),
    ])
    func `refuses what cannot be used, with file, line and path`(
        old: String, new: String, text: String
    ) throws {
        let changed = Self.sample.replacingFirst(old, with: new)
        let error = #expect(throws: SettingsError.self) { try read(changed) }
        let description = error.map(String.init(describing:)) ?? ""
        #expect(description.contains(text), "\(description)")
        #expect(description.hasPrefix("cluster.json:"))
    }

    @Test func `looks beside it for relative paths, and for the file in the order given`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("cluster.json", Self.sample)
        let file = try ClusterFile.load(nil, defaults: [directory.path("none.json"), path])
        #expect(file.path == path)
        #expect(file.resolve("ca.pem") == directory.path("ca.pem"))
        #expect(file.resolve("/etc/ca.pem") == "/etc/ca.pem")
        let error = #expect(throws: CoordinatorError.self) {
            try ClusterFile.load(directory.path("none.json"))
        }
        #expect(error?.ending == .unusable)
        #expect("\(error.map(String.init(describing:)) ?? "")".hasPrefix("no cluster.json: looked for "))
    }

    @Test(arguments: [("10.1.2.3:7443", true), ("[fe80::1]:7443", true), ("node01.example.com:7443", false)])
    func `tells an address that a socket can be bound to from a name`(text: String, isNumeric: Bool) throws {
        let address = try #require(AgentAddress(text))
        #expect(address.isNumeric == isNumeric)
        #expect(address.description == text)
    }

    static let sample = """
        { "format": 1, "cluster": "demo",
          "storage": { "bucket": "backups", "prefix": "demo", "region": "us-east-1", "endpoint": "http://127.0.0.1:8333" },
          "tls": { "authority": "ca.pem", "certificate": "coordinator.pem", "privateKey": "coordinator.key" },
          "configurations": { "self": "amanda-server", "data": ["vertica"] },
          "limits": { "agentLost": "90s" },
          "nodes": [ { "name": "node01", "address": "127.0.0.1:7443" },
                     { "name": "node02", "address": "[::1]:7443" } ] }
        """

    private func read(_ text: String) throws(SettingsError) -> ClusterSettings {
        try ClusterSettings(parsing: Array(text.utf8), file: "cluster.json")
    }
}

extension String {
    func replacingFirst(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }

    private func replacingCharacters(in range: Range<Index>, with new: String) -> String {
        var text = self
        text.replaceSubrange(range, with: new)
        return text
    }
}
