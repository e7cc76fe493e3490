// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Foundation
import TestSupport
import Testing

@testable import Agent

/// Real gpg, aespipe and amcrypt; only the home that amcrypt's scripts name is another.
@Suite(
    .enabled(if: RequiredTools.areUsable("gpg", "aespipe", "uuencode", "amcrypt")), .timeLimit(.minutes(5)))
struct KeyCreationTests {
    private let directory: TemporaryDirectory
    private let creation: KeyCreation

    init() throws {
        directory = try TemporaryDirectory("amfleet-key-test")
        let home = directory.path
        for name in ["amcrypt", "amaespipe"] {
            let script = try String(contentsOfFile: "/usr/sbin/\(name)", encoding: .utf8)
                .replacing("AMANDA_HOME=~backup", with: "AMANDA_HOME=\(home)/home")
                .replacing("/usr/sbin/amaespipe", with: "\(home)/amaespipe")
            _ = try directory.write(name, script)
        }
        try Self.shell("chmod 755 . am*; mkdir home; ls -la > /dev/null", in: home)
        let backup = try #require(UserAccount(named: "backup"))
        creation = KeyCreation(
            node: "node01",
            user: UserAccount(
                name: "backup", owner: backup.owner, home: "\(home)/home", groupIDs: backup.groupIDs),
            amcrypt: "\(home)/amcrypt")
    }

    @discardableResult
    private static func shell(_ script: String, in directory: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-euo", "pipefail", "-c", script]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
        return String(decoding: output, as: UTF8.self)
    }

    private var home: String { "\(directory.path)/home" }

    @Test func `makes a key that amcrypt uses, with the right owners and modes`() async throws {
        let key = try await creation.run()
        #expect(key.keyPath == "\(home)/.gnupg/am_key.gpg" && key.passphrasePath == "\(home)/.am_passphrase")
        let listing = try Self.shell(
            "stat -c '%n %a %U:%G' .gnupg .gnupg/am_key.gpg .am_passphrase", in: home)
        #expect(
            listing == """
                .gnupg 700 backup:backup
                .gnupg/am_key.gpg 600 backup:backup
                .am_passphrase 600 backup:backup

                """)
        let plain = try Self.shell(
            """
            mkdir -m 700 ../gpg
            gpg --homedir ../gpg --batch --quiet --pinentry-mode loopback --passphrase-file .am_passphrase \
                --decrypt .gnupg/am_key.gpg
            gpgconf --homedir ../gpg --kill all
            """, in: home)
        let lines = plain.split(separator: "\n")
        #expect(lines.count == 65 && lines.allSatisfy { $0.count == 60 } && Set(lines).count == 65)
        let back = try Self.shell(
            "seq 1 1000 | setpriv --reuid backup --regid backup --clear-groups ../amcrypt > ../x; ../amcrypt -d < ../x | head -n 1000 | sha256sum; seq 1 1000 | sha256sum",
            in: home)
        #expect(Set(back.split(separator: "\n")).count == 1)
    }

    @Test(.long) func `every key is another`() async throws {
        let first = try await creation.run()
        let bytes = try FileSystem.readAll(first.passphrasePath)
        try Self.shell("rm -r .gnupg .am_passphrase", in: home)
        let second = try await creation.run()
        #expect(try FileSystem.readAll(second.passphrasePath) != bytes)
    }

    @Test(arguments: [".am_passphrase", ".gnupg/am_key.gpg"])
    func `never replaces a key`(name: String) async throws {
        try Self.shell("mkdir -m 700 .gnupg; chown backup: .gnupg; ln -s /nowhere \(name)", in: home)
        let error = await #expect(throws: WireError.self) { try await creation.run() }
        #expect(error?.message == "'\(home)/\(name)' is there already, and a key is never replaced")
        #expect(try Self.shell("find . -type f | wc -l", in: home) == "0\n")
    }

    @Test func `a key that does not come back is not kept`() async throws {
        try Self.shell("echo 'exit 0' > amaespipe", in: directory.path)
        let error = await #expect(throws: (any Error).self) { try await creation.run() }
        #expect(error.map { "\($0)" }?.contains("amcrypt' failed to encrypt") == true)
        #expect(try Self.shell("find . -mindepth 1 | wc -l", in: home) == "0\n")
    }

    @Test func `says which program is missing, and the package that has it`() async throws {
        var creation = creation
        creation.amcrypt = "/no/such/amcrypt"
        let missing = creation
        let error = await #expect(throws: WireError.self) { try await missing.run() }
        #expect(
            error
                == WireError(
                    .configuration, node: "node01", "missing: /no/such/amcrypt",
                    hint: "apt-get install amanda-common"))
    }

    @Test func `refuses a directory of somebody else`() async throws {
        try Self.shell("mkdir .gnupg", in: home)
        let error = await #expect(throws: WireError.self) { try await creation.run() }
        #expect(error?.message == "'\(home)/.gnupg' is no directory of user 'backup'")
    }
}
