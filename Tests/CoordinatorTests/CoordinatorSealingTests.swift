// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Digest
import Files
import Foundation
import S3
import Sealing
import TestSupport
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(2))) struct CoordinatorSealingTests {
    @Test func `everything that makes the coordinator lies sealed in the bucket, and nothing of it open`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let layout = fixture.direct.layout
        let sealed = try #require(try await fixture.object(layout.coordinatorSecrets))
        let opened = try SealedBundle.open(sealed, with: try await fixture.key().open().key)
        try opened.requireOwner(
            PeerName(cluster: "demo", role: .coordinator), authorities: fixture.file.authorities())
        let names = opened.bundle.files.map { $0.path.split(separator: "/").last.map(String.init) ?? "" }
        #expect(
            Set(names) == [
                "cluster.json", "coordinator.pem", "coordinator.key", "recovery.pem", "issued.txt", "ca.pem",
                "ca.key", "s3-credentials",
            ])
        for file in opened.bundle.files {
            let there = try FileSystem.readAll(file.path)
            let mode = try FileSystem.status(file.path)?.mode
            #expect(file.content == there && file.mode == mode.map(Int.init))
        }
        #expect(opened.bundle.manifest.clusterID == (try fixture.file.settings.clusterID))
        // What anybody may read is there too, under its fingerprint.
        let authority = try #require(try fixture.file.authorities().authorities.first)
        #expect(try await fixture.object(layout.authority(authority.fingerprint)) != nil)
        #expect(
            try await fixture.object(layout.recoveryCertificate(fixture.certificate.fingerprint)) != nil)
    }

    @Test func `it is sealed again when something has changed, when it is gone, and not otherwise`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let key = fixture.direct.layout.coordinatorSecrets
        let first = try await fixture.object(key)
        #expect(try await fixture.sealing().seal() == .current)
        #expect(try await fixture.object(key) == first)
        var roster = NodeRoster(try fixture.file)
        _ = try roster.add("node01", "127.0.0.1:1")
        #expect(try await fixture.sealing().seal() == .sealed(overOthers: false))
        #expect(try await fixture.sealing().seal() == .current)
        try await fixture.direct.client.delete(key)
        #expect(try await fixture.sealing().seal() == .sealed(overOthers: false))
        try FileSystem.remove(fixture.file.sealPath)
        #expect(try await fixture.sealing().seal() == .sealed(overOthers: false))
    }

    @Test func `certificates that are gone from the bucket are told, and put there again`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let layout = fixture.direct.layout
        let authority = layout.authority(
            try #require(fixture.file.authorities().authorities.first).fingerprint)
        let recovery = layout.recoveryCertificate(try fixture.certificate.fingerprint)
        #expect(try await RecoveryFacts(fixture.cluster()).unpublished == [])
        let whole = try #require(try await fixture.object(authority))
        try await fixture.put(Array("cut short".utf8), authority)
        try await fixture.direct.client.delete(recovery)
        let facts = try await RecoveryFacts(fixture.cluster())
        #expect(facts.unpublished == [authority, recovery] && facts.summary.isCurrent == false)
        #expect(try await fixture.sealing().seal() == .current)
        #expect(try await fixture.object(authority) == whole)
        #expect(try await fixture.object(recovery) != nil)
    }

    @Test func `what is no seal at all is replaced, and that is said`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let key = fixture.direct.layout.coordinatorSecrets
        try await fixture.put(Array("another's".utf8), key)
        #expect(try await fixture.sealing().seal() == .sealed(overOthers: true))
        #expect(try await fixture.sealing().seal() == .current)
    }

    /// Each night the one undid what the other had sealed: a node that was added there, a new authority's key.
    @Test func `of two coordinators neither seals over the other unless somebody says which one stays`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        _ = try await fixture.recover()
        let other = CoordinatorSealing(
            file: try ClusterFile.load(fixture.directory.path("again/cluster.json")), bucket: fixture.direct)
        var roster = NodeRoster(other.file)
        _ = try roster.add("node02", "127.0.0.1:2")
        #expect(
            try await CoordinatorSealing(file: roster.file, bucket: fixture.direct).seal()
                == .sealed(overOthers: false))
        let key = fixture.direct.layout.coordinatorSecrets
        let sealed = try await fixture.object(key)
        for always in [false, true] {
            await #expect(throws: RecoveryError.sealedByAnother) {
                _ = try await fixture.sealing().seal(always: always)
            }
        }
        let remarks = try await fixture.cluster().sealCoordinator()
        #expect(remarks.count == 1 && remarks[0].text.contains("theirs stay"), "\(remarks)")
        #expect(remarks[0].hint?.contains("amfleet recovery seal --over-others") == true)
        #expect(try await fixture.object(key) == sealed)
        #expect(try await RecoverySealCommand(fixture.cluster(), overOthers: true).run().isNew)
        #expect(try await fixture.object(key) != sealed)
        #expect(try await !RecoverySealCommand(fixture.cluster(), overOthers: false).run().isNew)
    }

    /// The object is there, and what is known of it is of the one before.
    @Test func `a command that is killed while it seals is not taken for another coordinator`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let before = try FileSystem.readAll(fixture.file.sealPath)
        var roster = NodeRoster(try fixture.file)
        _ = try roster.add("node01", "127.0.0.1:1")
        _ = try await fixture.sealing().seal()
        let key = fixture.direct.layout.coordinatorSecrets
        let now = try #require(CoordinatorSeal.last(fixture.file))
        try FileSystem.writeAtomically(fixture.file.sealPath, before)
        try #require(CoordinatorSeal.last(fixture.file)).awaiting(now.sha256).keep(fixture.file)
        #expect(try await RecoveryFacts(fixture.cluster()).sealed == .ours)
        #expect(try await fixture.sealing().seal() == .sealed(overOthers: false))
        // And of what is put there the mark is there before.
        let seen = try #require(try await fixture.object(key))
        #expect(try CoordinatorSeal.last(fixture.file)?.sha256 == SHA256.digest(seen).hexadecimal)
    }

    /// It was taken for a coordinator that had never sealed, which seals over whatever is there.
    @Test func `where what was sealed last cannot be read nothing is sealed over what lies there`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let key = fixture.direct.layout.coordinatorSecrets
        let before = try await fixture.object(key)
        try FileSystem.remove(fixture.file.sealPath)
        try FileSystem.makeDirectories(fixture.file.sealPath)
        let error = await #expect(throws: CoordinatorError.self) { try await fixture.sealing().seal() }
        #expect(error?.facts.contains("sealed.json") == true, "\(String(describing: error))")
        #expect(try await fixture.object(key) == before)
        #expect(try CoordinatorSeal.last(fixture.file) == nil)
    }

    @Test func `without a recovery key nothing is sealed`() async throws {
        let fixture = try await RecoveryFixture()
        var file = try fixture.file
        file.settings.recovery = []
        #expect(try await CoordinatorSealing(file: file, bucket: fixture.direct).seal() == .noRecipients)
        #expect(try await fixture.object(fixture.direct.layout.coordinatorSecrets) == nil)
    }

    @Test func `status knows what is sealed, what has changed since, and a kit that lies there`() async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.cluster().clusterGuard().claim()
        #expect(try await RecoveryFacts(fixture.cluster()).sealed == .nothing)
        try await fixture.seal()
        let sealed = try await RecoveryFacts(fixture.cluster())
        #expect(sealed.sealed == .ours && sealed.changed.isEmpty && sealed.kits.isEmpty)
        #expect(sealed.summary.isCurrent == true)
        try FileSystem.copy(fixture.kit, to: fixture.directory.path("c/my-sheet"))
        try FileSystem.append(fixture.directory.path("c/s3-credentials"), Array("# changed\n".utf8))
        let later = try await RecoveryFacts(fixture.cluster())
        #expect(later.kits == [fixture.directory.path("c/my-sheet")])
        #expect(
            later.changed.map(\.path) == [
                CoordinatorFiles.absolute(fixture.directory.path("c/s3-credentials"))
            ])
        #expect(later.summary.isCurrent == false)
    }
}
