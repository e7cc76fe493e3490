// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Sealing
import Secret
import TestSupport
import Testing

@testable import AgentAPI

@Suite struct RecoveryKitTests {
    let fixture: SealedFixture

    init() throws {
        fixture = try SealedFixture()
    }

    private func kit(
        passphrase: String? = nil, bucket: String = "backups", prefix: String = "prod/amfleet",
        endpoint: String? = "https://s3.example:9000"
    ) throws -> RecoveryKit {
        let authority = try CertificateFacts(pem: fixture.authority.certificatePEM)
        return RecoveryKit(
            cluster: "demo", clusterID: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            storage: StorageAddress(
                bucket: bucket, prefix: prefix, region: "eu-central-1", endpoint: endpoint,
                addressing: endpoint.map { _ in .path }),
            authorities: [authority.fingerprint, String(repeating: "0a", count: 32)],
            date: Date(timeIntervalSince1970: 1_796_000_000), certificatePEM: fixture.certificate.pem,
            keyPEM: try fixture.key.pem(passphrase: passphrase.map { Secret($0) }))
    }

    @Test(arguments: [
        ("prod/amfleet", "https://s3.example:9000" as String?), ("", nil),
        ("it's 100 % ä/" + String(repeating: "x", count: 200), "http://127.0.0.1:8333"),
    ])
    func `comes back from its text`(prefix: String, endpoint: String?) throws {
        let kit = try kit(prefix: prefix, endpoint: endpoint)
        #expect(try RecoveryKit(parsing: kit.text, source: "'kit'") == kit)
    }

    @Test func `comes back as people leave it`() throws {
        let kit = try kit(prefix: String(repeating: "long/", count: 40))
        let printed = kit.text.plaintext.split(separator: "\n", omittingEmptySubsequences: false)
        let mailed = printed.map { "   \($0)  \r" }.joined(separator: "\n")
        #expect(try RecoveryKit(parsing: Secret(mailed), source: "'kit'") == kit)
        let typed = printed.map { $0.drop(while: \.isWhitespace) }.joined(separator: "\n")
        #expect(try RecoveryKit(parsing: Secret(typed), source: "'kit'") == kit)
        // Each line twice ended, and a line more before.
        for doubled in [
            printed.joined(separator: "\r\r\n"), "\n" + printed.joined(separator: "\n\n"),
        ] {
            let source = try RecoverySource(text: Secret(doubled), source: "'kit'")
            #expect(source.kit == kit)
            #expect(try source.key(passphrase: nil).certificate == fixture.certificate)
        }
        // An answer to a mail, as it was saved.
        for mark in ["> ", ">> ", "> > "] {
            let quoted = "On Monday somebody wrote:\n" + printed.map { mark + $0 }.joined(separator: "\n")
            let source = try RecoverySource(text: Secret(quoted), source: "'kit'")
            #expect(source.kit == kit)
            #expect(try source.key(passphrase: nil).opens(fixture.certificate))
        }
    }

    @Test func `a file of another system's, or with a note in another encoding, is a kit`() throws {
        let kit = try kit()
        let text = Array(kit.text.plaintext.utf8)
        let files: [[UInt8]] = [
            [0xEF, 0xBB, 0xBF] + text,
            // In Latin-1: "Jörg schrieb:".
            [0x4A, 0xF6, 0x72, 0x67] + Array(" schrieb:\n\n".utf8) + text,
        ]
        for bytes in files {
            try fixture.write("handled.txt", bytes)
            let source = try RecoverySource.read(fixture.directory.path("handled.txt"))
            #expect(source.kit == kit)
            #expect(try source.key(passphrase: nil).opens(fixture.certificate))
        }
    }

