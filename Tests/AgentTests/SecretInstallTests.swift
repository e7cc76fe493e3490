// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Certificates
import Files
import Secret
import TestSupport
import Testing

@testable import Agent

/// What a bundle may bring onto a machine, and how: as root, in a directory of the test's own.
@Suite(.enabled(if: AmandaSandbox.isUsable)) struct SecretInstallTests {
    private let directory: TemporaryDirectory
    private let backup: UserAccount
    private let settings: AgentSettings
    private var home: String { directory.path("home") }
    private var passphrase: String { "\(home)/.am_passphrase" }

    init() throws {
        directory = try TemporaryDirectory("amfleet-install")
        let account = try #require(UserAccount(named: "backup"))
        backup = UserAccount(
            name: "backup", owner: account.owner, home: directory.path("home"), groupIDs: account.groupIDs)
        var settings = AgentSettings(
            node: "node01", cluster: "demo", listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(
                authority: directory.path("amfleet/ca.pem"), certificate: directory.path("amfleet/node.pem"),
                privateKey: directory.path("amfleet/node.key")),
            storage: .init(credentialsFile: directory.path("amfleet/s3-credentials")),
            amandaDirectory: directory.path("amanda"))
        settings.file = directory.path("amfleet/agent.json")
        self.settings = settings
        for name in ["home", "amfleet", "amanda"] { try FileSystem.makeDirectories(directory.path(name)) }
    }

    private func file(
        _ path: String, _ text: String = "secret\n", kind: SealedFile.Kind = .encryption, mode: Int = 0o600,
        user: String = "backup", group: String = "backup", id: Int = 4_711
    ) -> SealedFile {
        SealedFile(
            path: path, kind: kind, mode: mode, user: user, group: group, userID: id, groupID: id,
            content: Array(text.utf8))
    }

    private func install(
        _ file: SealedFile, overwrites: Bool = false, accepted: [String] = []
    ) throws -> RestoredSecret {
        let run = try #require(RunName("20261130020000"))
        let places = SecretPlaces(settings, dumpusers: [backup], accepted: accepted)
        return try #require(
            SecretInstall(places: places, overwrites: overwrites, run: run).install([file]).first)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try FileSystem.readAll(path), as: UTF8.self)
    }

    @Test func `a key is back with owner and mode, and its directory is the owner's alone`() throws {
        let path = "\(home)/.gnupg/am_key.gpg"
        let outcome = try install(file(path))
        #expect(outcome.state == .restored, "\(outcome)")
        let status = try #require(try FileSystem.status(path))
        // By name: the number was another machine's.
        #expect(status.owner == backup.owner && status.mode == 0o600)
        let ring = try #require(try FileSystem.status("\(home)/.gnupg"))
        #expect(ring.owner == backup.owner && ring.mode == 0o700)
        #expect(try text(path) == "secret\n")
        #expect(try FileSystem.list("\(home)/.gnupg") == ["am_key.gpg"])
    }

    @Test func `the same key stays, another one is only replaced on request, and a copy stays`() throws {
        try FileSystem.writeAtomically(passphrase, Array("secret\n".utf8))
        #expect(try install(file(passphrase)).state == .same)
        let other = file(passphrase, "other\n")
        #expect(try install(other).state == .kept)
        #expect(try text(passphrase) == "secret\n")
        let replaced = try install(other, overwrites: true)
        #expect(replaced.state == .replaced, "\(replaced)")
        #expect(try text(passphrase) == "other\n")
        #expect(try text("\(passphrase).before-20261130020000") == "secret\n")
    }

    @Test func `a link of the machine's that leads to the same key is that key`() throws {
        let target = directory.path("target")
        try FileSystem.writeAtomically(target, Array("secret\n".utf8), mode: 0o600)
        for path in [directory.path, home, target] { try FileSystem.setOwner(path, backup.owner) }
        try FileSystem.makeSymbolicLink(passphrase, to: target)
        #expect(try install(file(passphrase)).state == .same)
        #expect(try install(file(passphrase), overwrites: true).state == .same)
        #expect(try FileSystem.status(passphrase)?.kind == .symbolicLink)
        #expect(try install(file(passphrase, "other\n")).state == .kept)
    }

    @Test func `nothing is written through a link, whoever made it`() throws {
        let outside = directory.path("outside")
        try FileSystem.makeDirectories(outside)
        try FileSystem.makeSymbolicLink("\(home)/.gnupg", to: outside)
        let outcome = try install(file("\(home)/.gnupg/am_key.gpg"), overwrites: true)
        #expect(outcome.state == .failed, "\(outcome)")
        #expect(try FileSystem.list(outside) == [])

        try FileSystem.writeAtomically("\(outside)/target", Array("theirs".utf8))
        try FileSystem.makeSymbolicLink(passphrase, to: "\(outside)/target")
        #expect(try install(file(passphrase)).state == .kept)
        #expect(try install(file(passphrase), overwrites: true).state == .replaced)
        #expect(try text("\(outside)/target") == "theirs" && text(passphrase) == "secret\n")
    }

    @Test(arguments: [
        "/etc/passwd", "/etc/shadow", "/etc/cron.d/job", "/root/.ssh/authorized_keys", "/etc/sudoers.d/x",
        "/etc/ld.so.preload", "/usr/local/bin/x",
    ]) func `a bundle names no file of the machine's`(path: String) throws {
        for kind in [SealedFile.Kind.encryption, .credentials, .authority, .settings] {
            let text =
                kind == .credentials ? "[default]\naws_access_key_id = a\naws_secret_access_key = b\n" : "x"
            let places = SecretPlaces(settings, dumpusers: [backup], accepted: [])
            guard case .leftOut = places.decide(file(path, text, kind: kind)) else {
                Issue.record("\(kind) would be written to \(path)")
                continue
            }
        }
    }

    @Test func `an authority's name brings certificates alone`() throws {
        let beside = directory.path("amfleet/storage-ca.pem")
        let certificate = try CertificateAuthority.create(cluster: "demo")
        let places = SecretPlaces(
            settings, dumpusers: [backup], accepted: [directory.path("amfleet/cluster.json")])
        for text in ["{}", certificate.certificatePEM + certificate.privateKeyPEM.plaintext] {
            guard case .leftOut = places.decide(file(beside, text, kind: .authority)) else {
                Issue.record("\(text.prefix(20)) would be written")
                continue
            }
        }
        guard
            case .leftOut = places.decide(
                file(directory.path("amfleet/cluster.json"), "{}", kind: .authority))
        else { throw FilesError("leave out", beside, errorNumber: 0) }
        var named = settings
        named.storage.authority = beside
        let ours = SecretPlaces(named, dumpusers: [backup], accepted: [])
        guard case .place(let place) = ours.decide(file(beside, certificate.certificatePEM, kind: .authority))
        else { throw FilesError("place", beside, errorNumber: 0) }
        #expect(place.mode == 0o644 && place.owner.userID == 0)
    }

    @Test(arguments: [
        ".gnupg/gpg.conf", ".gnupg/gpg-agent.conf", ".bashrc", ".ssh/authorized_keys", "x/../../y",
    ])
    func `nor what the dumpuser would run`(name: String) throws {
        #expect(try install(file("\(home)/\(name)")).state == .leftOut)
    }

    @Test func `a key never comes back executable, or writable for all, or as somebody else's`() throws {
        let outcome = try install(file(passphrase, mode: 0o777, user: "daemon", group: "daemon"))
        #expect(outcome.state == .restored)
        let status = try #require(try FileSystem.status(passphrase))
        #expect(status.mode == 0o664 && status.owner == backup.owner)
    }

    @Test func `the operator's word puts a key of an own program back`() throws {
        let path = directory.path("keys/own")
        let left = try install(file(path))
        #expect(left.state == .leftOut && left.hint?.contains("--accept-key \(path)") == true, "\(left)")
        #expect(try install(file(path), accepted: [path]).state == .restored)
        #expect(try FileSystem.status(path)?.owner == UserAccount(named: "backup")?.owner)
    }

    @Test
    func `credentials come back where settings look for them, for root alone, and with no program in them`()
        throws
    {
        let keys = "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"
        let path = directory.path("amfleet/s3-credentials")
        #expect(try install(file(path, keys, kind: .credentials, mode: 0o644)).state == .restored)
        let status = try #require(try FileSystem.status(path))
        #expect(status.mode == 0o600 && status.owner.userID == 0)

        let command = file(path, keys + "credential_process = /tmp/evil\n", kind: .credentials)
        #expect(try install(command, overwrites: true).state == .leftOut)
        #expect(try text(path) == keys)
        for name in ["agent.json", "ca.pem", "node.pem", "node.key"] {
            let own = file(directory.path("amfleet/\(name)"), keys, kind: .credentials)
            #expect(try install(own, overwrites: true).state == .leftOut, "\(name)")
        }
        let settings = file(directory.path("amfleet/agent.json"), "{}", kind: .settings)
        #expect(try install(settings, overwrites: true).state == .leftOut)
    }
}
