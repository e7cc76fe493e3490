// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Secret
import TestSupport
import Testing

@testable import Sealing

@Suite struct RecoveryKeyTests {
    let sandbox: SealingSandbox

    init() throws {
        sandbox = try SealingSandbox()
    }

    @Test func `a new key has a certificate of thirty years that may agree on keys`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let certificate = try #require(key.certificate)
        #expect(key.opens(certificate))
        #expect(!key.opens(try #require(RecoveryKey.create(cluster: "demo").certificate)))
        #expect(certificate.subject == "O = demo, CN = amfleet recovery key")
        #expect(certificate.notAfter > Int64(Date().timeIntervalSince1970) + 30 * 365 * 86_400)
        let path = try sandbox.write("recovery.pem", certificate.pem)
        let told = try sandbox.openssl("x509", "-in", path, "-noout", "-text", "-fingerprint", "-sha256").text
        #expect(told.contains("Key Agreement") && told.contains("NIST CURVE: P-256"))
        #expect(told.lowercased().replacing(":", with: "").contains(certificate.fingerprint))
    }

    @Test func `comes back from its text, with its certificate, as people leave it`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let certificate = try #require(key.certificate)
        let text = try "printed in 2026\n" + certificate.pem + key.pem(passphrase: nil).plaintext
        let handled = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { "    \($0)  " }.joined(separator: "\r\n")
        for form in [text, handled] {
            let read = try RecoveryKey(pem: Secret(form), passphrase: nil, source: "'kit'")
            #expect(read.certificate == certificate && read.opens(certificate))
        }
        let bare = try RecoveryKey(pem: key.pem(passphrase: nil), passphrase: nil, source: "'key'")
        #expect(bare.certificate == nil && bare.opens(certificate))
    }

    @Test func `only the passphrase opens what it locks, here and in openssl`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let locked = try key.pem(passphrase: Secret("correct horse"))
        #expect(locked.plaintext.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        #expect(throws: SealingError.passphraseNeeded(source: "'kit'")) {
            _ = try RecoveryKey(pem: locked, passphrase: nil, source: "'kit'")
        }
        for wrong in ["wrong", "correct hors", "correct horse "] {
            #expect(throws: SealingError.wrongPassphrase(source: "'kit'")) {
                _ = try RecoveryKey(pem: locked, passphrase: Secret(wrong), source: "'kit'")
            }
        }
        let opened = try RecoveryKey(pem: locked, passphrase: Secret("correct horse"), source: "'kit'")
        #expect(opened.opens(try #require(key.certificate)))
        let path = try sandbox.write("locked.pem", locked.plaintext)
        let words = try sandbox.write("words", "correct horse\n")
        #expect(try sandbox.openssl("pkey", "-in", path, "-passin", "file:\(words)", "-noout").status == 0)
        let told = try sandbox.openssl("asn1parse", "-in", path).text
        #expect(told.contains("hmacWithSHA256") && told.contains("aes-256-cbc") && told.contains("0927C0"))
    }

    @Test(arguments: ["", String(repeating: "a", count: 1_001), "a\0b"])
    func `refuses a passphrase that libcrypto would cut`(words: String) throws {
        let key = try RecoveryKey.create(cluster: "demo")
        #expect(throws: SealingError.self) { _ = try key.pem(passphrase: Secret(words)) }
    }

    @Test(arguments: [
        ["pkey", "-in", "plain", "-out", "form"],
        ["pkey", "-in", "plain", "-out", "form", "-traditional"],
        ["pkey", "-in", "plain", "-out", "form", "-aes256", "-passout", "pass:words"],
        ["pkey", "-in", "plain", "-out", "form", "-traditional", "-aes128", "-passout", "pass:words"],
    ])
    func `reads every form that openssl writes`(arguments: [String]) throws {
        for kind in [["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:3072"]] {
            let text = try sandbox.foreign(kind)
            let certificate = try RecoveryCertificate(pem: text, source: "'foreign'")
            _ = try sandbox.write("plain", text)
            #expect(try sandbox.openssl(arguments).status == 0)
            let form = Secret(try sandbox.text("form"))
            let read = try RecoveryKey(pem: form, passphrase: Secret("words"), source: "'form'")
            #expect(read.opens(certificate), "\(kind) \(arguments)")
        }
    }

    @Test(arguments: [
        (["ed25519"], "ED25519"), (["rsa:2048"], "RSA of 2048 bits"), (["rsa:1024"], "RSA of 1024 bits"),
        (["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "the curve secp256k1"), (["ed448"], "ED448"),
    ])
    func `refuses by name a key that nothing should be sealed to`(kind: [String], name: String) throws {
        let text = try sandbox.foreign(kind, usage: "digitalSignature")
        #expect(throws: SealingError.unusableKey(source: "'a.pem'", kind: name)) {
            _ = try RecoveryCertificate(pem: text, source: "'a.pem'")
        }
        #expect(throws: SealingError.unusableKey(source: "'a.pem'", kind: name)) {
            _ = try RecoveryKey(pem: Secret(text), passphrase: nil, source: "'a.pem'")
        }
    }

    @Test func `refuses a certificate that is for signing alone`() throws {
        let text = try sandbox.foreign(
            ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], usage: "digitalSignature")
        #expect(
            throws: SealingError.unusableCertificate(
                source: "'a.pem'", subject: "CN = foreign", reason: "its key usage lacks keyAgreement")
        ) {
            _ = try RecoveryCertificate(pem: text, source: "'a.pem'")
        }
    }

    @Test func `an authority's certificate is refused as such, and one of a short RSA key by its length`()
        throws
    {
        let authority = try CertificateAuthority.create(cluster: "demo").certificatePEM
        let error = #expect(throws: SealingError.self) {
            _ = try RecoveryCertificate(pem: authority, source: "'ca.pem'")
        }
        #expect(
            error?.description.hasPrefix(
                "'ca.pem': nothing can be sealed to the certificate of O = demo, CN = amfleet authority: it is an authority's"
            ) == true, "\(String(describing: error))")
        let short = try sandbox.foreign(["rsa:1024"])
        #expect(throws: SealingError.unusableKey(source: "'a.pem'", kind: "RSA of 1024 bits")) {
            _ = try RecoveryCertificate(pem: short, source: "'a.pem'")
        }
    }

    /// By ourselves and by openssl: dates are for people.
    @Test(arguments: [(-400, -30), (30, 400)])
    func `to a certificate that has ended, or not begun, is sealed, and its key opens`(
        days: (Int64, Int64)
    ) throws {
        let now = Int64(Date().timeIntervalSince1970)
        let (certificate, key) = try CertificateAuthority.create(cluster: "demo").sign(
            CertificateProfile(
                organization: "demo", commonName: "old", basicConstraints: "critical,CA:FALSE",
                keyUsage: "critical,keyAgreement"),
            validity: CertificateValidity(
                notBefore: now + days.0 * 86_400, notAfter: now + days.1 * 86_400))
        let recipient = try RecoveryCertificate(pem: certificate, source: "'a.pem'")
        #expect(recipient.notBefore == now + days.0 * 86_400 && recipient.notAfter == now + days.1 * 86_400)
        let sealed = try Envelope.seal(Array("secret".utf8), to: [recipient])
        let opened = try RecoveryKey(
            pem: Secret(key.plaintext + certificate), passphrase: nil, source: "'a.pem'")
        #expect(opened.opens(recipient))
        #expect(try Envelope.open(sealed, with: opened) == Array("secret".utf8))
        _ = try sandbox.write("sealed", sealed)
        _ = try sandbox.write("key", key.plaintext)
        let said = try sandbox.openssl(
            "cms", "-decrypt", "-inform", "DER", "-in", "sealed", "-inkey", "key", "-out", "plain")
        #expect(said.status == 0, "\(said.text)")
        #expect(try sandbox.text("plain") == "secret")
    }

    @Test func `refuses what is no key, two keys, and another's certificate`() throws {
        let (one, other) = (try RecoveryKey.create(cluster: "demo"), try RecoveryKey.create(cluster: "demo"))
        let (oneText, otherText) = (
            try one.pem(passphrase: nil).plaintext, try other.pem(passphrase: nil).plaintext
        )
        func read(_ text: String) -> SealingError? {
            do throws(SealingError) {
                _ = try RecoveryKey(pem: Secret(text), passphrase: nil, source: "'kit'")
                return nil
            } catch {
                return error
            }
        }
        #expect(read("")?.facts == "'kit' holds no private key in PEM that can be used: there is none")
        #expect(read(oneText + otherText)?.facts.hasSuffix("there are 2, and it must be one") == true)
        #expect(read(oneText + (try #require(other.certificate).pem)) == .keyMismatch(source: "'kit'"))
        for length in stride(from: 0, to: oneText.utf8.count - 1, by: 7) {
            #expect(read(String(oneText.prefix(length))) != nil)
        }
    }

    /// Typed in from the printed sheet: the public half, which stands in the same text, is right.
    @Test(arguments: [["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["rsa:3072"]])
    func `finds a private half that is not that of the public one`(kind: [String]) throws {
        let text = try sandbox.foreign(kind)
        let block = try #require(PEMBlocks(of: text).blocks(of: PEMBlocks.privateKeys).first)
        let lines = block.split(separator: "\n")
        var der = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        // EC: within the 32 bytes of the scalar, which begin at 36. RSA: within the private exponent, in the middle.
        der[kind.count == 1 ? der.count / 3 : 50] ^= 1
        let mistyped = [String(lines[0]), der.base64EncodedString(), String(lines[lines.count - 1]), ""]
            .joined(separator: "\n")
        _ = try RecoveryKey(pem: Secret(block), passphrase: nil, source: "'kit'")
        #expect {
            _ = try RecoveryKey(pem: Secret(mistyped), passphrase: nil, source: "'kit'")
        } throws: {
            ($0 as? SealingError)?.facts.contains("its private half is not that of its public half") == true
        }
    }

    @Test func `no error shows what was read`() throws {
        let key = try RecoveryKey.create(cluster: "demo")
        let text = try key.pem(passphrase: nil).plaintext
        let damaged = text.replacing("A", with: "B")
        #expect(throws: SealingError.self) {
            _ = try RecoveryKey(pem: Secret(damaged), passphrase: nil, source: "'kit'")
        }
        var shown = ""
        dump(key, to: &shown)
        let line = try #require(text.split(separator: "\n").dropFirst().first)
        #expect(!shown.contains(line) && !"\(key)".contains(line))
    }
}
