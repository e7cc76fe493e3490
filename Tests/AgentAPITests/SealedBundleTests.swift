// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Certificates
import Foundation
import Sealing
import Secret
import TestSupport
import Testing

@testable import AgentAPI

@Suite struct SealedBundleTests {
    let fixture: SealedFixture

    init() throws {
        fixture = try SealedFixture()
    }

    @Test func `comes out of its envelope as it went in, and says whose it is`() throws {
        let bundle = try SealedFixture.bundle([
            SealedFixture.file("/var/backups/.am_passphrase"),
            SealedFixture.file("/var/backups/.gnupg/am_key.gpg", [0, 255, 10, 0]),
            SealedFixture.file("/etc/amfleet/credentials", [], mode: 0o640, kind: .credentials),
        ])
        let opened = try SealedBundle.open(fixture.sealed(bundle), with: fixture.key)
        #expect(opened.bundle == bundle)
        let name = try PeerName(cluster: "demo", role: .node("node01"))
        try opened.requireOwner(name, authorities: fixture.authorities())
        let other = try RecoveryKey.create(cluster: "demo")
        #expect(throws: SealingError.notForThisKey) {
            _ = try SealedBundle.open(fixture.sealed(bundle), with: other)
        }
        // Sealed anew to another key, the signature stays the owner's.
        let anew = try Envelope.seal(opened.signed, to: [try #require(other.certificate)])
        try SealedBundle.open(anew, with: other).requireOwner(name, authorities: fixture.authorities())
    }

    @Test func `an old version in the place of a newer is none`() throws {
        let bundle = try SealedFixture.bundle([SealedFixture.file("/a")])
        let opened = try SealedBundle.open(fixture.sealed(bundle), with: fixture.key)
        let layout = BucketLayout(prefix: "demo")
        let own = try #require(bundle.manifest.run)
        try opened.requireRun(of: layout.nodeSecrets("node01", run: own))
        let key = layout.nodeSecrets("node01", run: try #require(RunName("20261201030000")))
        #expect(throws: SealedBundleError.ofAnotherRun(found: "secrets-\(own).cms", key: key)) {
            try opened.requireRun(of: key)
        }
    }

    @Test func `nobody else's signature counts, whatever it says of itself`() throws {
        let node = try PeerName(cluster: "demo", role: .node("node01"))
        let bundle = try SealedFixture.bundle([SealedFixture.file("/a")])
        let byAnother = try SealedBundle.open(fixture.sealed(bundle, by: .node("node02")), with: fixture.key)
        #expect(
            throws: SealedBundleError.ofAnother(
                found: "spiffe://demo/node/node02", expected: "spiffe://demo/node/node01")
        ) { try byAnother.requireOwner(node, authorities: fixture.authorities()) }
        // A node that gives another's bundle for its own.
        let replayed = try SealedFixture.bundle([SealedFixture.file("/a")], owner: .node("node02"))
        let opened = try SealedBundle.open(fixture.sealed(replayed), with: fixture.key)
        #expect(throws: SealedBundleError.self) {
            try opened.requireOwner(node, authorities: fixture.authorities())
        }
        let elsewhere = try SealedFixture.bundle([SealedFixture.file("/a")], cluster: "other")
        let foreign = try SealedBundle.open(fixture.sealed(elsewhere), with: fixture.key)
        #expect(throws: SealedBundleError.self) {
            try foreign.requireOwner(node, authorities: fixture.authorities())
        }
        let stranger = try CertificateAuthority.create(cluster: "demo").issue(.node("node01"))
        let forged = try bundle.sealed(
            certificatePEM: stranger.certificatePEM, privateKeyPEM: stranger.privateKeyPEM,
            to: [fixture.certificate])
        #expect(throws: SealedBundleError.foreignSigner(subject: "O = demo, CN = node01")) {
            try SealedBundle.open(forged, with: fixture.key)
                .requireOwner(node, authorities: fixture.authorities())
        }
        let coordinator = try PeerName(cluster: "demo", role: .coordinator)
        let ours = try SealedFixture.bundle([SealedFixture.file("/a")], owner: .coordinator)
        try SealedBundle.open(fixture.sealed(ours, by: .coordinator), with: fixture.key)
            .requireOwner(coordinator, authorities: fixture.authorities())
    }

    @Test(arguments: [
        "", "a", "//a", "/", "/a/", "/a/../b", "/./a", "/..", "/a\0b",
        "/" + String(repeating: "a/", count: 3_000) + "a",
    ])
    func `a path that leads elsewhere is sealed by nobody`(path: String) {
        #expect(throws: SealedBundleError.unusablePath(path)) {
            _ = try SealedFixture.bundle([SealedFixture.file(path)])
        }
    }

    @Test func `what no file of ours is goes into no bundle`() {
        #expect(throws: SealedBundleError.unusableOwner(path: "/a")) {
            _ = try SealedFixture.bundle([SealedFixture.file("/a", mode: 0o4755)])
        }
        #expect(throws: SealedBundleError.unusableOwner(path: "/a")) {
            _ = try SealedFixture.bundle([SealedFixture.file("/a", userID: -1)])
        }
        #expect(throws: SealedBundleError.duplicate(path: "/a")) {
            _ = try SealedFixture.bundle([SealedFixture.file("/a"), SealedFixture.file("/a")])
        }
        #expect(throws: SealedBundleError.duplicate(path: "/amfleet.json")) {
            _ = try SealedFixture.bundle([SealedFixture.file("/amfleet.json")])
        }
        let half = [UInt8](repeating: 0, count: SealedBundle.byteCountLimit / 2)
        #expect(throws: SealedBundleError.tooLong(byteCount: half.count * 2 + 1)) {
            _ = try SealedFixture.bundle([
                SealedFixture.file("/a", half), SealedFixture.file("/b", half), SealedFixture.file("/c", [0]),
            ])
        }
        #expect(throws: SealedBundleError.tooMany(count: 1_001)) {
            _ = try SealedFixture.bundle((0...1_000).map { SealedFixture.file("/\($0)") })
        }
    }

    @Test func `fingerprints compare contents, and cannot be tried without the bundle's key`() throws {
        let files = [SealedFixture.file("/a"), SealedFixture.file("/b"), SealedFixture.file("/c", [1])]
        let (one, other) = (try SealedFixture.bundle(files), try SealedFixture.bundle(files))
        let prints = one.fileRecords.map(\.fingerprint)
        #expect(prints[0] == prints[1] && prints[0] != prints[2])
        #expect(one.fileRecords.map(\.fingerprint) != other.fileRecords.map(\.fingerprint))
        #expect(prints[0] == files[0].fingerprint(key: one.manifest.fingerprintKey))
        let again = try SealedBundle(
            cluster: "demo", clusterID: nil, owner: .coordinator, run: nil, sealedAt: Date(),
            fingerprintKey: one.manifest.fingerprintKey, files: files)
        #expect(again.fileRecords == one.fileRecords)
        // HMAC-SHA-256 by the digits of the key, as anybody can compute it.
        try fixture.write("content", files[0].content)
        let told = try fixture.shell(
            "openssl dgst -sha256 -hmac \(one.manifest.fingerprintKey) -hex content")
        #expect(told.text.contains(prints[0]))
    }

    @Test func `no description, dump or error shows a content`() throws {
        let file = SealedFixture.file("/a", Array("plaintext of a key".utf8))
        let bundle = try SealedFixture.bundle([file])
        let opened = try SealedBundle.open(fixture.sealed(bundle), with: fixture.key)
        var shown = "\(file) \(bundle) \(opened) \(SecretsOrder(files: [file]))"
        dump(file, to: &shown)
        dump(bundle, to: &shown)
        dump(SecretsOrder(files: [file]), to: &shown)
        #expect(!shown.contains("plaintext of a key") && !shown.contains("112, 108"))
        #expect(!shown.contains(file.content.map(String.init).joined(separator: "\n")))
        #expect(shown.contains("/a (encryption, 18 bytes)"))
    }

    @Test func `a file crosses the wire whole, and nothing crosses that is none`() throws {
        let order = SecretsOrder(files: [SealedFixture.file("/a", [0, 1, 255])])
        let bytes = try WireJSON.document(order)
        #expect(try WireJSON.read(SecretsOrder.self, from: bytes, what: "secrets") == order)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("\"AAH/\""))
        for (good, bad) in [
            ("\"AAH/\"", "\"AAH\""), ("\"/a\"", "\"/../a\""), ("\"/a\"", "\"a\""), (": 384", ": 4095"),
            (": 34", ": -1"), (": 34", ": 4294967295"), ("\"encryption\"", "\"cron\""),
        ] {
            let changed = text.replacing(good, with: bad)
            #expect(changed != text, "\(good)")
            #expect(throws: WireJSONError.self, "\(bad)") {
                _ = try WireJSON.read(SecretsOrder.self, from: Array(changed.utf8), what: "secrets")
            }
        }
    }

    @Test func `a job says to whom to seal, and an older job to nobody`() throws {
        var order = BackupOrder(configurations: [], recovery: RecoveryOrder([fixture.certificate]))
        let bytes = try WireJSON.document(order)
        let read = try WireJSON.read(BackupOrder.self, from: bytes, what: "order")
        #expect(try read.recovery?.recipients() == [fixture.certificate])
        let older = try WireJSON.read(
            BackupOrder.self, from: Array(#"{"configurations": [], "dryRun": false}"#.utf8), what: "order")
        #expect(older.recovery == nil)
        order.recovery = RecoveryOrder(
            certificates: Array(repeating: fixture.certificate.pem, count: 17))
        #expect(throws: SealingError.self) { _ = try order.recovery?.recipients() }
    }

    @Test func `lies where the documents say`() throws {
        let layout = BucketLayout(prefix: "prod/amfleet")
        let run = try #require(SealedFixture.bundle([]).manifest.run)
        #expect(
            layout.nodeSecrets("node01", run: run)
                == "prod/amfleet/_amfleet/nodes/node01/secrets-20261130030000.cms")
        #expect(layout.nodeSecrets("node01", run: run).hasPrefix(layout.nodeFolder("node01")))
        #expect(BucketLayout(prefix: "").coordinatorSecrets == "_amfleet/coordinator.cms")
        #expect(layout.authority("ab") == "prod/amfleet/_amfleet/authorities/ab.pem")
        #expect(layout.recoveryCertificate("ab") == "prod/amfleet/_amfleet/recovery/ab.pem")
        #expect(AgentPaths.secrets("job-1") == "/v1/jobs/job-1/secrets")
    }
}
