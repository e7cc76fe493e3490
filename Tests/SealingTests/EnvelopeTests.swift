// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secret
import TestSupport
import Testing

@testable import Sealing

@Suite struct EnvelopeTests {
    let sandbox: SealingSandbox
    static let plaintext = Array("AMANDA\r\n\0\u{1A}passphrase".utf8)

    init() throws {
        sandbox = try SealingSandbox()
    }

    @Test(arguments: [0, 1, 65_537])
    func `comes out as it went in`(byteCount: Int) throws {
        let key = try RecoveryKey.create(cluster: "demo")
        var generator = SeededGenerator(seed: 3)
        let plaintext = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let sealed = try Envelope.seal(plaintext, to: [try #require(key.certificate)])
        #expect(try Envelope.open(sealed, with: key) == plaintext)
        #expect(byteCount < 16 || !sealed.contains(plaintext))
    }

    @Test func `openssl opens it with the printed key, passphrase and all`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let sealed = try Envelope.seal(Self.plaintext, to: [try #require(key.certificate)])
        let file = try sandbox.write("secrets.cms", sealed)
        let kit = try sandbox.write(
            "kit.txt", try #require(key.certificate).pem + key.pem(passphrase: Secret("words")).plaintext)
        let words = try sandbox.write("words", "words\n")
        let told = try sandbox.openssl(
            "cms", "-decrypt", "-inform", "DER", "-in", file, "-inkey", kit, "-passin", "file:\(words)",
            "-out", "plain")
        #expect(told.status == 0, "\(told.text)")
        #expect(try sandbox.bytes("plain") == Self.plaintext)
        let shown = try sandbox.openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", file).text
        #expect(shown.contains("authEnvelopedData") && shown.contains("aes-256-gcm"))
        #expect(shown.contains("dhSinglePass-stdDH-sha256kdf-scheme"))
    }

    @Test(arguments: [["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:3072"]])
    func `both ways with a key of openssl's`(kind: [String]) throws {
        let text = try sandbox.foreign(kind)
        let certificate = try RecoveryCertificate(pem: text, source: "'foreign'")
        let key = try RecoveryKey(pem: Secret(text), passphrase: nil, source: "'foreign'")
        let sealed = try Envelope.seal(Self.plaintext, to: [certificate])
        let ours = try sandbox.write("ours.cms", sealed)
        #expect(
            try sandbox.openssl(
                "cms", "-decrypt", "-inform", "DER", "-in", ours, "-inkey", "foreign.key", "-out", "plain"
            ).status == 0)
        #expect(try sandbox.bytes("plain") == Self.plaintext)
        #expect(
            try sandbox.openssl(
                "cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-in", "plain", "-out",
                "its.cms", "-recip", "foreign.pem"
            ).status == 0)
        #expect(try Envelope.open(sandbox.bytes("its.cms"), with: key) == Self.plaintext)
    }

    @Test func `each of several recipients opens it, and nobody else`() throws {
        let rsaText = try sandbox.foreign(["rsa:3072"])
        let rsa = try RecoveryKey(pem: Secret(rsaText), passphrase: nil, source: "'rsa'")
        let (one, two) = (try RecoveryKey.create(cluster: "demo"), try RecoveryKey.create(cluster: "demo"))
        let certificates = try [rsa, one, two].map { try #require($0.certificate) }
        let sealed = try Envelope.seal(Self.plaintext, to: certificates + certificates)
        for key in [rsa, one, two] {
            #expect(try Envelope.open(sealed, with: key) == Self.plaintext)
        }
        let file = try sandbox.write("several.cms", sealed)
        let shown = try sandbox.openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", file).text
        #expect(shown.split(separator: "issuerAndSerialNumber:").count == 4)
        for certificate in certificates { #expect(try Envelope.isSealed(sealed, to: certificate)) }
        let none = try #require(RecoveryKey.create(cluster: "demo").certificate)
        #expect(try !Envelope.isSealed(sealed, to: none))
        let foreignText = try sandbox.foreign(["rsa:3072"])
        let p384 = try sandbox.foreign(["ec", "-pkeyopt", "ec_paramgen_curve:P-384"])
        for other in [
            foreignText, p384, try RecoveryKey.create(cluster: "demo").pem(passphrase: nil).plaintext,
        ] {
            let key = try RecoveryKey(pem: Secret(other), passphrase: nil, source: "'other'")
            #expect(throws: SealingError.notForThisKey) { _ = try Envelope.open(sealed, with: key) }
        }
    }

    @Test func `to nobody is an error`() {
        #expect(throws: SealingError.noRecipients) { _ = try Envelope.seal(Self.plaintext, to: []) }
    }

    @Test func `nothing else comes out of a flipped bit, wherever it is`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let sealed = try Envelope.seal(Self.plaintext, to: [try #require(key.certificate)])
        var unnoticed = 0
        for index in sealed.indices {
            for bit in 0..<8 {
                var damaged = sealed
                damaged[index] ^= 1 << UInt8(bit)
                guard let opened = try? Envelope.open(damaged, with: key) else { continue }
                // A version's number or a recipient's name: the key still fits, and the tag covers all that counts.
                #expect(opened == Self.plaintext, "byte \(index), bit \(bit)")
                unnoticed += 1
            }
        }
        #expect(unnoticed < sealed.count * 8 / 2)
    }

    @Test func `a flipped bit of the content or of its tag gives nothing`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let long = [UInt8](repeating: 7, count: 300_000)
        let sealed = try Envelope.seal(long, to: [try #require(key.certificate)])
        for index in [sealed.count - 1, sealed.count - 16, sealed.count - 40, sealed.count - 290_000] {
            var damaged = sealed
            damaged[index] ^= 4
            #expect(
                throws: SealingError.damaged(
                    what: "the sealed content", reason: "its bytes and its authentication tag do not fit")
            ) { _ = try Envelope.open(damaged, with: key) }
        }
    }

    @Test func `cut short, continued or something else it is refused`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let certificate = try #require(key.certificate)
        let sealed = try Envelope.seal(Self.plaintext, to: [certificate])
        for count in sealed.indices {
            #expect(throws: SealingError.self) { _ = try Envelope.open(Array(sealed[..<count]), with: key) }
        }
        #expect(throws: SealingError.self) { _ = try Envelope.open(sealed + [0], with: key) }
        let plain = try sandbox.write("plain", Self.plaintext)
        let pem = try sandbox.write("recovery.pem", certificate.pem)
        // Without authentication: whoever may write could change it.
        try sandbox.openssl(
            "cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER", "-in", plain, "-out", "cbc.cms",
            "-recip", pem)
        #expect(
            throws: SealingError.damaged(
                what: "the sealed content", reason: "it is no CMS AuthEnvelopedData")
        ) { _ = try Envelope.open(sandbox.bytes("cbc.cms"), with: key) }
    }
}
