// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Certificates

@Suite struct RevocationListTests {
    @Test func `comes back from its text as it was signed`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        let list = try RevocationList(
            [.init(serial: "4fff", revokedAt: 2_000_000_000), .init(serial: "0102", revokedAt: 1)],
            number: 7, now: 2_000_000_001, signedBy: authority)
        let read = try RevocationLists(pem: list.pem, authorities: authority.certificatePEM)
        #expect(read.lists == [list])
        #expect(read.entries.map(\.serial) == ["0102", "4fff"])
        #expect(read.entries.map(\.revokedAt) == [1, 2_000_000_000])
        #expect(read.numbers == [try CertificateFacts(pem: authority.certificatePEM).keyFingerprint: 7])
        #expect(read.isRevoked("4fff") && !read.isRevoked("4ffe"))
    }

    @Test func `openssl takes it, and refuses who stands on it`() throws {
        let directory = NSTemporaryDirectory() + "lists-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let authority = try TestAuthority(directory: directory)
        let (good, bad) = (try authority.write(.observer), try authority.write(.coordinator))
        let serial = try CertificateFacts(contentsOf: bad.certificate).serial
        let list = try RevocationList(
            [.init(serial: serial, revokedAt: 1_700_000_000)], number: 1, now: 1_700_000_000,
            signedBy: authority.authority)
        let path = "\(directory)/revoked.pem"
        try Data(list.pem.utf8).write(to: URL(fileURLWithPath: path))
        let told = try openssl("crl", "-in", path, "-noout", "-text", "-CAfile", good.authority)
        #expect(told.contains("Version 2") && told.contains("X509v3 CRL Number: \n                1"))
        #expect(told.contains("verify OK"))
        func verify(_ identity: TestIdentity) throws -> String {
            try openssl(
                "verify", "-crl_check", "-CRLfile", path, "-CAfile", good.authority, identity.certificate)
        }
        #expect(try verify(good).contains(": OK"))
        #expect(try verify(bad).contains("certificate revoked"))
    }

    @Test func `leaves out what no authority of ours has signed`() throws {
        let (one, other) = (
            try CertificateAuthority.create(cluster: "demo"), try CertificateAuthority.create(cluster: "demo")
        )
        let foreign = try RevocationList(
            [.init(serial: "4fff", revokedAt: 1)], number: 1, now: 1, signedBy: other)
        #expect(try RevocationLists(pem: foreign.pem, authorities: one.certificatePEM).isEmpty)
        let both = one.certificatePEM + other.certificatePEM
        #expect(try RevocationLists(pem: foreign.pem, authorities: both).isRevoked("4fff"))
    }

    @Test func `the highest number of each authority counts`() throws {
        let (one, other) = (
            try CertificateAuthority.create(cluster: "demo"), try CertificateAuthority.create(cluster: "demo")
        )
        func list(
            _ serials: [String], _ number: Int64, _ authority: CertificateAuthority
        ) throws -> RevocationLists {
            RevocationLists([
                try RevocationList(
                    serials.map { .init(serial: $0, revokedAt: 1) }, number: number, now: 1,
                    signedBy: authority)
            ])
        }
        let old = try list(["0a"], 1, one)
        let new = try list(["0a", "0b"], 2, one)
        let all = old.joined(with: new).joined(with: try list(["0c"], 1, other))
        #expect(all.entries.map(\.serial) == ["0a", "0b", "0c"])
        #expect(all.joined(with: old) == all)
        #expect(new.contradicts(try list(["0a", "0d"], 2, one)))
        #expect(!new.contradicts(old))
        let text = "# both\n" + all.pem + "\n"
        #expect(
            try RevocationLists(pem: text, authorities: one.certificatePEM + other.certificatePEM) == all)
    }

    @Test func `a list that was tampered with, cut or is none is refused`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        let pem = try RevocationList(
            [.init(serial: "4fff", revokedAt: 1)], number: 1, now: 1, signedBy: authority
        ).pem
        for length in 0..<pem.utf8.count - 1 {
            let cut = String(pem.prefix(length))
            #expect(throws: CertificateError.self) {
                _ = try RevocationLists(pem: cut, authorities: authority.certificatePEM)
            }
        }
        var generator = SeededGenerator(seed: 12)
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        for _ in 0..<300 {
            var characters = Array(pem)
            let index = Int.random(in: 0..<characters.count, using: &generator)
            guard letters.contains(characters[index]) else { continue }
            let old = characters[index]
            characters[index] = letters.randomElement(using: &generator) ?? "A"
            guard characters[index] != old else { continue }
            let lists = try? RevocationLists(
                pem: String(characters), authorities: authority.certificatePEM)
            #expect(lists?.isEmpty != false, "\(String(characters))")
        }
    }

    @Test(arguments: [
        ("serial=4FAB", "4fab"), ("4f:AB", "4fab"), ("0x4fa", "04fa"), ("", nil), ("node01", nil),
        ("serial=", nil), (String(repeating: "a", count: 41), nil),
    ])
    func `reads a serial as others print it`(text: String, serial: String?) {
        #expect(CertificateSerial.text(text) == serial)
    }

    private func openssl(_ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path("openssl"))
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
