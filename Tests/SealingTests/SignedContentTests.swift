// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import Secret
import TestSupport
import Testing

@testable import Sealing

@Suite struct SignedContentTests {
    let sandbox: SealingSandbox
    let authority: CertificateAuthority
    let bundle: AuthorityBundle
    let content = Array("line\r\n\0".utf8)

    init() throws {
        sandbox = try SealingSandbox()
        authority = try CertificateAuthority.create(cluster: "demo")
        bundle = try AuthorityBundle(pem: authority.certificatePEM, source: "'ca.pem'")
    }

    private func signed(
        by role: CertificateRole, of authority: CertificateAuthority? = nil,
        validity: CertificateValidity = .peer
    ) throws -> [UInt8] {
        let identity = try (authority ?? self.authority).issue(role, validity: validity)
        return try SignedContent.sign(
            content, certificatePEM: identity.certificatePEM, privateKeyPEM: identity.privateKeyPEM)
    }

    @Test(arguments: [CertificateRole.node("node01"), .coordinator])
    func `says what was signed and by whom`(role: CertificateRole) throws {
        let der = try signed(by: role)
        let verified = try SignedContent.verify(der, authorities: bundle)
        #expect(verified.content == content)
        #expect(verified.signer.role == role && verified.signer.cluster == "demo")
        #expect(try SignedContent.read(der).signer.peerName == verified.signer)
    }

    @Test func `openssl verifies it, and we what openssl signs`() throws {
        let der = try sandbox.write("signed.cms", try signed(by: .node("node01")))
        let ca = try sandbox.write("ca.pem", authority.certificatePEM)
        let told = try sandbox.openssl(
            "cms", "-verify", "-inform", "DER", "-in", der, "-CAfile", ca, "-purpose", "any", "-binary",
            "-out", "content", "-signer", "signer.pem")
        #expect(told.status == 0, "\(told.text)")
        #expect(try sandbox.bytes("content") == content)
        #expect(try CertificateFacts(contentsOf: sandbox.path("signer.pem")).peerName.shortName == "node01")

        let identity = try authority.issue(.coordinator)
        let pem = try sandbox.write("peer.pem", identity.certificatePEM)
        let key = try sandbox.write("peer.key", identity.privateKeyPEM.plaintext)
        try sandbox.openssl(
            "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", "content", "-out", "its.cms",
            "-signer", pem, "-inkey", key)
        let verified = try SignedContent.verify(sandbox.bytes("its.cms"), authorities: bundle)
        #expect(verified.content == content && verified.signer == identity.name)
    }

    @Test func `believes who has ended since, and one of an older authority`() throws {
        let past = CertificateValidity(notBefore: 1_000_000_000, notAfter: 1_000_086_400)
        let der = try signed(by: .node("node01"), validity: past)
        #expect(try SignedContent.verify(der, authorities: bundle).signer.shortName == "node01")
        let next = try CertificateAuthority.create(cluster: "demo")
        let both = try AuthorityBundle(
            pem: next.certificatePEM + authority.certificatePEM, source: "'ca.pem'")
        #expect(try SignedContent.verify(der, authorities: both).content == content)
    }

    @Test func `a stranger's is read, and not believed`() throws {
        // Of the same name: only the key tells them apart.
        let stranger = try CertificateAuthority.create(cluster: "demo")
        let der = try signed(by: .node("node01"), of: stranger)
        #expect(try SignedContent.read(der).content == content)
        #expect(throws: SealingError.foreignSigner(subject: "O = demo, CN = node01")) {
            _ = try SignedContent.verify(der, authorities: bundle)
        }
        let own = try SignedContent.sign(
            content, certificatePEM: authority.certificatePEM, privateKeyPEM: authority.privateKeyPEM)
        #expect(throws: SealingError.self) { _ = try SignedContent.verify(own, authorities: bundle) }
    }

    @Test func `the key must be the certificate's`() throws {
        let (one, other) = (try authority.issue(.coordinator), try authority.issue(.coordinator))
        #expect(throws: SealingError.self) {
            _ = try SignedContent.sign(
                content, certificatePEM: one.certificatePEM, privateKeyPEM: other.privateKeyPEM)
        }
    }

    @Test func `no flipped bit changes what is believed`() throws {
        let der = try signed(by: .node("node01"))
        var unnoticed = 0
        for index in der.indices {
            var damaged = der
            damaged[index] ^= 1 << UInt8(index % 8)
            guard let read = try? SignedContent.verify(damaged, authorities: bundle) else { continue }
            #expect(read.content == content && read.signer.shortName == "node01", "byte \(index)")
            unnoticed += 1
        }
        #expect(unnoticed < der.count / 4)
    }

    @Test func `cut short, continued, detached or unsigned it is refused`() throws {
        let der = try signed(by: .coordinator)
        for count in stride(from: 0, to: der.count, by: 3) {
            #expect(throws: SealingError.self) { _ = try SignedContent.read(Array(der[..<count])) }
        }
        #expect(throws: SealingError.self) { _ = try SignedContent.read(der + [0]) }
        let identity = try authority.issue(.coordinator)
        let pem = try sandbox.write("peer.pem", identity.certificatePEM)
        let key = try sandbox.write("peer.key", identity.privateKeyPEM.plaintext)
        let plain = try sandbox.write("plain", content)
        try sandbox.openssl(
            "cms", "-sign", "-binary", "-outform", "DER", "-in", plain, "-out", "detached.cms", "-signer",
            pem, "-inkey", key)
        #expect(throws: SealingError.self) { _ = try SignedContent.read(sandbox.bytes("detached.cms")) }
        try sandbox.openssl(
            "cms", "-sign", "-binary", "-nodetach", "-nocerts", "-outform", "DER", "-in", plain, "-out",
            "bare.cms", "-signer", pem, "-inkey", key)
        #expect(throws: SealingError.self) { _ = try SignedContent.read(sandbox.bytes("bare.cms")) }
        try sandbox.openssl(
            "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", plain, "-out", "two.cms",
            "-signer", pem, "-inkey", key, "-signer", pem, "-inkey", key)
        #expect(throws: SealingError.self) { _ = try SignedContent.read(sandbox.bytes("two.cms")) }
        try sandbox.openssl("cms", "-data_create", "-outform", "DER", "-in", plain, "-out", "data.cms")
        #expect(
            throws: SealingError.damaged(what: "the signed content", reason: "it is no CMS SignedData")
        ) { _ = try SignedContent.read(sandbox.bytes("data.cms")) }
    }
}
