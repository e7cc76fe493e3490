// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Cipher
import Foundation
import TestSupport
import Testing

private func run(
    encrypting: Bool, _ input: [UInt8], _ passphrase: String, salt: [UInt8],
    digest: SaltedCBC.KeyDigest = .sha256, step: Int = 65_536
) throws -> [UInt8] {
    let cipher = try SaltedCBCCipher(
        encrypting: encrypting, Passphrase(firstLineOf: Array(passphrase.utf8)), salt: salt, digest: digest)
    var bytes: [UInt8] = []
    let block = ByteBlock(capacity: step + 16)
    for start in stride(from: 0, to: input.count, by: step) {
        block.count = 0
        try input[start..<min(start + step, input.count)].withUnsafeBytes {
            try cipher.update($0, into: block)
        }
        bytes += block.bytes
    }
    try cipher.finish()
    return bytes
}

/// `openssl enc -aes-256-cbc -nopad`, as `amcrypt-ossl` calls it.
private func openssl(_ arguments: [String], _ input: [UInt8], passphrase: String) throws -> [UInt8] {
    let directory = try TemporaryDirectory("amfleet-cipher-test")
    try Data(passphrase.utf8).write(to: URL(fileURLWithPath: directory.path("pass")))
    try Data(input).write(to: URL(fileURLWithPath: directory.path("input")))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try RequiredTools.path("openssl"))
    process.arguments =
        ["enc", "-aes-256-cbc", "-nopad"] + arguments + [
            "-pass", "file:\(directory.path("pass"))", "-in", directory.path("input"), "-out",
            directory.path("output"),
        ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return Array(try Data(contentsOf: URL(fileURLWithPath: directory.path("output"))))
}

@Suite(.enabled(if: RequiredTools.areUsable("openssl")), .timeLimit(.minutes(1))) struct SaltedCBCTests {
    static let data = (0..<9_600).map { UInt8(truncatingIfNeeded: $0 * 7) }

    @Test(
        arguments: [SaltedCBC.KeyDigest.sha256, .md5], ["secret", "two words\nand a second line", "\u{e9}\r"])
    func `encrypts as openssl does, and decrypts what it encrypts`(
        digest: SaltedCBC.KeyDigest, passphrase: String
    ) throws {
        let name = digest == .sha256 ? "sha256" : "md5"
        let salt: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 255]
        let ours = try run(encrypting: true, Self.data, passphrase, salt: salt, digest: digest, step: 1_000)
        let theirs = try openssl(
            ["-e", "-md", name, "-S", "01020304050607ff"], Self.data, passphrase: passphrase)
        // With -S openssl 3 writes no header.
        #expect(ours == theirs)
        let stream = SaltedCBCCipher.header(salt: salt) + ours
        #expect(try openssl(["-d", "-md", name], stream, passphrase: passphrase) == Self.data)
        let foreign = try openssl(["-e", "-md", name, "-salt"], Self.data, passphrase: passphrase)
        let found = try SaltedCBCCipher.salt(header: foreign.prefix(16))
        let back = try run(
            encrypting: false, Array(foreign.dropFirst(16)), passphrase, salt: found, digest: digest,
            step: 777)
        #expect(back == Self.data)
    }

    @Test func `every salt is another`() {
        #expect(SaltedCBCCipher.makeSalt() != SaltedCBCCipher.makeSalt())
        #expect(SaltedCBCCipher.makeSalt().count == 8)
    }

    @Test func `says what cannot be decrypted`() throws {
        #expect(throws: CipherError.notSalted) { try SaltedCBCCipher.salt(header: Array("Salted_".utf8)) }
        #expect(throws: CipherError.notSalted) {
            try SaltedCBCCipher.salt(header: [UInt8](repeating: 65, count: 16))
        }
        #expect(throws: CipherError.truncated) {
            try run(encrypting: false, [UInt8](repeating: 0, count: 31), "x", salt: [0, 0, 0, 0, 0, 0, 0, 0])
        }
    }

    @Test func `a passphrase never prints itself`() {
        let passphrase = Passphrase(firstLineOf: Array("hunter2\n".utf8))
        var dumped = ""
        dump(passphrase, to: &dumped)
        #expect(!"\(passphrase) \(String(reflecting: passphrase)) \(dumped)".contains("hunter2"))
        #expect(!dumped.contains("104"), "nor its bytes")
        #expect(Passphrase(firstLineOf: [10, 65]).isEmpty)
    }
}