    @Test func `fits on a page, and the key stands in it once`() throws {
        let text = try kit().text.plaintext
        for line in text.split(separator: "\n") { #expect(line.count <= 70, "\(line)") }
        #expect(text.split(separator: "PRIVATE KEY-----").count == 3)
        #expect(text.contains("authority:   0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\n             0a0a"))
        #expect(!text.contains("its passphrase"))
        #expect(try kit(passphrase: "words").text.plaintext.contains("its passphrase"))
        var shown = ""
        dump(try kit(), to: &shown)
        #expect(!shown.contains("PRIVATE KEY"))
    }

    @Test func `says what is missing or wrong, and where`() throws {
        let text = try kit().text.plaintext
        func fault(_ old: String, _ new: String) -> String? {
            let changed = text.replacing(old, with: new)
            do throws(RecoveryKitError) {
                _ = try RecoveryKit(parsing: Secret(changed), source: "'kit'")
                return nil
            } catch {
                return error.facts
            }
        }
        #expect(fault(text, fixture.certificate.pem) == "'kit' is no recovery kit")
        #expect(fault("cluster:", "klaster:") == "'kit': the recovery kit lacks its cluster")
        #expect(fault("authority:", "autority:") == "'kit': the recovery kit lacks its authority")
        #expect(fault("BEGIN CERT", "BEGIN SERT") == "'kit': the recovery kit lacks its certificate")
        #expect(fault("BEGIN PRIVATE", "BEGIN PRIVAT") == "'kit': the recovery kit lacks its private key")
        #expect(fault("path", "paths")?.contains("addressing cannot be read: 'paths' is none") == true)
        #expect(fault("0a0a0a", "0a0a")?.contains("authority cannot be read") == true)
        #expect(fault("backups", "%zz")?.contains("bucket cannot be read") == true)
        #expect(fault("2026-", "zz-")?.contains("date cannot be read") == true)
    }

    /// As a bare key it would pin no authority, and say so to nobody who believes to have given the kit.
    @Test(arguments: ["", "Amfleet Recovery Kit", "the kit of demo"])
    func `a kit without its heading is a kit all the same`(heading: String) throws {
        let kit = try kit()
        let text = kit.text.plaintext.replacing(RecoveryKit.title, with: heading)
        #expect(try RecoverySource(text: Secret(text), source: "'kit'").kit == kit)
    }

    @Test func `a pin may be typed in capitals`() throws {
        let kit = try kit()
        let pin = String(kit.authorities[0].prefix(32))
        let text = kit.text.plaintext.replacing(pin, with: pin.uppercased())
        #expect(try RecoveryKit(parsing: Secret(text), source: "'kit'") == kit)
    }

    @Test func `a file is a kit or a bare key, locked or not`() throws {
        let path = try fixture.directory.write("kit.txt", try kit(passphrase: "words").text.plaintext)
        let source = try RecoverySource.read(path)
        #expect(source.isLocked && source.kit?.cluster == "demo")
        #expect(throws: SealingError.passphraseNeeded(source: "'\(path)'")) {
            _ = try source.key(passphrase: nil)
        }
        #expect(try source.key(passphrase: Secret("words")).certificate == fixture.certificate)
        let bare = try fixture.directory.write("key.pem", fixture.key.pem(passphrase: nil).plaintext)
        let key = try RecoverySource.read(bare)
        #expect(!key.isLocked && key.kit == nil)
        #expect(try key.key(passphrase: nil).opens(fixture.certificate))
        let none = fixture.directory.path("none")
        #expect(throws: RecoveryKitError.unreadable(path: none, reason: "No such file or directory")) {
            _ = try RecoverySource.read(none)
        }
    }

    // MARK: The commands, run by a shell as they are printed.

    /// Everything that is indented below a heading, without the indentation.
    private func commands(below heading: String, in kit: RecoveryKit) throws -> String {
        let lines = kit.text.plaintext.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: heading[...]))
        let section = lines[start...].prefix { !$0.hasPrefix("The key:") }
        let commands = section.filter { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
        return commands.joined(separator: "\n") + "\n"
    }

    /// A directory as it is on the worst day: the kit, and a bucket, here a folder that an `aws` of ours reads.
    private func worstDay(_ kit: RecoveryKit, sealed: [UInt8]) throws {
        _ = try fixture.directory.write("recovery-kit.txt", kit.text.plaintext)
        let bucket = "bucket/\(kit.prefix)/_amfleet"
        #expect(try fixture.shell("mkdir -p \"\(bucket)/authorities\" bin opened-not").status == 0)
        try fixture.write("\(bucket)/coordinator.cms", sealed)
        try fixture.write(
            "\(bucket)/authorities/\(kit.authorities[0]).pem", Array(fixture.authority.certificatePEM.utf8))
        let aws = """
            #!/bin/sh
            [ "$1 $2 $3 $4 $5 $6" = "s3 cp --region eu-central-1 --endpoint-url https://s3.example:9000" ] || exit 9
            exec cp "\(fixture.directory.path)/bucket${7#s3://\(kit.bucket)}" "$8"
            """
        try fixture.write("bin/aws", Array(aws.utf8))
        #expect(try fixture.shell("chmod +x bin/aws").status == 0)
    }

    private func sealedByCoordinator() throws -> [UInt8] {
        let bundle = try SealedFixture.bundle(
            [SealedFixture.file("/etc/amfleet/ca.key", kind: .authority)], owner: .coordinator)
        return try fixture.sealed(bundle, by: .coordinator)
    }

    @Test(arguments: ["sh", "bash"])
    func `the printed commands open what is sealed without amfleet`(shell: String) throws {
        let kit = try kit(prefix: "it's ours/amfleet")
        try worstDay(kit, sealed: sealedByCoordinator())
        try fixture.write("commands", Array(commands(below: "Without amfleet", in: kit).utf8))
        let told = try fixture.shell("\(shell) commands", path: fixture.directory.path("bin"))
        #expect(told.status == 0, "\(told.text)")
        #expect(told.text.contains("etc/amfleet/ca.key") && told.text.contains("backup/disk"))
        #expect(told.text.contains("URI:spiffe://demo/coordinator"))
        let there = try fixture.shell("tar -xpf opened/files.tar -C opened && cat opened/etc/amfleet/ca.key")
        #expect(there.text == "passphrase\n")
        #expect(try fixture.shell("stat -c %a opened").text == "700\n")
    }

    @Test func `they ask for nothing but the passphrase where there is one`() throws {
        let kit = try kit(passphrase: "words")
        try worstDay(kit, sealed: sealedByCoordinator())
        try fixture.write("commands", Array(commands(below: "Without amfleet", in: kit).utf8))
        // A terminal of its own, as openssl asks there.
        let told = try fixture.shell(
            "(sleep 1; echo words) | script -qec 'sh commands' /dev/null",
            path: fixture.directory.path("bin"))
        #expect(told.text.contains("etc/amfleet/ca.key"), "\(told.text)")
    }

    @Test func `they leave nothing of what is damaged, forged, or sealed to another`() throws {
        let kit = try kit()
        let sealed = try sealedByCoordinator()
        let stranger = try CertificateAuthority.create(cluster: "demo").issue(.coordinator)
        let forged = try SealedFixture.bundle([SealedFixture.file("/a")], owner: .coordinator).sealed(
            certificatePEM: stranger.certificatePEM, privateKeyPEM: stranger.privateKeyPEM,
            to: [fixture.certificate])
        let other = try #require(RecoveryKey.create(cluster: "demo").certificate)
        let opened = try SealedBundle.open(sealed, with: fixture.key)
        var damaged = sealed
        damaged[sealed.count - 100] ^= 1
        for object in [damaged, forged, try Envelope.seal(opened.signed, to: [other]), []] {
            try worstDay(kit, sealed: object)
            try fixture.write("commands", Array(commands(below: "Without amfleet", in: kit).utf8))
            let told = try fixture.shell("rm -rf opened; sh commands", path: fixture.directory.path("bin"))
            #expect(told.status != 0, "\(told.text)")
            #expect(try fixture.shell("ls opened").text.contains("files.tar") == false)
            #expect(try fixture.shell("ls opened").text.contains("part") == false)
        }
        // An authority that is not the pinned one, though what is sealed fits it.
        try worstDay(kit, sealed: forged)
        try fixture.write(
            "bucket/\(kit.prefix)/_amfleet/authorities/\(kit.authorities[0]).pem",
            Array(stranger.certificatePEM.utf8))
        let told = try fixture.shell("rm -rf opened; sh commands", path: fixture.directory.path("bin"))
        #expect(told.status != 0 && told.text.contains("FAILED"), "\(told.text)")
        #expect(try fixture.shell("ls opened").text.contains("files.tar") == false)
    }

    @Test func `the three commands of the worst day are a shell's words`() throws {
        let kit = try kit(prefix: "it's ours")
        let stub = "#!/bin/sh\nfor word; do printf '[%s]' \"$word\"; done; echo\n"
        #expect(try fixture.shell("mkdir bin").status == 0)
        try fixture.write("bin/amfleet", Array(stub.utf8))
        #expect(try fixture.shell("chmod +x bin/amfleet").status == 0)
        let lines = try commands(below: "The worst day", in: kit).split(separator: "\n").prefix(4)
        let told = try fixture.shell(
            lines.joined(separator: "\n"), path: fixture.directory.path("bin"))
        #expect(
            told.text == """
                [recover][s3://backups/it's ours][--recovery-key][recovery-kit.txt]
                [node][add][--from][nodes.txt]
                [restore][--recovery-key][recovery-kit.txt]

                """)
    }
}
