// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import Logging
import Secret
import TestSupport
import Testing

@testable import Coordinator

/// `amfleet node add --from` and `node replace`, on real files of a cluster; nobody is asked.
@Suite struct RosterTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
    }

    private func file() throws -> ClusterFile { try ClusterFile.load(directory.path("cluster.json")) }

    private func nodes() throws -> [String] {
        try file().settings.nodes.map { "\($0.name) \($0.address)" }
    }

    private func add(_ text: String) async throws -> RosterReport {
        let lines = try NodeLines.read(directory.write("nodes.txt", text))
        return try await RosterCommand(file(), adding: lines, .init(), authorityKey: nil) { file in
            try Cluster(
                file, console: .silent, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }.run()
    }

    private func serial(_ path: String) throws -> String {
        try CertificateFacts(contentsOf: directory.path(path)).serial
    }

    @Test func `reads lines, comments and blanks`() throws {
        let read = try NodeLines(
            parsing: """
                # the new rack
                node01   10.0.0.1:7443\t# first

                \tnode02\tnode02.example:7443\r
                node03 [fd00::3]:7443
                """, file: "nodes.txt")
        #expect(read.lines.map(\.name) == ["node01", "node02", "node03"])
        #expect(read.lines.map(\.number) == [2, 4, 5])
        #expect(read.lines.last?.address == AgentAddress("[fd00::3]:7443"))
    }

    /// Only amfleet reads it: an editor of another system did no harm, and one that did is said how to mend.
    @Test func `a mark before the first line does no harm`() throws {
        let path = try directory.write("nodes.txt", "\u{FEFF}node01 10.0.0.1:7443\r\n")
        #expect(try NodeLines.read(path).lines.map(\.name) == ["node01"])
        let wide: [UInt8] = "node01 10.0.0.1:7443\n".utf8.flatMap { [$0, 0] }
        try FileSystem.writeAtomically(path, [0xFF, 0xFE] + wide)
        let error = #expect(throws: CoordinatorError.self) { try NodeLines.read(path) }
        #expect(error?.facts.contains("iconv -f UTF-16") == true, "\(String(describing: error))")
    }

    @Test func `says every line that is wrong, and writes nothing`() async throws {
        let text = """
            node01 127.0.0.1:7443
            node02
            Node03 127.0.0.1:7445
            node04 127.0.0.1
            node01 127.0.0.1:7446
            node05 127.0.0.1:7443
            _amfleet 127.0.0.1:7447
            """
        let error = await #expect(throws: FaultList.self) { try await add(text) }
        let path = directory.path("nodes.txt")
        #expect(
            error?.faults.map(\.headline) == [
                "\(path):2: must be NAME ADDRESS, found 1 words",
                "\(path):3: the node's name must be lower-case letters, digits and inner hyphens, at most 63, found 'Node03'",
                "\(path):4: the address of 'node04' must be HOST:PORT, found '127.0.0.1'",
                "\(path):5: 'node01' stands in line 1 already",
                "\(path):6: '127.0.0.1:7443' is the address of 'node01' in line 1",
                "\(path):7: the node's name is '_amfleet', which is reserved for the cluster's own objects in the bucket",
            ])
        #expect(error.map(CommandEnding.init) == .unusable)
        #expect(!FileSystem.exists(directory.path("nodes")))
        #expect(try nodes().isEmpty)
        await #expect(throws: CoordinatorError.self) { try await add("# nobody\n") }
    }

    @Test func `a name that an observer has is no new node's`() async throws {
        _ = try ObserverRoster(file()).add("grafana")
        let error = await #expect(throws: FaultList.self) {
            try await add("node01 127.0.0.1:7443\ngrafana 127.0.0.1:7444\n")
        }
        #expect(
            error?.faults.map(\.headline) == [
                "\(directory.path("nodes.txt")):2: the node's name is 'grafana', which is an observer's: 'amfleet revoke' goes by it"
            ])
        #expect(try nodes().isEmpty && !FileSystem.exists(directory.path("nodes")))
    }

    @Test func `adds all, and the same file again changes nothing`() async throws {
        let text = "node01 127.0.0.1:7443\nnode02 127.0.0.1:7444\n"
        let first = try await add(text)
        #expect(first.nodes.map(\.action) == [.added, .added] && first.ending == .complete)
        #expect(try nodes() == ["node01 127.0.0.1:7443", "node02 127.0.0.1:7444"])
        let before = try [serial("nodes/node01/node01.pem"), serial("nodes/node02/node02.pem")]
        let second = try await add(text)
        #expect(second.nodes.map(\.action) == [.stays, .stays] && second.revocation == nil)
        #expect(!second.lines.joined().contains("next:"))
        #expect(try before == [serial("nodes/node01/node01.pem"), serial("nodes/node02/node02.pem")])
        #expect(try FileSystem.list(directory.path("nodes")) == ["node01", "node02"])
        #expect(try IssuedCertificate.all(at: file().ledgerPath).count == 3)
    }

    @Test func `a known node without a good folder gets one, and nothing is revoked`() async throws {
        let text = "node01 127.0.0.1:7443\nnode02 127.0.0.1:7444\nnode03 127.0.0.1:7445\n"
        _ = try await add(text)
        let whole = try serial("nodes/node03/node03.pem")
        try FileSystem.removeTree(directory.path("nodes/node01"))
        // A key that is another's, as a careless copy leaves it.
        try FileSystem.remove(directory.path("nodes/node02/node02.key"))
        try FileSystem.rename(
            directory.path("coordinator.key"), to: directory.path("nodes/node02/node02.key"))
        let report = try await add(text)
        #expect(report.nodes.map(\.action) == [.folder, .folder, .stays] && report.revocation == nil)
        #expect(report.nodes[1].movedAside == directory.path("nodes/node02.old"))
        #expect(try serial("nodes/node03/node03.pem") == whole)
        #expect(try await add(text).nodes.map(\.action) == [.stays, .stays, .stays])
        #expect(!FileSystem.exists(directory.path("revoked.pem")))
    }

    @Test func `a folder is good only while its certificate is`() async throws {
        _ = try await add("node01 127.0.0.1:7443\n")
        let file = try file()
        let folder = NodeFolder(file, node: "node01")
        let authorities = try file.authorities()
        let now = Int64(Date().timeIntervalSince1970)
        func fault(
            _ cluster: String = "demo", _ bundle: AuthorityBundle? = nil, revoked: RevocationLists = .init(),
            now: Int64 = now
        ) -> String? {
            folder.fault(of: cluster, authorities: bundle ?? authorities, revoked: revoked, now: now)
        }
        #expect(fault() == nil)
        #expect(fault("other") == "its certificate is another's")
        #expect(fault(now: now + 900 * 86_400) == "its certificate has expired")
        let list = try RevocationSigners(file, key: nil).sign(
            [serial("nodes/node01/node01.pem")], besides: .init(), ends: [:], now: now)
        #expect(fault(revoked: list) == "its certificate is revoked")
        let next = try AuthorityBundle(
            pem: CertificateAuthority.create(cluster: "demo").certificatePEM, source: "next")
        #expect(fault("demo", next) == "the cluster's authority is another since")
        let both = try AuthorityBundle(pem: authorities.pem() + next.pem(), source: "both")
        #expect(fault("demo", both) == "the cluster's authority is another since")
        try FileSystem.remove("\(folder.path)/agent.json")
        #expect(fault()?.contains("agent.json") == true)
    }

    @Test func `what a killed command has left is taken up, and written over`() async throws {
        // Killed after the folder, before cluster.json.
        _ = try await add("node01 127.0.0.1:7443\n")
        let kept = try serial("nodes/node01/node01.pem")
        var roster = NodeRoster(try file())
        try roster.remove("node01")
        // Killed in the midst of a folder.
        try FileSystem.makeDirectories(directory.path("nodes/node02.unfinished"))
        _ = try directory.write("nodes/node02.unfinished/ca.pem", "half")
        let report = try await add("node01 127.0.0.1:7443\nnode02 127.0.0.1:7444\n")
        #expect(report.nodes.map(\.action) == [.added, .added])
        #expect(try serial("nodes/node01/node01.pem") == kept)
        #expect(try FileSystem.list(directory.path("nodes")) == ["node01", "node02"])
        // For another address its agent.json is not.
        roster = NodeRoster(try file())
        try roster.remove("node01")
        _ = try await add("node01 127.0.0.1:7449\n")
        #expect(try serial("nodes/node01/node01.pem") != kept)
        #expect(
            try String(contentsOfFile: directory.path("nodes/node01/agent.json"), encoding: .utf8)
                .contains("127.0.0.1:7449"))
    }

    @Test func `two nodes may change their addresses for each other's, and no address is two nodes'`()
        throws
    {
        func plan(_ text: String) throws -> RosterPlan {
            let nodes = ["node01 h:1", "node02 h:2", "node03 h:3"].compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                return AgentAddress(words[1]).map { ClusterSettings.Node(name: words[0], address: $0) }
            }
            return try RosterPlan(NodeLines(parsing: text, file: "nodes.txt"), nodes: nodes) {
                _, _, isKnown in
                isKnown
            }
        }
        let swap = try plan("node01 h:2\nnode02 h:1\n")
        #expect(swap.steps.map(\.action) == [.replaced, .replaced] && swap.replaced == ["node01", "node02"])
        #expect(swap.steps.map(\.before?.description) == ["h:1", "h:2"])
        #expect(swap.steps.allSatisfy { !$0.usesFolder })
        let error = #expect(throws: FaultList.self) { try plan("node04 h:3\nnode01 h:1\n") }
        #expect(
            error?.faults.map(\.headline) == ["nodes.txt:1: 'h:3' is the address of 'node03' in cluster.json"]
        )
    }

    @Test func `who could not be moved keeps the address, and whoever was to get it is left out`() throws {
        var roster = NodeRoster(try file())
        for (name, address) in [("node01", "h:1"), ("node02", "h:2"), ("node03", "h:3")] {
            _ = try roster.add(name, address)
        }
        func step(_ name: String, _ address: String) throws -> RosterPlan.Step {
            RosterPlan.Step(
                name: name, address: try #require(AgentAddress(address)), action: .replaced, usesFolder: false
            )
        }
        // node01's folder failed, so that it stays at h:1; node02 was to follow it, node03 to follow node02.
        #expect(try roster.enter([step("node02", "h:1"), step("node03", "h:2")]) == ["node02", "node03"])
        #expect(try nodes() == ["node01 h:1", "node02 h:2", "node03 h:3"])
        #expect(try roster.enter([step("node01", "h:2"), step("node02", "h:1")]).isEmpty)
        #expect(try nodes() == ["node01 h:2", "node02 h:1", "node03 h:3"])
    }

    @Test func `a replacement takes every certificate of the name, and of nobody else`() throws {
        var roster = NodeRoster(try file())
        for name in ["node01", "node02"] { _ = try roster.add(name, "h:\(name == "node01" ? 1 : 2)") }
        _ = try roster.renew("node01", folder: directory.path("again"))
        let issued = try file().issuedCertificates()
        let now = Int64(Date().timeIntervalSince1970)
        let targets = RevocationTargets(
            nodes: ["node01", "node09"], among: issued, revoked: .init(), now: now)
        #expect(
            try Set(targets.certificates.map(\.serial))
                == [serial("nodes/node01/node01.pem"), serial("again/node01.pem")])
        #expect(targets.unknownNodes == ["node09"] && targets.node == nil)
        let list = try RevocationSigners(file(), key: nil).sign(
            [serial("again/node01.pem")], besides: .init(), ends: [:], now: now)
        #expect(try targets.left(by: list).certificates.map(\.serial) == [serial("nodes/node01/node01.pem")])
    }

    @Test func `replaces a known name alone, and at an address that nobody has`() throws {
        var roster = NodeRoster(try file())
        _ = try roster.add("node01", "h:1")
        func replace(_ name: String, _ address: String) throws {
            _ = try RosterCommand(file(), replacing: name, at: address, .init(), authorityKey: nil) {
                try Cluster(
                    $0, console: .silent, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            }
        }
        #expect(throws: CoordinatorError.unknownNode("node1", nearest: "node01")) {
            try replace("node1", "h:2")
        }
        #expect(throws: CoordinatorError.self) { try replace("node01", "h") }
    }
}
