// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import S3
import Sealing
import Secret
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(3))) struct RecoverTests {
    @Test func `the coordinator comes back on an empty machine, and says what it used`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        let report = try await fixture.recover()
        #expect(report.isPinned && report.missingAuthorityKey == nil && report.others.isEmpty)
        #expect(report.nodes == ["node01"] && report.credentials.contains("given-credentials"))
        for name in [
            "cluster.json", "ca.pem", "ca.key", "coordinator.key", "coordinator.pem", "s3-credentials",
        ] {
            let (old, new) = (fixture.directory.path("c/\(name)"), fixture.directory.path("again/\(name)"))
            #expect(try FileSystem.readAll(new) == FileSystem.readAll(old))
            #expect(try FileSystem.status(new)?.mode == FileSystem.status(old)?.mode)
        }
        let file = try ClusterFile.load(fixture.directory.path("again/cluster.json"))
        _ = try CoordinatorIdentity(file, now: Date())
        #expect(try RecoveryRecipients(file).certificates == [fixture.certificate])
        #expect(report.lines.contains { $0.contains("amfleet restore --recovery-key") })
    }

    @Test func `twice is once, and nothing that is there and differs is written over`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        _ = try await fixture.recover()
        try FileSystem.remove(fixture.directory.path("again/ca.key"))
        let second = try await fixture.recover()
        #expect(second.files.filter(\.isWritten).map(\.path) == [fixture.directory.path("again/ca.key")])
        try FileSystem.writeAtomically(fixture.directory.path("again/ca.pem"), Array("precious".utf8))
        try FileSystem.remove(fixture.directory.path("again/ca.key"))
        let differing = [fixture.directory.path("again/ca.pem")]
        await #expect(throws: RecoveryError.filesDiffer(differing)) { try await fixture.recover() }
        #expect(try FileSystem.readAll(fixture.directory.path("again/ca.pem")) == Array("precious".utf8))
        #expect(!FileSystem.exists(fixture.directory.path("again/ca.key")))
    }

    @Test func `half of an earlier recover is gone on with, wherever it was killed`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        let whole = try await fixture.recover(into: "whole").files.map(\.path)
        #expect(whole.last == fixture.directory.path("whole/cluster.json"))
        for count in 0..<whole.count {
            let directory = "half\(count)"
            let paths = whole.map { $0.replacing("/whole/", with: "/\(directory)/") }
            for (from, to) in zip(whole, paths).prefix(count) {
                try FileSystem.makeDirectories(FileSystem.parentDirectory(of: to))
                try FileSystem.writeAtomically(
                    to, FileSystem.readAll(from), mode: FileSystem.status(from)?.mode ?? 0)
            }
            try FileSystem.makeDirectories(FileSystem.parentDirectory(of: paths[count]))
            try FileSystem.writeAtomically("\(paths[count]).4194305-0.tmp", Array("half a key".utf8))
            let report = try await fixture.recover(into: directory)
            #expect(report.files.filter(\.isWritten).map(\.path) == Array(paths[count...]))
            for (from, to) in zip(whole, paths) {
                #expect(try FileSystem.readAll(to) == FileSystem.readAll(from))
            }
            #expect(
                try FileSystem.list(fixture.directory.path(directory)).allSatisfy { !$0.hasSuffix(".tmp") })
        }
    }

    @Test func `the directory of another cluster that lives stays as it is`() async throws {
        let (fixture, other) = (try await RecoveryFixture(), try await RecoveryFixture())
        try await fixture.seal()
        let there = other.directory.path("c")
        func content() throws -> [String: [UInt8]] {
            var content: [String: [UInt8]] = [:]
            for name in try FileSystem.list(there) {
                content[name] = try FileSystem.readAll("\(there)/\(name)")
            }
            return content
        }
        let before = try content()
        let error = await #expect(throws: RecoveryError.self) {
            try await fixture.recover { $0.directory = there }
        }
        #expect(
            error?.facts.contains("nothing was written: \(there)/") == true, "\(String(describing: error))")
        #expect(try content() == before)
    }

    /// Nothing of these is in the seal, and the coordinator would go by them.
    @Test(arguments: [
        "former-authorities.pem", "authority-next/ca.pem", "coordinator.pem.new", "coordinator.key.new",
    ])
    func `what would count beside its files, and is another's, is named`(name: String) async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let path = fixture.directory.path("again/\(name)")
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: path))
        try FileSystem.writeAtomically(path, Array("another's".utf8))
        // What counts for nothing is in nobody's way.
        try FileSystem.writeAtomically(fixture.directory.path("again/notes.txt"), Array("notes".utf8))
        let named = fixture.directory.path("again/\(name.split(separator: "/")[0])")
        await #expect(throws: RecoveryError.filesDiffer([named])) { try await fixture.recover() }
        #expect(!FileSystem.exists(fixture.directory.path("again/cluster.json")))
        try FileSystem.removeTree(named)
        _ = try await fixture.recover()
        #expect(try FileSystem.readAll(fixture.directory.path("again/notes.txt")) == Array("notes".utf8))
    }

    @Test func `what a stranger has sealed to the public certificate is not put back`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let stranger = try TemporaryDirectory()
        var settings = try fixture.file.settings
        settings.recovery = nil
        _ = try ClusterFounding(settings, directory: stranger.path).found()
        var forged = try ClusterFile.load(stranger.path("cluster.json"))
        forged.settings.clusterID = try fixture.file.settings.clusterID
        try FileSystem.writeAtomically(
            stranger.path("recovery.pem"), Array(try fixture.certificate.pem.utf8))
        forged.settings.recovery = ["recovery.pem"]
        try forged.save()
        _ = try await CoordinatorSealing(file: forged, bucket: fixture.direct).seal()
        let error = await #expect(throws: (any Error).self) { try await fixture.recover() }
        let fault = try #require(error as? any Fault)
        #expect(fault.kind == .authentication, "\(fault)")
        #expect(!FileSystem.exists(fixture.directory.path("again")))
        // The bare key knows no better, and says so.
        let bare = fixture.directory.path("bare.pem")
        let key = try await fixture.key().open().key.pem(passphrase: nil)
        try FileSystem.writeAtomically(bare, Array(key.plaintext.utf8))
        let report = try await fixture.recover(into: "unpinned", key: fixture.key(bare))
        #expect(!report.isPinned && report.lines.contains { $0.contains("cannot prove") })
        #expect(report.authority == (try forged.authorities().authorities.first?.fingerprint))
    }

    @Test func `what a node has signed is no coordinator`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        try await fixture.sealSecrets(of: "node01", run: Sample.run)
        let layout = fixture.direct.layout
        let secrets = try #require(
            try await fixture.object(layout.nodeSecrets("node01", run: Sample.run)))
        try await fixture.put(secrets, layout.coordinatorSecrets)
        await #expect(throws: (any Error).self) { try await fixture.recover() }
        #expect(!FileSystem.exists(fixture.directory.path("again")))
    }

    @Test func `a damaged seal, another key and no seal at all are told apart`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.cluster().clusterGuard().claim()
        await #expect(throws: RecoveryError.notSealed(place: fixture.place.description)) {
            try await fixture.recover()
        }
        try await fixture.seal()
        let other = try await RecoveryFixture()
        await #expect(throws: RecoveryError.self) { try await fixture.recover(key: other.key()) }
        let bare = fixture.directory.path("bare.pem")
        let key = try RecoveryKey.create(cluster: "demo").pem(passphrase: nil)
        try FileSystem.writeAtomically(bare, Array(key.plaintext.utf8))
        await #expect(throws: SealingError.notForThisKey) {
            try await fixture.recover(key: fixture.key(bare))
        }
        let name = fixture.direct.layout.coordinatorSecrets
        var bytes = try #require(try await fixture.object(name))
        bytes[bytes.count - 40] ^= 1
        try await fixture.put(bytes, name)
        let error = await #expect(throws: RecoveryError.self) { try await fixture.recover() }
        #expect(
            error?.kind == .damaged && error?.facts.contains(name) == true, "\(String(describing: error))")
        #expect(error?.hint?.contains("A lost coordinator") == true)
        #expect(!FileSystem.exists(fixture.directory.path("again")))
    }

    /// Whoever clears a bucket up, or follows the advice to take the mark away, must not end the worst day.
    @Test(arguments: [nil, "{", "null"] as [String?])
    func `the mark of the prefix is not needed, and what is wrong with it is said`(mark: String?) async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let name = fixture.direct.layout.cluster
        if let mark {
            try await fixture.put(Array(mark.utf8), name)
        } else {
            try await fixture.direct.client.delete(name)
        }
        let report = try await fixture.recover()
        #expect(report.isPinned && report.remarks.count == 1)
        #expect(report.lines.contains { $0.contains("mark of its cluster") })
        #expect(report.remarks[0].contains("'\(name)'") == (mark != nil))
        // Without it the kit still says whose it must be.
        let other = try await RecoveryFixture()
        let seal = try #require(try await fixture.object(fixture.direct.layout.coordinatorSecrets))
        try await other.put(seal, other.direct.layout.coordinatorSecrets)
        var settings = try fixture.file.settings
        settings.clusterID = "0123456789abcdef0123456789abcdef"
        let kit = RecoveryKit(
            settings, try fixture.file.authorities().authorities,
            certificatePEM: try fixture.certificate.pem,
            keyPEM: try await fixture.key().open().key.pem(passphrase: nil))
        let path = try fixture.directory.write("other-kit", kit.text.plaintext)
        let error = await #expect(throws: RecoveryError.self) {
            try await other.recover(key: fixture.key(path))
        }
        #expect(error?.facts.hasPrefix("the sealed coordinator is of cluster 'demo'") == true)
    }

    @Test func `sealed credentials that do not count any more are named, with the mend`() async throws {
        let fixture = try await RecoveryFixture()
        let stale = "[default]\naws_access_key_id = long-gone\naws_secret_access_key = nothing\n"
        try await fixture.seal()
        #expect(try await fixture.recover(into: "fresh").storeFault == nil)
        try FileSystem.writeAtomically(fixture.directory.path("c/s3-credentials"), Array(stale.utf8))
        _ = try await fixture.sealing().seal()
        let report = try await fixture.recover()
        let file = fixture.directory.path("again/s3-credentials")
        let mend = "cp \(fixture.directory.path("given-credentials")) \(file)"
        #expect(report.storeFault?.kind == .storageRefused, "\(report.lines)")
        #expect(report.lines.contains { $0.contains("'\(mend)'") }, "\(report.lines)")
        let shell = try Process.run(URL(filePath: "/bin/sh"), arguments: ["-c", mend])
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0)
        #expect(try await fixture.cluster("again/cluster.json").clusterGuard().check())
    }

    @Test func `a passphrase comes from a file, and a wrong one opens nothing`() async throws {
        let fixture = try await RecoveryFixture(passphrase: Secret("correct horse"))
        try await fixture.seal()
        let (right, wrong) = (
            try fixture.directory.write("right", "correct horse\nsecond line\n"),
            try fixture.directory.write("wrong", "battery staple\n")
        )
        await #expect(throws: RecoveryError.nobodyToAsk) { try await fixture.recover() }
        await #expect(throws: SealingError.self) {
            try await fixture.recover(key: fixture.key(passphraseFile: wrong))
        }
        _ = try await fixture.recover(key: fixture.key(passphraseFile: right))
        #expect(FileSystem.exists(fixture.directory.path("again/ca.key")))
    }

    /// Made with the file and typed on the worst day it is the same.
    @Test func `a byte order mark is no part of a passphrase`() async throws {
        let directory = try TemporaryDirectory("amfleet-passphrase")
        let file = try directory.write("passphrase", "\u{FEFF}correct horse\r\n")
        #expect(try await RecoveryPassphrase(file: file).new() == Secret("correct horse"))
    }

    @Test(.long) func `a wrong passphrase may be typed again`() async throws {
        let fixture = try await RecoveryFixture(passphrase: Secret("correct horse"))
        let typed = Typed(["wrong", "wrong again", "correct horse"])
        let key = RecoveryKeyFile(
            path: fixture.kit, passphrase: RecoveryPassphrase { _ in typed.next.map { Secret($0) } })
        #expect(try await key.open().key.opens(fixture.certificate))
        let stubborn = Typed(["a", "b", "c", "correct horse"])
        let locked = RecoveryKeyFile(
            path: fixture.kit, passphrase: RecoveryPassphrase { _ in stubborn.next.map { Secret($0) } })
        await #expect(throws: SealingError.self) { try await locked.open() }
    }

    @Test func `an authority that was renewed since the kit was printed is followed`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let file = try fixture.file
        let old = try #require(try file.authorities().authorities.first)
        for _ in 0..<2 {
            let renewal = AuthorityRenewal(file: file)
            let rollOver = try renewal.begin(authorityKey: nil)
            // In its midst, too: both authorities are sealed.
            _ = try await fixture.sealing().seal()
            try renewal.goOver(rollOver)
            _ = try renewal.end(rollOver)
        }
        #expect(try file.authorities().authorities.first?.fingerprint != old.fingerprint)
        #expect(try file.believedAuthorities().authorities.contains(old))
        _ = try await fixture.sealing().seal()
        let report = try await fixture.recover()
        #expect(report.isPinned)
        #expect(report.authority == (try file.authorities().authorities.first?.fingerprint))
    }

    @Test func `a seal whose signer was revoked since is refused, unless the operator knows better`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let file = try fixture.file
        let serial = try CertificateFacts(contentsOf: file.identityFiles.certificate).serial
        let lists = try RevocationSigners(file, key: nil).sign(
            [serial], besides: RevocationLists(), ends: [:], now: Int64(Date().timeIntervalSince1970))
        _ = try await fixture.direct.create(
            RevocationOrder(lists: lists.pem), fixture.direct.layout.revoked)
        await #expect(throws: RecoveryError.revokedSigner(serial: serial)) { try await fixture.recover() }
        let report = try await fixture.recover { $0.acceptsRevokedSigner = true }
        #expect(report.isSignerRevoked)
    }

    @Test func `files that lay elsewhere come into the one directory, and cluster.json says so`() async throws
    {
        let fixture = try await RecoveryFixture()
        var file = try fixture.file
        try FileSystem.makeDirectories(fixture.directory.path("offline"))
        try FileSystem.rename(
            fixture.directory.path("c/ca.key"), to: fixture.directory.path("offline/ca.key"))
        file.settings.tls.authorityKey = fixture.directory.path("offline/ca.key")
        try FileSystem.rename(
            fixture.directory.path("c/s3-credentials"), to: fixture.directory.path("offline/cluster.json"))
        file.settings.storage.credentialsFile = fixture.directory.path("offline/cluster.json")
        try file.save()
        try await fixture.seal()
        let report = try await fixture.recover()
        let settings = try ClusterFile.load(fixture.directory.path("again/cluster.json")).settings
        #expect(settings.tls.authorityKey == "ca.key" && settings.storage.credentialsFile == "2-cluster.json")
        #expect(report.files.allSatisfy { $0.path.hasPrefix(fixture.directory.path("again/")) })
        #expect(FileSystem.exists(fixture.directory.path("again/2-cluster.json")))
        // A key that is kept away is not sealed, and is missed.
        try FileSystem.remove(fixture.directory.path("offline/ca.key"))
        try await fixture.seal()
        let without = try await fixture.recover(into: "without")
        #expect(without.missingAuthorityKey == fixture.directory.path("offline/ca.key"))
        #expect(without.lines.contains { $0.contains("bring it to") })
        // What is to be typed next signs with it.
        #expect(without.lines.contains("  amfleet node add --from nodes.txt --authority-key FILE"))
        #expect(report.lines.contains("  amfleet node add --from nodes.txt"))
    }

    @Test func `a new machine's clock that is wrong is told before it makes certificates`() {
        #expect(
            RecoverCommand.clockRemark(-86_400)?.contains("clock is 1 d 0 h ahead of the store's") == true)
        #expect(RecoverCommand.clockRemark(90)?.contains("clock is 1 min 30 s behind the store's") == true)
        #expect(RecoverCommand.clockRemark(-5) == nil)
    }

    @Test func `a second coordinator that lives is noticed`() throws {
        let lease = LeaseClaim(
            cluster: "demo", holder: "root@other, pid 7", verb: "backup", run: Sample.run
        ).lease(fence: 3, at: Sample.time)
        let settings = Sample.cluster(["node01"])
        let manifest = RunOpening.manifest(
            Sample.run, try Selection(ClusterFile(path: "c", settings: settings)), cluster: settings,
            coordinator: "root@other, pid 7", fence: 3, now: Sample.time)
        let signs = SecondCoordinator.of(lease, [manifest], now: Sample.time)
        #expect(signs.count == 2 && signs.allSatisfy { $0.contains("root@other") })
        #expect(SecondCoordinator.of(lease.released(at: Sample.time), [], now: Sample.time).isEmpty)
        #expect(SecondCoordinator.of(lease, [], now: Sample.time.addingTimeInterval(3_600)).isEmpty)
        #expect(SecondCoordinator.of(nil, [], now: Sample.time).isEmpty)
    }
}

/// What an operator types, one after the other.
private final class Typed: Sendable {
    private let lines: Mutex<[String]>

    init(_ lines: [String]) { self.lines = Mutex(lines) }

    var next: String? { lines.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
