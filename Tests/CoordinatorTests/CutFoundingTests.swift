// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Foundation
import Sealing
import TestSupport
import Testing

@testable import Coordinator

/// `amfleet init` that was killed, and is run again.
@Suite struct CutFoundingTests {
    private static let names = [
        "kit.txt", "ca.key", "ca.pem", "coordinator.key", "coordinator.pem", "recovery.pem", "cluster.json",
    ]

    private func founding(_ directory: TemporaryDirectory) -> ClusterFounding {
        ClusterFounding(
            Sample.cluster([]), directory: directory.path,
            recovery: RecoveryKeyMaking(kitPath: directory.path("kit.txt")))
    }

    /// What a killed `init` leaves: its mark, its first files, and one that was about to come.
    private func cut(after count: Int) throws -> TemporaryDirectory {
        let (whole, directory) = (try TemporaryDirectory(), try TemporaryDirectory())
        _ = try founding(whole).found()
        let contents = try Self.names.map { (directory.path($0), try FileSystem.readAll(whole.path($0))) }
        let file = ClusterFile(path: directory.path("cluster.json"), settings: Sample.cluster([]))
        try FoundingMark(contents.map { ($0.0, $0.1) }).keep(file)
        for (path, bytes) in contents.prefix(count) { try FileSystem.writeAtomically(path, bytes) }
        if count < contents.count {
            try FileSystem.writeAtomically("\(contents[count].0).4194305-3.tmp", Array("half a key".utf8))
        }
        return directory
    }

    @Test(arguments: 0...6) func `comes to its end, with nothing left of the first`(count: Int) throws {
        let directory = try cut(after: count)
        _ = try founding(directory).found()
        #expect(
            try FileSystem.list(directory.path).sorted()
                == (Self.names + ["cluster.json.lock", "issued.txt"]).sorted())
        let file = try ClusterFile.load(directory.path("cluster.json"))
        _ = try CoordinatorIdentity(file, now: Date())
        let kit = try #require(try RecoverySource.read(directory.path("kit.txt")).kit)
        #expect(kit.clusterID == file.settings.clusterID)
        let key = try RecoverySource.read(directory.path("kit.txt")).key(passphrase: nil)
        let certificate = try #require(RecoveryRecipients(file).certificates.first)
        #expect(key.opens(certificate))
    }

    @Test func `what was founded is there, and is not founded again`() throws {
        let directory = try cut(after: Self.names.count)
        let bytes = try FileSystem.readAll(directory.path("cluster.json"))
        let report = try founding(directory).found()
        #expect(report.files.count == 6 && report.kit == directory.path("kit.txt"))
        #expect(throws: CoordinatorError.alreadyThere(path: directory.path("cluster.json"))) {
            try founding(directory).found()
        }
        #expect(try FileSystem.readAll(directory.path("cluster.json")) == bytes)
        #expect(!FileSystem.exists(directory.path("cluster.json.founding")))
    }

    @Test func `what somebody has put there since stays`() throws {
        let directory = try cut(after: 3)
        try FileSystem.writeAtomically(directory.path("ca.pem"), Array("precious".utf8))
        let error = #expect(throws: CoordinatorError.self) { try founding(directory).found() }
        #expect(error == .alreadyThere(path: directory.path("ca.pem")))
        #expect(try FileSystem.readAll(directory.path("ca.pem")) == Array("precious".utf8))
        #expect(!FileSystem.exists(directory.path("ca.key")))
    }

    @Test func `a founding that fails leaves nothing of its keys`() throws {
        let directory = try TemporaryDirectory()
        var settings = Sample.cluster([])
        settings.tls.certificate = "nowhere/coordinator.pem"
        #expect(throws: (any Error).self) {
            try ClusterFounding(
                settings, directory: directory.path,
                recovery: RecoveryKeyMaking(kitPath: directory.path("kit.txt"))
            ).found()
        }
        #expect(try FileSystem.list(directory.path) == ["cluster.json.lock", "issued.txt"])
    }
}
