// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Secret
import TestSupport
import Testing

@testable import Sealing

/// What lies in the bucket for the worst day, and what people have of a printed key, changed at random: nothing comes out but what went
/// in. A trap would end the test program.
@Suite(.timeLimit(.minutes(5)))
struct SealingFuzzTests {
    private static let rounds = LongTests.areWanted ? 2_000 : 400

    private let key: RecoveryKey
    private let certificate: RecoveryCertificate

    init() throws {
        key = try RecoveryKey.create(cluster: "demo")
        certificate = try #require(key.certificate)
    }

    @Test func `an envelope whose bytes were moved, doubled or cut out gives what went in, or nothing`()
        throws
    {
        let plaintext = Array("a passphrase\n".utf8)
        let sealed = try Envelope.seal(plaintext, to: [certificate])
        var generator = SeededGenerator(seed: 111)
        for _ in 0..<Self.rounds {
            let changed = ByteMutation.damaged(sealed, using: &generator)
            _ = try? Envelope.isSealed(changed, to: certificate)
            if let opened = try? Envelope.open(changed, with: key) { #expect(opened == plaintext) }
        }
    }

    @Test func `signed content that was changed is refused, or says the same of the same signer`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        let identity = try authority.issue(.node("node01"))
        let content = Array("the files of node01".utf8)
        let signed = try SignedContent.sign(
            content, certificatePEM: identity.certificatePEM, privateKeyPEM: identity.privateKeyPEM)
        let bundle = try AuthorityBundle(pem: authority.certificatePEM, source: "'ca.pem'")
        let signer = try PeerName(cluster: "demo", role: .node("node01"))
        var generator = SeededGenerator(seed: 112)
        for _ in 0..<Self.rounds {
            let changed = ByteMutation.damaged(signed, using: &generator)
            _ = try? SignedContent.read(changed)
            if let read = try? SignedContent.verify(changed, authorities: bundle) {
                #expect(read.content == content && read.signer == signer)
            }
        }
    }

    /// One in the place of the other, and both cut where the other begins.
    @Test func `an envelope is no signed content, and one in the other is not looked into`() throws {
        let sealed = try Envelope.seal([1, 2, 3], to: [certificate])
        let twice = try Envelope.seal(sealed, to: [certificate])
        #expect(throws: SealingError.self) { try SignedContent.read(sealed) }
        #expect(try Envelope.open(twice, with: key) == sealed)
        for bytes in [[], [0x30], [0x30, 0x80], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], sealed + sealed]
            as [[UInt8]]
        {
            #expect(throws: SealingError.self) { try Envelope.open(bytes, with: key) }
            #expect(throws: SealingError.self) { try SignedContent.read(bytes) }
        }
    }

    @Test func `a key that was mistyped is refused or the same key`() throws {
        let text = Array(try (certificate.pem + key.pem(passphrase: nil).plaintext).utf8)
        var generator = SeededGenerator(seed: 113)
        var readCount = 0
        for _ in 0..<Self.rounds {
            let changed = String(decoding: ByteMutation.damaged(text, using: &generator), as: UTF8.self)
            _ = (
                RecoveryKey.isLocked(Secret(changed)), try? RecoveryCertificate(pem: changed, source: "'kit'")
            )
            guard let read = try? RecoveryKey(pem: Secret(changed), passphrase: nil, source: "'kit'") else {
                continue
            }
            readCount += 1
            #expect(read.opens(certificate))
        }
        #expect(readCount > 0)
    }

    /// libcrypto reads such a certificate, gives no key of it, and looks into none.
    @Test func `a certificate whose key nobody can read is refused by name, whatever asks for it`() throws {
        let lines = certificate.pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        var der = Array(try #require(Data(base64Encoded: lines.joined())))
        // The bit string with the point of P-256, and how the point is written.
        let mark: [UInt8] = [0x03, 0x42, 0x00, 0x04]
        let place = try #require(der.indices.first { der[$0...].starts(with: mark) })
        der[place + 3] = 0x05
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let pem = "-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n"
        #expect(throws: SealingError.unusableKey(source: "'a.pem'", kind: "a key that nobody can read")) {
            try RecoveryCertificate(pem: pem, source: "'a.pem'")
        }
        let facts = try CertificateFacts(pem: pem)
        #expect(!facts.isIssued(by: facts) && !facts.hasKey(of: facts))
        #expect(throws: SealingError.keyMismatch(source: "'kit'")) {
            try RecoveryKey(
                pem: Secret(pem + key.pem(passphrase: nil).plaintext), passphrase: nil, source: "'kit'")
        }
    }

    @Test func `blocks of PEM are found as they stand, whatever is around them`() {
        let pieces = [
            "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----", "AAAA", "", "  BBBB ", "Proc-Type: 4,ENCRYPTED", "-----BEGIN -----",
            "-----END",
            "\u{301}-----END CERTIFICATE-----",
        ]
        var generator = SeededGenerator(seed: 114)
        for _ in 0..<(Self.rounds * 5) {
            let lines = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }
            let blocks = PEMBlocks(of: lines.joined(separator: "\n"))
            for (kind, text) in blocks.all {
                #expect(
                    text.hasPrefix("-----BEGIN \(kind)-----\n") && text.hasSuffix("-----END \(kind)-----\n"))
                #expect(text.split(separator: "-----BEGIN ").count == 1)
                let again = PEMBlocks(of: text).all
                #expect(again.count == 1 && again.first?.text == text)
            }
        }
    }
}
