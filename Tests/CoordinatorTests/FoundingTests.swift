// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import Settings
import TestSupport
import Testing

@testable import Coordinator

@Suite struct FoundingTests {
    @Test func `makes an authority, a coordinator and a cluster.json that belong together`() throws {
        let directory = try TemporaryDirectory()
        let report = try ClusterFounding(Sample.cluster([]), directory: directory.path("new")).found()
        #expect(report.files.count == 5)
        let file = try ClusterFile.load(directory.path("new/cluster.json"))
        var expected = Sample.cluster([])
        #expect(file.settings.clusterID?.count == 36)
        expected.clusterID = file.settings.clusterID
        #expect(file.settings == expected)
        let identity = try CoordinatorIdentity(file, now: Date())
        #expect(identity.expiresAt > Date())
        for key in ["ca.key", "coordinator.key"] {
            #expect(try FileSystem.status(directory.path("new/\(key)"))?.mode == 0o600)
        }
        let authority = try CertificateFacts(contentsOf: directory.path("new/ca.pem"))
        #expect(authority.notAfter > Int64(Date().timeIntervalSince1970) + 9 * 365 * 86_400)
    }

    @Test func `never writes over a cluster that is there`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("ca.pem", "precious")
        let error = #expect(throws: CoordinatorError.self) {
            try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
        }
        #expect(error == .alreadyThere(path: directory.path("ca.pem")))
        #expect(!FileSystem.exists(directory.path("cluster.json")))
    }

    @Test func `refuses on the command line what it would refuse in the file`() throws {
        let directory = try TemporaryDirectory()
        var settings = Sample.cluster([])
        settings.cluster = "Demo"
        #expect(throws: SettingsError.self) {
            try ClusterFounding(settings, directory: directory.path("x")).found()
        }
        #expect(!FileSystem.exists(directory.path("x")))
    }

    @Test func `adds a node with a folder to copy, and takes it out again`() throws {
        let directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
        var roster = NodeRoster(try ClusterFile.load(directory.path("cluster.json")))
        let added = try roster.add("node01", "127.0.0.1:7443")
        #expect(added.folder == directory.path("nodes/node01"))
        #expect(try FileSystem.list(added.folder) == ["agent.json", "ca.pem", "node01.key", "node01.pem"])
        #expect(try FileSystem.status("\(added.folder)/node01.key")?.mode == 0o600)
        let facts = try CertificateFacts(contentsOf: "\(added.folder)/node01.pem")
        #expect(facts.dnsNames == ["node01.demo"])
        #expect(facts.isIssued(by: try CertificateFacts(contentsOf: "\(added.folder)/ca.pem")))

        let again = try ClusterFile.load(directory.path("cluster.json"))
        #expect(again.settings.nodes.map(\.name) == ["node01"])
        #expect(throws: CoordinatorError.nodeKnown("node01", file: again.path)) {
            try roster.add("node01", "h:1")
        }
        #expect(throws: CoordinatorError.unknownNode("node1", nearest: "node01")) {
            try roster.remove("node1")
        }
        try roster.remove("node01")
        #expect(try ClusterFile.load(directory.path("cluster.json")).settings.nodes.isEmpty)
        #expect(throws: CoordinatorError.alreadyThere(path: added.folder)) {
            try roster.add("node01", "127.0.0.1:7444")
        }
    }

    @Test func `a node whose adding was cut short, or is said twice, has the identity that was issued`()
        throws
    {
        let directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
        var roster = NodeRoster(try ClusterFile.load(directory.path("cluster.json")))
        let added = try roster.add("node01", "127.0.0.1:7443")
        let certificate = try FileSystem.readAll("\(added.folder)/node01.pem")
        let issued = try roster.file.issuedCertificates().count
        let whole = try FileSystem.readAll(directory.path("cluster.json"))
        #expect(try roster.add("node01", "127.0.0.1:7443").wasThere == true)
        // Killed before cluster.json named it.
        try roster.remove("node01")
        let again = try roster.add("node01", "127.0.0.1:7443")
        #expect(again.folder == added.folder && again.files == added.files)
        #expect(try FileSystem.readAll("\(added.folder)/node01.pem") == certificate)
        #expect(try FileSystem.readAll(directory.path("cluster.json")) == whole)
        #expect(try roster.file.issuedCertificates().count == issued)
    }

    @Test func `what another command has changed in cluster.json meanwhile stays, and so do link and mode`()
        throws
    {
        let directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
        let kept = directory.path("kept.json")
        try FileSystem.rename(directory.path("cluster.json"), to: kept)
        try FileSystem.makeSymbolicLink(directory.path("cluster.json"), to: kept)
        try FileSystem.writeAtomically(kept, FileSystem.readAll(kept), mode: 0o600)
        let file = try ClusterFile.load(directory.path("cluster.json"))
        var (one, other) = (NodeRoster(file), NodeRoster(file))
        _ = try one.add("node01", "127.0.0.1:1")
        _ = try other.add("node02", "127.0.0.1:2")
        #expect(throws: CoordinatorError.nodeKnown("node02", file: file.path)) {
            try one.add("node02", "127.0.0.1:3")
        }
        #expect(try ClusterFile.load(kept).settings.nodes.map(\.name) == ["node01", "node02"])
        #expect(try FileSystem.status(kept)?.mode == 0o600)
        #expect(FileSystem.symbolicLinkTarget(directory.path("cluster.json")) == kept)
    }

    @Test func `writes agent.json in the shape that agents read`() throws {
        let address = try #require(AgentAddress("node01.example.com:7443"))
        let text = NodeRoster.agentSettings("node01", address, cluster: "demo", .init())
        var reader = try SettingsReader(parsing: text, file: "agent.json")
        try reader.format(1)
        #expect(try reader.string("node") == "node01")
        #expect(try reader.string("cluster") == "demo")
        #expect(try reader.string("listen") == "0.0.0.0:7443")
        #expect(try reader.string("amandaDirectory") == "/etc/amanda")
        #expect(try reader.string("stateDirectory") == "/var/lib/amfleet")
        var tls = try reader.object("tls")
        #expect(try tls.string("authority") == "ca.pem")
        #expect(try tls.string("certificate") == "node01.pem")
        #expect(try tls.string("privateKey") == "node01.key")
        try tls.finish()
        var storage = try reader.object("storage")
        #expect(try storage.string("credentialsFile") == "s3-credentials")
        try storage.finish()
        try reader.finish()
    }

    @Test func `a coordinator's certificate that is missing, foreign or another's is not authenticated`()
        throws
    {
        let directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
        let file = try ClusterFile.load(directory.path("cluster.json"))
        let foreign = try CertificateAuthority.create(cluster: "demo").issue(.coordinator)
        _ = try directory.write("coordinator.pem", foreign.certificatePEM)
        let error = #expect(throws: CoordinatorError.self) { try CoordinatorIdentity(file, now: Date()) }
        #expect(error?.ending == .unauthenticated)
        #expect(error?.description.contains("did not issue it") == true)
        try FileSystem.remove(directory.path("coordinator.pem"))
        #expect(throws: CoordinatorError.self) { try CoordinatorIdentity(file, now: Date()) }
    }

    @Test func `chooses nodes and configurations by name, and offers the nearest`() throws {
        let file = ClusterFile(path: "cluster.json", settings: Sample.cluster(["node01", "node02"]))
        #expect(try Selection(file, nodes: ["node02"]).nodes == ["node02"])
        #expect(try Selection(file).configurations.map(\.name) == ["vertica", "amanda-server"])
        #expect(throws: CoordinatorError.unknownNode("node03", nearest: "node01")) {
            try Selection(file, nodes: ["node03"])
        }
        #expect(throws: CoordinatorError.unknownConfiguration("vertika", nearest: "vertica")) {
            try Selection(file, configurations: ["vertika"])
        }
        #expect(throws: CoordinatorError.noNodes(file: "cluster.json")) {
            try Selection(ClusterFile(path: "cluster.json", settings: Sample.cluster([])))
        }
    }
}
