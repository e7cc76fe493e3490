// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import TestSupport
import Testing

@testable import Agent

/// The scripts as the package installs them, with a home of the test's own in the place of the one that they name.
@Suite(.enabled(if: RequiredTools.areUsable("amcrypt", "amgpgcrypt"))) struct EncryptionProgramTests {
    private let directory: TemporaryDirectory
    private let user: UserAccount
    private var home: String { directory.path("home") }

    init() throws {
        directory = try TemporaryDirectory("amfleet-programs")
        let backup = try #require(UserAccount(named: "backup"))
        user = UserAccount(
            name: "backup", owner: backup.owner, home: directory.path("home"), groupIDs: backup.groupIDs)
        try FileSystem.makeDirectories(directory.path, mode: 0o755)
        try FileSystem.makeDirectories(home, mode: 0o755)
    }

    private func files(_ program: String) throws -> [KeyFile] {
        try #require(EncryptionProgram(named: program)).keyFiles(of: program, runBy: user)
    }

    @Test(arguments: [
        ("amcrypt", [".am_passphrase", ".gnupg/am_key.gpg"]), ("amcryptsimple", [".am_passphrase"]),
        ("amcrypt-ossl", [".am_passphrase"]), ("amcrypt-ossl-asym", ["backup-privkey.pem"]),
        ("amgpgcrypt", [".am_passphrase"]),
    ]) func `each of Amanda's programs names what it cannot do without`(
        program: String, needed: [String]
    ) throws {
        let found = try files("/usr/sbin/\(program)").filter { $0.need == .always }.map(\.path)
        #expect(found.sorted() == needed.map { "\(home)/\($0)" }.sorted())
    }

    @Test func `a path that an administrator has written into the script counts`() throws {
        let script = try String(decoding: FileSystem.readAll("/usr/sbin/amcrypt-ossl"), as: UTF8.self)
            .replacing("PASSPHRASE=$AMANDA_HOME/.am_passphrase", with: "PASSPHRASE=/etc/keys/pass")
        let path = try directory.write("amcrypt-ossl", script)
        try FileSystem.setOwner(path, user.owner)
        #expect(try files(path) == [KeyFile(path: "/etc/keys/pass", need: .always)])
    }

    /// Else the property that names the real one would be no way out.
    @Test func `where nobody can follow the script, no key in the usual place is asked for`() throws {
        let script = try String(decoding: FileSystem.readAll("/usr/sbin/amcrypt-ossl"), as: UTF8.self)
            .replacing("PASSPHRASE=$AMANDA_HOME/.am_passphrase", with: "PASSPHRASE=$(cat /etc/keys/which)")
        let path = try directory.write("amcrypt-ossl", script)
        try FileSystem.setOwner(path, user.owner)
        #expect(try files(path) == [KeyFile(path: "\(home)/.am_passphrase", need: .ifPresent)])
        let program = try #require(EncryptionProgram(named: path))
        #expect(program.unclearSettings(of: path, runBy: user) == ["PASSPHRASE"])
    }

    @Test func `the private keys of a keyring are found, and gpg's settings are none`() throws {
        let ring = "\(home)/.gnupg"
        try FileSystem.makeDirectories("\(ring)/private-keys-v1.d")
        for name in ["private-keys-v1.d/AB.key", "private-keys-v1.d/x.tmp", "pubring.kbx", "gpg-agent.conf"] {
            try FileSystem.writeAtomically("\(ring)/\(name)", [1])
        }
        let found = try files("/usr/sbin/amgpgcrypt")
        #expect(
            found.filter { $0.need == .anyOf }.map(\.path) == [
                "\(ring)/secring.gpg", "\(ring)/private-keys-v1.d/AB.key",
            ])
        #expect(found.contains { $0.path == "\(ring)/pubring.kbx" && $0.need == .ifPresent })
        #expect(!found.contains { $0.path.hasSuffix(".conf") || $0.path.hasSuffix(".tmp") })
    }

    /// The names of private keys stand in no script: an empty machine has none of them yet.
    @Test func `private keys that are only sealed yet are enough to decrypt with`() throws {
        let ring = "\(home)/.gnupg"
        let sealed: Set = [
            "\(home)/.am_passphrase", "\(ring)/private-keys-v1.d/AB.key", "\(ring)/pubring.kbx",
        ]
        func look(_ sealed: Set<String>) -> KeyLook {
            KeyLook(
                KeyDemand(program: "/usr/sbin/amgpgcrypt", user: user, besides: sealed),
                program: "/usr/sbin/amgpgcrypt", kept: [], coming: [], sealed: sealed)
        }
        #expect(look(sealed).fault(node: "node01", isSent: true) == nil)
        let keys = look(sealed).keys(configuration: "data", disk: "/data")
        #expect(keys.count == 2 && keys.allSatisfy { $0.state == .sealed }, "\(keys)")
        let without = look(["\(home)/.am_passphrase"]).fault(node: "node01", isSent: true)
        #expect(without?.message.contains("secring.gpg' is not there") == true)
    }

    @Test func `keys of an own program are those that its dumptype names, and what puts them back is said`() {
        func look(sealed: Set<String>, leftOut: Set<String> = []) -> KeyLook {
            KeyLook(
                KeyDemand(
                    program: "/usr/local/bin/mycrypt", user: user, naming: ["/no/keys/one", "/no/keys/ring"],
                    besides: sealed),
                program: "/usr/local/bin/mycrypt", kept: [], leftOut: leftOut, coming: [], sealed: sealed)
        }
        let keys: Set = ["/no/keys/one", "/no/keys/ring/a"]
        #expect(look(sealed: keys).fault(node: "node01", isSent: true) == nil)
        #expect(
            look(sealed: keys).fault(node: "node01", isSent: false)?.hint?.contains("--recovery-key") == true)
        let left = look(sealed: ["/no/keys/one"], leftOut: ["/no/keys/ring/a"]).fault(
            node: "node01", isSent: true)
        #expect(left?.hint == "'--accept-key /no/keys/ring/a' puts it back.")
        #expect(left?.message.contains("'/no/keys/ring' is sealed") == true)
        #expect(KeyDemand(program: "/usr/local/bin/mycrypt", user: user, besides: keys) == nil)
    }

    @Test(arguments: [
        ("/home/bkp/.am_passphrase", true), ("/srv/x/.gnupg/am_key.gpg", true),
        ("/srv/x/.gnupg/private-keys-v1.d/AB.key", true), ("/.am_passphrase", false),
        ("/etc/keys/one", false),
    ]) func `the name of a key in some home is known`(path: String, isKey: Bool) {
        #expect(EncryptionProgram.hasKeyName(path) == isKey)
    }

    @Test func `nobody knows what another program reads`() {
        #expect(EncryptionProgram(named: "/usr/local/bin/mycrypt") == nil)
        #expect(EncryptionProgram(named: "/opt/amcrypt-other") == nil)
    }
}
