// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Digest
import Files
import Foundation
import TestSupport
import Testing

@testable import Agent

/// What a self-backup holds is seen as tar reads it: one that no empty machine could start from is suspect, with the path.
@Suite(.timeLimit(.minutes(10)), .enabled(if: RequiredTools.areUsable("weed")))
struct SelfBackupTests {
    private static let run = "20261123030600"

    private func fixture() async throws -> NodeFixture {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        try fixture.configure("data", disks: [fixture.data], dumptypeLines: ["record yes"])
        return fixture
    }

    private func backUp(
        _ node: NodeFixture, _ run: String = run, attempt: Int = 1
    ) async throws -> ConfigurationRecord {
        let done = try await node.backUp(run, attempt: attempt)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let record = try #require(try await node.record(run)).configurations
        #expect(record.first?.dumps.contains(where: \.isSuspect) == false)
        return try #require(record.last)
    }

    @Test func `a sound one holds every setting by its digest, and every catalog`() async throws {
        let node = try await fixture()
        let record = try await backUp(node)
        #expect(record.canStartNode && !record.dumps.contains(where: \.isSuspect))
        let held = try #require(record.selfBackup)
        for path in [
            "amanda/data/amanda.conf", "amanda/data/disklist", "amanda/data/tapelist",
            "amanda/self/amanda.conf",
            "amanda/self/disklist", "amanda-security.conf",
        ] {
            let bytes = try FileSystem.readAll(node.path("etc/\(path)"))
            #expect(
                held.file(node.path("etc/\(path)"))?.sha256 == SHA256.digest(bytes).hexadecimal, "\(path)")
        }
        #expect(held.file(node.path("etc/amanda/self/tapelist")) != nil)
        for name in ["curinfo", "index"] {
            let tree = held.trees.first { $0.path == node.path("etc/amanda/data/\(name)") }
            #expect(try #require(tree).fileCount >= 1 && #require(tree).byteCount > 0, "\(name)")
        }
        #expect(held.trees.contains { $0.path == node.path("etc/amanda/data") && $0.fileCount == 1 })
    }

    @Test(arguments: LongTests.first(6, of: SelfBackupFlaw.all, in: "SelfBackupTests"))
    func `what keeps a needed file out makes it suspect, and its mend makes it sound`(
        flaw: SelfBackupFlaw
    ) async throws {
        let node = try await fixture()
        try flaw.apply(to: node)
        let record = try await backUp(node)
        #expect(record.isComplete && !record.canStartNode)
        let suspect = try #require(record.dumps.compactMap(\.suspect).first)
        let gaps = try #require(suspect.gaps)
        #expect(
            gaps.contains { $0.path.hasPrefix(node.path(flaw.path)) && $0.reason == flaw.reason }, "\(gaps)")
        #expect(
            suspect.text.contains("an empty machine could not start from it: it lacks '\(node.state.path)"),
            "\(suspect.text)")
        #expect(suspect.mend?.hasSuffix("run 'amfleet backup'") == true)
    }

    @Test(arguments: [
        // A file with two names, of which tar stores one.
        "ln etc/amanda/data/disklist etc/amanda/data/aaa; ln etc/amanda/data/amanda.conf etc/zzz",
        // A file with holes.
        "yes '# comment' | head -c 200000 >>etc/amanda/data/disklist; truncate -s 400000 big; cat big >/dev/null",
        "mkdir etc/common; mv etc/amanda/data/disklist etc/common/; ln -s ../../common/disklist etc/amanda/data/disklist",
        // A catalog that an earlier run has left.
        "mkdir -p etc/amanda/data/index/old; echo x >etc/amanda/data/index/old/file; ln etc/amanda/data/index/old/file etc/amanda/data/index/old/second",
    ])
    func `odd files that tar can store are no gap`(script: String) async throws {
        let node = try await fixture()
        try node.run(script)
        let record = try await backUp(node)
        #expect(record.canStartNode, "\(record.dumps.compactMap(\.suspect?.text))")
    }

    @Test func `a disk beside Amanda's directory may hold what its links lead to`() async throws {
        let node = try await fixture()
        try node.configure("self", disks: [node.path("etc"), node.path("moved")])
        try node.run("mv etc/amanda/data moved; ln -s ../../moved etc/amanda/data")
        let record = try await backUp(node)
        #expect(record.canStartNode, "\(record.dumps.compactMap(\.suspect?.text))")
        #expect(record.selfBackup?.file(node.path("etc/amanda/data/amanda.conf")) != nil)
    }

    @Test func `Amanda's directory itself will do where the security file allows nothing`() async throws {
        let node = try await fixture()
        try node.configure("self", disks: [node.path("etc/amanda")])
        #expect(try await backUp(node).canStartNode)
        try node.write("etc/amanda-security.conf", "amgtar:gnutar_path=/opt/tar\n")
        let record = try await backUp(node, "20261124030600")
        let gaps = record.dumps.first?.suspect?.gaps
        #expect(gaps == [SelfBackupGap(path: node.path("etc/amanda-security.conf"), reason: .outside)])
    }

    @Test func `a further attempt makes a suspect one again, and leaves a sound one`() async throws {
        let node = try await fixture()
        try node.configure("data", disks: [node.data, node.path("late")])
        let exclude = ["record no", "exclude \"./amanda/data/disklist\""]
        try node.configure("self", disks: [node.path("etc")], dumptypeLines: exclude)
        func attempt(_ number: Int) async throws -> ConfigurationRecord {
            let done = try await node.backUp(Self.run, attempt: number)
            #expect(done.state == .failed, "a disk of the data is missing")
            return try #require(done.record?.configurations.last)
        }
        #expect(try await attempt(1).canStartNode == false)
        try node.configure("self", disks: [node.path("etc")])
        let second = try await attempt(2)
        #expect(
            second.canStartNode && second.selfBackup?.files.isEmpty == false,
            "\(second.dumps.compactMap(\.suspect?.text))")
        let third = try await attempt(3)
        #expect(third.canStartNode && third.dumps == second.dumps)
        #expect(third.selfBackup?.files == second.selfBackup?.files)
    }

    @Test(arguments: ["skip-full yes", "skip-incr yes", "strategy incronly", "strategy nofull"])
    func `no dumptype leaves it out of a run`(line: String) async throws {
        let node = try await fixture()
        try node.configure(
            "self", disks: [node.path("etc")], slots: "{1..5}", tapecycle: 5, dumpcycle: 7,
            dumptypeLines: ["record yes", line])
        for run in [Self.run, "20261124030600"] {
            let record = try await backUp(node, run)
            #expect(record.canStartNode && record.dumps.map(\.level) == [0], "\(record)")
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func `one that is encrypted with keys that nobody has sealed starts no machine`() async throws {
        let node = try await fixture()
        func configure(_ more: [String]) throws {
            try node.configure(
                "self", disks: [node.path("etc")],
                dumptypeLines: ["record no", "encrypt server", "server_encrypt \"\(node.path("mycrypt"))\""]
                    + more, globalLines: ["dumpuser \"backup\""])
            try node.run("chown -R backup: etc/amanda/self gnutar-lists")
        }
        try node.run(
            """
            chmod 711 .; mkdir -p gnutar-lists
            printf '#!/bin/sh\nLC_ALL=C exec tr A-Za-z N-ZA-Mn-za-m\n' >mycrypt; chmod 755 mycrypt
            """)
        try configure([])
        let record = try await backUp(node)
        #expect(!record.canStartNode, "\(record)")
        let gaps = record.dumps.compactMap(\.suspect?.gaps).first
        #expect(
            gaps == [
                SelfBackupGap(
                    path: node.path("etc/amanda"), reason: .unsealed, detail: node.path("mycrypt"))
            ])
        try configure(["property \"AMFLEET-SECRETS\" \"elsewhere\""])
        #expect(try await backUp(node, "20261124030600").canStartNode)
    }

    @Test func `it is always a full one`() async throws {
        let node = try await fixture()
        try node.configure(
            "self", disks: [node.path("etc")], slots: "{1..5}", tapecycle: 5, dumpcycle: 7,
            dumptypeLines: ["record yes"])
        var runs: [String] = []
        for _ in 0..<2 {
            _ = try await node.backUpNow(&runs)
            let record = try #require(try await node.record(runs[runs.count - 1])).configurations[1]
            #expect(record.dumps.map(\.level) == [0] && record.canStartNode)
        }
    }

    @Test func `a status tells the settings as they are, and reads no catalog`() async throws {
        let node = try await fixture()
        _ = try await backUp(node)
        let checked = try await CheckedConfiguration.all(NodeFixture.both, node.settings, node.storage)
        let status = try await ConfigurationStatus.all(of: checked, node.settings)
        let names = status.map {
            ($0.selfBackupFiles ?? []).map { $0.path.dropFirst(node.state.path.count + 5) }
        }
        #expect(names[0] == ["amanda/data/amanda.conf", "amanda/data/disklist"])
        #expect(names[1] == ["amanda/self/amanda.conf", "amanda/self/disklist", "amanda-security.conf"])
        let bytes = try FileSystem.readAll(node.path("etc/amanda/data/disklist"))
        #expect(status[0].selfBackupFiles?[1].sha256 == SHA256.digest(bytes).hexadecimal)
    }
}

extension NodeFixture {
    /// A shell script in the node's directory.
    func run(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-euc", script]
        process.currentDirectoryURL = URL(fileURLWithPath: state.path)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(script)")
    }
}
