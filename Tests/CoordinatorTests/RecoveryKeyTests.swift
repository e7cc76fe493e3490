// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import S3
import Sealing
import Secret
import TestSupport
import Testing

@testable import Coordinator

@Suite(.timeLimit(.minutes(3))) struct RecoveryKeyTests {
    @Test func `init makes a kit that only its owner reads, and keeps the certificate alone`() async throws {
        let fixture = try await RecoveryFixture()
        #expect(try FileSystem.status(fixture.kit)?.mode == 0o600)
        let kit = try #require(try RecoverySource.read(fixture.kit).kit)
        let file = try fixture.file
        #expect(file.settings.recovery == ["recovery.pem"] && kit.clusterID == file.settings.clusterID)
        #expect(kit.authorities == (try file.authorities().authorities.map(\.fingerprint)))
        #expect(try await fixture.key().open().key.opens(fixture.certificate))
        for name in try FileSystem.list(fixture.directory.path("c")) where !name.hasSuffix("nodes") {
            let text = String(
                decoding: try FileSystem.readAll(fixture.directory.path("c/\(name)")), as: UTF8.self)
            #expect(!text.contains(kit.keyPEM.plaintext.split(separator: "\n")[1]), "\(name)")
        }
    }

    @Test func `init writes over no kit, and leaves none of a cluster that was not made`() throws {
        let directory = try TemporaryDirectory()
        let kit = try directory.write("kit.txt", "precious")
        let founding = ClusterFounding(
            Sample.cluster([]), directory: directory.path("c"), recovery: RecoveryKeyMaking(kitPath: kit))
        #expect(throws: CoordinatorError.alreadyThere(path: kit)) { try founding.found() }
        #expect(!FileSystem.exists(directory.path("c/ca.key")))
        var settings = Sample.cluster([])
        settings.tls.certificate = "nowhere/coordinator.pem"
        let other = directory.path("other.txt")
        #expect(throws: (any Error).self) {
            try ClusterFounding(
                settings, directory: directory.path("d"), recovery: RecoveryKeyMaking(kitPath: other)
            ).found()
        }
        #expect(!FileSystem.exists(other))
    }

    @Test func `a cluster without a key gets one, and a second opens the same`() async throws {
        let fixture = try await RecoveryFixture()
        var file = try fixture.file
        file.settings.recovery = nil
        try file.save()
        try FileSystem.remove(fixture.directory.path("c/recovery.pem"))
        let first = fixture.directory.path("first.txt")
        let report = try await RecoveryAddCommand(
            fixture.cluster(), .new(RecoveryKeyMaking(kitPath: first))
        ).run()
        #expect(report.ending == .complete && report.kit == first)
        let second = fixture.directory.path("c/second.txt")
        let more = try await RecoveryAddCommand(
            fixture.cluster(), .new(RecoveryKeyMaking(kitPath: second))
        ).run()
        #expect(more.lines.contains { $0.contains("move it away") })
        #expect(try fixture.file.settings.recovery?.count == 2)
        for kit in [first, second] {
            let report = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key(kit)).run()
            #expect(report.ending == .complete && report.objects.first?.files.isEmpty == false)
        }
        // Cut short after its kit was written, or run twice: the kit is gone on with.
        _ = try await RecoveryAddCommand(fixture.cluster(), .kit(path: first)).run()
        #expect(try fixture.file.settings.recovery?.count == 2)
    }

    @Test func `check names what a key opens, by whom it is, and never what is in it`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01", "node02"])
        try await fixture.seal()
        try await fixture.sealSecrets(of: "node01", run: Sample.name("20261122030600"), "older words")
        try await fixture.sealSecrets(of: "node01", run: Sample.run, "secret words")
        let partly = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key()).run()
        #expect(
            partly.ending == .problem && partly.objects.map { $0.error == nil } == [true, true, true, false])
        try await fixture.sealSecrets(of: "node02", run: Sample.run)
        let report = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key()).run()
        #expect(report.ending == .complete, "\(report.lines)")
        // The older version has a key that the newer lacks: a dump may need it.
        #expect(
            report.objects.map(\.run) == [nil, Sample.run, Sample.name("20261122030600"), Sample.run])
        let shown =
            report.lines.joined() + String(decoding: try report.document(command: "check"), as: UTF8.self)
        #expect(shown.contains(".am_passphrase") && !shown.contains("words") && !shown.contains("PRIVATE"))
        // One node's secrets in another's place.
        let layout = fixture.direct.layout
        let stolen = try #require(try await fixture.object(layout.nodeSecrets("node01", run: Sample.run)))
        try await fixture.put(stolen, layout.nodeSecrets("node02", run: Sample.run))
        let forged = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key()).run()
        #expect(forged.ending == .problem && forged.objects.last?.error?.kind == .authentication)
    }

    @Test
    func `rotation seals every version anew, with the same signature inside, and the old key opens none`()
        async throws
    {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        let runs = [Sample.name("20261122030600"), Sample.run]
        for run in runs { try await fixture.sealSecrets(of: "node01", run: run, "of \(run)") }
        let new = fixture.directory.path("new.txt")
        let report = try await RecoveryRotateCommand(
            fixture.cluster(), .init(old: fixture.key(), newKit: new)
        ).run()
        #expect(report.ending == .complete && report.replaced?.resealed == 2, "\(report.lines)")
        #expect(try fixture.file.settings.recovery?.count == 1)
        #expect(!FileSystem.exists(fixture.directory.path("c/recovery.pem")))
        let (old, key) = (try await fixture.key().open().key, try await fixture.key(new).open().key)
        for run in runs {
            let name = fixture.direct.layout.nodeSecrets("node01", run: run)
            let bytes = try #require(try await fixture.object(name))
            #expect(throws: SealingError.notForThisKey) { try SealedBundle.open(bytes, with: old) }
            let opened = try SealedBundle.open(bytes, with: key)
            try opened.requireOwner(
                SealedOwner.node("node01").peerName(cluster: "demo"),
                authorities: fixture.file.authorities())
            #expect(opened.bundle.files.first?.content == Array("of \(run)".utf8))
        }
        _ = try await fixture.recover(key: fixture.key(new))
        await #expect(throws: SealingError.notForThisKey) { try await fixture.recover(into: "old") }
    }

    @Test func `a certificate that cluster json names twice goes with both names`() async throws {
        let fixture = try await RecoveryFixture()
        try FileSystem.writeAtomically(
            fixture.directory.path("c/copy.pem"), Array(fixture.certificate.pem.utf8))
        var file = try fixture.file
        file.settings.recovery = ["recovery.pem", "copy.pem"]
        try file.save()
        try await fixture.seal()
        let new = fixture.directory.path("new.txt")
        let report = try await RecoveryRotateCommand(
            fixture.cluster(), .init(old: fixture.key(), newKit: new)
        ).run()
        #expect(report.ending == .complete, "\(report.lines)")
        #expect(try fixture.file.settings.recovery?.count == 1)
        #expect(!FileSystem.exists(fixture.directory.path("c/copy.pem")))
        await #expect(throws: SealingError.notForThisKey) { try await fixture.recover(into: "old") }
    }

    @Test func `rotation that was cut short goes on with the kit that it has written`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01", "node02"])
        try await fixture.seal()
        for node in ["node01", "node02"] { try await fixture.sealSecrets(of: node, run: Sample.run) }
        let new = fixture.directory.path("new.txt")
        let options = RecoveryRotateCommand.Options(old: fixture.key(), newKit: new)
        // Ended after the first object.
        var file = try fixture.file
        let exchange = try RecoveryExchange(&file, old: await fixture.key().open(), options, passphrase: nil)
        #expect(file.settings.recovery?.count == 2)
        let name = fixture.direct.layout.nodeSecrets("node01", run: Sample.run)
        let signed = try Envelope.open(
            try #require(try await fixture.object(name)), with: try await fixture.key().open().key)
        try await fixture.put(Envelope.seal(signed, to: exchange.staying), name)
        let sheet = try FileSystem.readAll(new)
        let report = try await RecoveryRotateCommand(fixture.cluster(), options).run()
        #expect(report.ending == .complete && report.replaced?.resealed == 1, "\(report.lines)")
        #expect(try FileSystem.readAll(new) == sheet)
        #expect(try fixture.file.settings.recovery?.count == 1)
        let checked = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key(new)).run()
        #expect(checked.ending == .complete, "\(checked.lines)")
    }

    /// Whoever may write into one node's folder, or one flipped byte, must not keep the old key in use for ever.
    @Test func `an object that no key opens is named, and keeps the rotation from nothing`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        for run in [Sample.name("20261122030600"), Sample.run] {
            try await fixture.sealSecrets(of: "node01", run: run)
        }
        let layout = fixture.direct.layout
        let name = layout.nodeSecrets("node01", run: Sample.run)
        var damaged = try #require(try await fixture.object(name))
        damaged[damaged.count - 40] ^= 1
        try await fixture.put(damaged, name)
        let junk = layout.nodeSecrets("node01", run: Sample.name("20200101000000"))
        try await fixture.put(Array("junk".utf8), junk)
        let new = fixture.directory.path("new.txt")
        let options = RecoveryRotateCommand.Options(old: fixture.key(), newKit: new)
        let report = try await RecoveryRotateCommand(fixture.cluster(), options).run()
        #expect(report.ending == .partial && report.replaced?.isDone == true, "\(report.lines)")
        #expect(report.replaced?.damaged == [junk, name] && report.replaced?.resealed == 1)
        #expect(report.lines.contains { $0.contains(junk) && $0.contains(name) })
        #expect(try fixture.file.settings.recovery?.count == 1)
    }

    @Test func `what the store does not give keeps both keys`() {
        var report = RecoveryChangeReport(cluster: "demo", certificate: "new.pem", fingerprint: "aa")
        report.replaced = .init(fingerprint: "bb", errors: [WireError(.failed, "no answer")])
        #expect(report.ending == .partial && report.lines.contains { $0.contains("run it again") })
    }

    @Test func `rotation that ended before the coordinator was sealed is run again with the same words`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let new = fixture.directory.path("new.txt")
        let options = RecoveryRotateCommand.Options(old: fixture.key(), newKit: new)
        var file = try fixture.file
        let exchange = try RecoveryExchange(&file, old: await fixture.key().open(), options, passphrase: nil)
        try file.leave(try #require(exchange.going))
        await #expect(throws: SealingError.notForThisKey) { try await fixture.recover(key: fixture.key(new)) }
        let report = try await RecoveryRotateCommand(fixture.cluster(), options).run()
        #expect(report.ending == .complete, "\(report.lines)")
        #expect(try fixture.file.settings.recovery?.count == 1)
        _ = try await fixture.recover(key: fixture.key(new))
        // A key that never was this cluster's is no earlier attempt.
        let other = try await RecoveryFixture()
        await #expect(throws: (any Error).self) {
            try await RecoveryRotateCommand(fixture.cluster(), .init(old: other.key(), newKit: new)).run()
        }
    }

    @Test
    func `without the old key too a rotation that ended before the coordinator was sealed comes to its end`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let new = fixture.directory.path("new.txt")
        let options = RecoveryRotateCommand.Options(old: nil, newKit: new)
        var file = try fixture.file
        let exchange = try RecoveryExchange(&file, old: nil, options, passphrase: nil)
        try file.leave(try #require(exchange.going))
        let report = try await RecoveryRotateCommand(fixture.cluster(), options).run()
        #expect(report.ending == .complete, "\(report.lines)")
        _ = try await fixture.recover(key: fixture.key(new))
        // It has come to its end, so the kit is the one that is in use.
        await #expect(throws: CoordinatorError.alreadyThere(path: new)) {
            try await RecoveryRotateCommand(fixture.cluster(), options).run()
        }
    }

    @Test func `a kit that was half written by a killed command is no kit, and the next makes one`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let new = fixture.directory.path("new.txt")
        let half = try fixture.directory.write("new.txt.4194305-0.tmp", "-----BEGIN PRIVATE KEY-----")
        let report = try await RecoveryRotateCommand(
            fixture.cluster(), .init(old: fixture.key(), newKit: new)
        ).run()
        #expect(report.ending == .complete && !FileSystem.exists(half))
        // The new authority's folder of a roll-over that was killed at its beginning or end goes with the next turn.
        let folder = fixture.directory.path("c/authority-next")
        for suffix in [".making", ".done"] {
            try FileSystem.makeDirectories(folder + suffix)
            try FileSystem.writeAtomically("\(folder)\(suffix)/ca.key", Array("a key".utf8))
        }
        try FileSystem.writeAtomically(fixture.directory.path("c/ca.key.4194305-1.tmp"), Array("a key".utf8))
        _ = try RenewalLock(fixture.file)
        #expect(
            try FileSystem.list(fixture.directory.path("c")).allSatisfy {
                !$0.hasSuffix(".tmp") && !$0.hasPrefix("authority-next")
            })
    }

    /// A new kit must open, without a coordinator, what was sealed before the authority changed.
    @Test func `a kit that is printed after a renewal names those before too`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        try await fixture.sealSecrets(of: "node01", run: Sample.run)
        let file = try fixture.file
        let first = try #require(try file.authorities().authorities.first)
        for _ in 0..<2 {
            let renewal = AuthorityRenewal(file: file)
            let rollOver = try renewal.begin(authorityKey: nil)
            try renewal.goOver(rollOver)
            _ = try renewal.end(rollOver)
        }
        let output = fixture.directory.path("printed")
        _ = try await RecoveryKitCommand(file, key: fixture.key(), output: output).run()
        let kit = try #require(try RecoverySource.read(output).kit)
        #expect(kit.authorities.count == 3 && kit.authorities.contains(first.fingerprint))
        #expect(
            kit.authorities.contains(try #require(try file.authorities().authorities.first).fingerprint))
        #expect(
            try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key(output)).run().kit?.outdated
                == [])
    }

    @Test func `certificates to which nothing can be sealed are named where cluster.json lists them`()
        async throws
    {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        var file = try fixture.file
        file.settings.recovery = ["recovery.pem", "ca.pem", "gone.pem"]
        try file.save()
        let report = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key()).run()
        #expect(report.ending == .problem && report.certificate != nil)
        #expect(report.lines.contains { $0.contains("ca.pem") && $0.contains("it is an authority's") })
        #expect(report.lines.contains { $0.contains("gone.pem") })
        let remarks = try await fixture.cluster().sealCoordinator()
        #expect(remarks.count == 2, "\(remarks)")
        await #expect(throws: SealingError.self) {
            try await RecoveryAddCommand(
                fixture.cluster(), .certificate(path: fixture.directory.path("c/ca.pem"))
            ).run()
        }
    }

    @Test(arguments: [(-400, -30, "expired on"), (30, 400, "begins on"), (-400, 20, "expires in")])
    func `dates of a certificate are told, and keep nothing from being sealed or opened`(
        from: Int, to: Int, words: String
    ) async throws {
        let fixture = try await RecoveryFixture()
        let now = Int64(Date().timeIntervalSince1970)
        let (certificate, key) = try CertificateAuthority.create(cluster: "demo").sign(
            CertificateProfile(
                organization: "demo", commonName: "old", basicConstraints: "critical,CA:FALSE",
                keyUsage: "critical,keyAgreement"),
            validity: CertificateValidity(
                notBefore: now + Int64(from) * 86_400, notAfter: now + Int64(to) * 86_400))
        let path = try fixture.directory.write("old.pem", certificate)
        let added = try await RecoveryAddCommand(fixture.cluster(), .certificate(path: path)).run()
        #expect(added.ending == .complete && added.lines.contains { $0.contains(words) }, "\(added.lines)")
        let bare = fixture.key(try fixture.directory.write("old.key", key.plaintext))
        let checked = try await RecoveryCheckCommand(fixture.cluster(), key: bare).run()
        #expect(checked.ending == .complete, "\(checked.lines)")
        #expect(checked.lines.contains { $0.contains(words) }, "\(checked.lines)")
        let findings = RecoveryFindings.of(try await RecoveryFacts(fixture.cluster()), now: Date())
        #expect(findings.contains { $0.weight == .remark && $0.what.contains(words) }, "\(findings)")
        // Without the old kit what nodes have sealed would stay its own, and of several keys none is meant.
        let mend = "'amfleet recovery rotate --recovery-key KIT' makes a new key."
        #expect(findings.contains { $0.fix == mend } == (words != "begins on"))
        let output = fixture.directory.path("kit-of-old")
        let kit = try await RecoveryKitCommand(fixture.file, key: bare, output: output).run()
        #expect(kit.lines.contains { $0.contains(words) }, "\(kit.lines)")
        _ = try await fixture.recover(key: fixture.key(output))
    }

    @Test func `a kit that goes, or another's, is not taken for the new one`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.seal()
        let there = CoordinatorError.alreadyThere(path: fixture.kit)
        for old in [fixture.key(), nil] {
            await #expect(throws: there) {
                try await RecoveryRotateCommand(fixture.cluster(), .init(old: old, newKit: fixture.kit)).run()
            }
        }
        let second = fixture.directory.path("second.txt")
        _ = try await RecoveryAddCommand(
            fixture.cluster(), .new(RecoveryKeyMaking(kitPath: second))
        ).run()
        // The first kit lies where the new one would go: the second key must not leave for it.
        await #expect(throws: there) {
            try await RecoveryRotateCommand(fixture.cluster(), .init(old: nil, newKit: fixture.kit)).run()
        }
        #expect(try fixture.file.settings.recovery?.count == 2)
    }

    @Test func `check finds an old version in the place of a newer`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        let older = Sample.name("20261122030600")
        try await fixture.sealSecrets(of: "node01", run: older, "older words")
        let layout = fixture.direct.layout
        let stale = try #require(try await fixture.object(layout.nodeSecrets("node01", run: older)))
        try await fixture.put(stale, layout.nodeSecrets("node01", run: Sample.run))
        let report = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key()).run()
        #expect(report.ending == .problem && report.objects[1].error?.kind == .authentication)
        #expect(report.lines.contains { $0.hasPrefix("node/node01: what lies at") }, "\(report.lines)")
    }

    /// A passphrase was changed: dumps of before need the version that has the old one.
    @Test func `check opens what older versions alone hold, and finds it to be another key's`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        let runs = ["20261120030600", "20261121030600", "20261122030600"].map(Sample.name)
        try await fixture.sealSecrets(of: "node01", run: runs[0], "old words")
        try await fixture.sealSecrets(of: "node01", run: runs[1], "words")
        try await fixture.sealSecrets(of: "node01", run: runs[2], "words")
        let new = fixture.directory.path("new.txt")
        _ = try await RecoveryRotateCommand(fixture.cluster(), .init(old: nil, newKit: new)).run()
        // As the next backup does.
        _ = try await fixture.sealing().seal()
        try await fixture.sealSecrets(of: "node01", run: Sample.run, "words")
        func check(_ kit: String) async throws -> RecoveryCheckReport {
            try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key(kit)).run()
        }
        let found = try await check(new)
        #expect(found.ending == .problem, "\(found.lines)")
        #expect(found.objects.map { $0.error == nil } == [true, true, false, false, false])
        #expect(
            found.objects.last?.error?.message.hasPrefix("its secrets of 20261120030600 cannot be used (")
                == true,
            "\(found.lines)")
        let layout = fixture.direct.layout
        for run in runs { try await fixture.direct.client.delete([layout.nodeSecrets("node01", run: run)]) }
        try await fixture.sealSecrets(of: "node01", run: runs[0], "old words")
        try await fixture.sealSecrets(of: "node01", run: runs[1], "words")
        let whole = try await check(new)
        #expect(whole.ending == .complete, "\(whole.lines)")
        // What the newest holds too is told once.
        #expect(whole.objects.map(\.run) == [nil, Sample.run, runs[0]])
    }

    /// A key that was added later opens nothing of before, and nothing of before is missed.
    @Test func `a restore misses no older version whose keys the newest holds`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        let runs = ["20261120030600", "20261121030600", "20261122030600"].map(Sample.name)
        try await fixture.sealSecrets(of: "node01", run: runs[0], "old words")
        try await fixture.sealSecrets(of: "node01", run: runs[1], "words")
        let new = fixture.directory.path("new.txt")
        _ = try await RecoveryRotateCommand(fixture.cluster(), .init(old: nil, newKit: new)).run()
        try await fixture.sealSecrets(of: "node01", run: runs[2], "words", since: runs[1])
        let found = try await NodeSecretsReader(fixture.cluster(), fixture.key(new)).read(
            ["node01"], for: runs[2])
        #expect(found.orders["node01"]?.files.map(\.content) == [Array("words".utf8)])
        #expect(found.remarks.count == 1, "\(found.remarks)")
        #expect(found.remarks[0].hasPrefix("node01: its secrets of 20261120030600 cannot be used ("))
    }

    /// Nothing of the coordinator is left, its authority included: what nodes have sealed opens with the kit of before.
    @Test func `a coordinator that is founded anew reads what was sealed before by the cluster's id`()
        async throws
    {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        try await fixture.sealSecrets(of: "node01", run: Sample.run)
        let old = try fixture.file.settings
        var settings = old
        settings.recovery = nil
        _ = try ClusterFounding(settings, directory: fixture.directory.path("new")).found()
        try FileSystem.writeAtomically(
            fixture.directory.path("new/s3-credentials"),
            FileSystem.readAll(fixture.directory.path("c/s3-credentials")))
        func read() async throws -> OpenedSecrets {
            try await NodeSecretsReader(fixture.cluster("new/cluster.json"), fixture.key()).read(
                ["node01"], for: Sample.run)
        }
        let fault = try await read().faults["node01"]
        #expect(
            fault?.kind == .authentication && fault?.hint?.contains("\"clusterID\"") == true,
            "\(String(describing: fault))")
        var file = try ClusterFile.load(fixture.directory.path("new/cluster.json"))
        file.settings.clusterID = old.clusterID
        try file.save()
        #expect(try await read().orders["node01"]?.files.count == 1)
    }

    @Test func `no kit is printed of a key that was typed in wrong`() async throws {
        let fixture = try await RecoveryFixture()
        let text = String(decoding: try FileSystem.readAll(fixture.kit), as: UTF8.self)
        let key = try #require(text.split(separator: "-----BEGIN PRIVATE KEY-----\n").last)
        let line = try #require(key.split(separator: "\n").first)
        // Within the private half: the public one, by which the certificate is known, stays.
        let at = line.index(line.startIndex, offsetBy: 55)
        let mistyped = line[..<at] + (line[at] == "A" ? "B" : "A") + line[line.index(after: at)...]
        let sheet = try fixture.directory.write("sheet", text.replacing(line, with: mistyped))
        let output = fixture.directory.path("printed")
        await #expect(throws: SealingError.self) {
            try await RecoveryKitCommand(fixture.file, key: fixture.key(sheet), output: output).run()
        }
        #expect(!FileSystem.exists(output))
    }

    @Test func `without the old kit what it opens stays its own, and that is said`() async throws {
        let fixture = try await RecoveryFixture(nodes: ["node01"])
        try await fixture.seal()
        try await fixture.sealSecrets(of: "node01", run: Sample.run)
        let new = fixture.directory.path("new.txt")
        let report = try await RecoveryRotateCommand(
            fixture.cluster(), .init(old: nil, newKit: new)
        ).run()
        #expect(report.ending == .complete && report.replaced?.leftToOld.count == 1)
        #expect(report.lines.contains { $0.contains("keep its kit") })
        #expect(report.lines.contains { $0.contains("--recovery-key OLDKIT --new-kit KIT'") })
        // Found again one day, it does so all the same.
        let old = try await RecoveryCheckCommand(fixture.cluster(), key: fixture.key()).run()
        #expect(old.objects.last?.error == nil && old.certificate == nil)
        // As it was told.
        let late = try await RecoveryRotateCommand(
            fixture.cluster(), .init(old: fixture.key(), newKit: new)
        ).run()
        #expect(late.ending == .complete && late.replaced?.resealed == 1, "\(late.lines)")
        let name = fixture.direct.layout.nodeSecrets("node01", run: Sample.run)
        let bytes = try #require(try await fixture.object(name))
        let (first, second) = (try await fixture.key().open().key, try await fixture.key(new).open().key)
        #expect(throws: SealingError.notForThisKey) { try SealedBundle.open(bytes, with: first) }
        #expect(throws: Never.self) { try SealedBundle.open(bytes, with: second) }
    }

    @Test func `a kit is printed anew from the old one, never from what the coordinator has`() async throws {
        let fixture = try await RecoveryFixture(passphrase: Secret("correct horse"))
        var file = try fixture.file
        file.settings.storage.address.endpoint = "https://s3.example.com"
        let printed = try await RecoveryKitCommand(file, key: fixture.key(), output: nil).run()
        let text = printed.lines.joined(separator: "\n")
        let kit = try RecoveryKit(parsing: Secret(text), source: "the sheet")
        #expect(kit.endpoint == "https://s3.example.com")
        #expect(kit.keyPEM == (try RecoverySource.read(fixture.kit).kit?.keyPEM))
        let document = String(decoding: try printed.document(command: "recovery kit"), as: UTF8.self)
        #expect(!document.contains("PRIVATE"))
        let other = try await RecoveryFixture()
        await #expect(throws: RecoveryError.self) {
            try await RecoveryKitCommand(file, key: other.key(), output: nil).run()
        }
        let output = fixture.directory.path("new-sheet")
        _ = try await RecoveryKitCommand(file, key: fixture.key(), output: output).run()
        #expect(try FileSystem.status(output)?.mode == 0o600)
    }

    @Test func `status tells what is not prepared, and weighs a choice less than an oversight`() {
        func weights(_ change: (inout RecoveryFacts) -> Void) -> [Finding.Weight] {
            var facts = RecoveryFacts()
            facts.setting = ["recovery.pem"]
            facts.certificates = [
                .init(file: "recovery.pem", fingerprint: "aa", expiresAt: Sample.time.addingTimeInterval(1e9))
            ]
            facts.sealed = .ours
            facts.sealedAt = Sample.time
            change(&facts)
            return RecoveryFindings.of(facts, now: Sample.time).map(\.weight)
        }
        #expect(weights { _ in } == [])
        #expect(weights { $0.setting = nil } == [.problem])
        #expect(weights { $0.setting = [] } == [.remark])
        #expect(weights { $0.sealed = .nothing } == [.problem])
        #expect(weights { $0.sealed = .others } == [.problem])
        #expect(weights { ($0.sealed, $0.sealedAt) = (.others, nil) } == [.remark])
        #expect(weights { $0.sealed = .unknown } == [])
        #expect(weights { $0.isForOthers = true } == [.problem])
        #expect(weights { $0.changed = [("/c/cluster.json", .settings)] } == [.remark])
        #expect(weights { $0.changed = [("/c/ca.pem", .authority)] } == [.problem])
        #expect(weights { $0.kits = ["kit.txt"] } == [.remark])
        #expect(weights { $0.certificates[0].expiresAt = Sample.time } == [.remark])
        #expect(weights { $0.unpublished = ["authorities/aa.pem"] } == [.problem])
        #expect(weights { $0.faults = [WireError(.failed, "unreadable")] } == [.problem])
    }

    /// A store that went away in the midst of it was told by nobody, and what it had not said was in order.
    @Test func `status tells what the store did not say, unless it says nothing at all`() {
        var silence = WireError(.storageUnreachable, "no answer")
        silence.reach = .wholeStore
        let refusal = WireError(.storageRefused, "refused")
        func told(_ error: WireError, bucketAnswered: Bool) -> [[Finding.Weight]] {
            var facts = RecoveryFacts()
            facts.setting = ["recovery.pem"]
            facts.certificates = [
                .init(file: "recovery.pem", fingerprint: "aa", expiresAt: Sample.time.addingTimeInterval(1e9))
            ]
            (facts.sealed, facts.unknown) = (.unknown, error)
            var later = facts
            (later.sealed, later.unknown, later.unknownPublished) = (.ours, nil, error)
            #expect(facts.summary.isCurrent == nil && later.summary.isCurrent == nil)
            return [facts, later].map {
                RecoveryFindings.of($0, bucketAnswered: bucketAnswered, now: Sample.time).map(\.weight)
            }
        }
        #expect(told(silence, bucketAnswered: true) == [[.problem], [.problem]])
        #expect(told(silence, bucketAnswered: false) == [[], []])
        #expect(told(refusal, bucketAnswered: false) == [[.problem], [.problem]])
    }
}
