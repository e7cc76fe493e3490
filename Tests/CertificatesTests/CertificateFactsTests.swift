// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import TestSupport
import Testing

@Suite struct CertificateFactsTests {
    @Test func `reads what a certificate says`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        let facts = try CertificateFacts(pem: authority.issue(.node("node01")).certificatePEM)
        #expect(facts.subject == "O = demo, CN = node01")
        #expect(facts.uris == ["spiffe://demo/node/node01"])
        #expect(facts.dnsNames == ["node01.demo"])
        #expect(!facts.isAuthority)
        #expect(try facts.peerName.role == .node("node01"))
        #expect(try CertificateFacts(pem: authority.certificatePEM).isAuthority)
    }

    @Test func `takes the first certificate of several, and text around them`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        let leaf = try authority.issue(.observer).certificatePEM
        let facts = try CertificateFacts(pem: "# observer\n" + leaf + authority.certificatePEM)
        #expect(facts.subject == "O = demo, CN = observer")
    }

    @Test func `knows who signed it, not who bears the signer's name`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        let namesake = try CertificateAuthority.create(cluster: "demo")
        let facts = try CertificateFacts(pem: authority.issue(.observer).certificatePEM)
        #expect(facts.isIssued(by: try CertificateFacts(pem: authority.certificatePEM)))
        #expect(!facts.isIssued(by: try CertificateFacts(pem: namesake.certificatePEM)))
    }

    @Test func `gives no name to a certificate with two URIs`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        var profile = try CertificateProfile.peer(PeerName(cluster: "demo", role: .coordinator))
        profile.subjectAlternativeName = "URI:spiffe://demo/coordinator,URI:spiffe://demo/observer"
        let facts = try CertificateFacts(pem: authority.sign(profile).certificatePEM)
        #expect(throws: CertificateError.self) { try facts.peerName }
    }

    @Test func `keeps the place of a URI that hides something behind a NUL`() throws {
        let authority = try CertificateAuthority.create(cluster: "demo")
        var profile = try CertificateProfile.peer(PeerName(cluster: "demo", role: .coordinator))
        let uri = Array("spiffe://demo/coordinator\0".utf8)
        let names = [0x30, UInt8(uri.count + 2), 0x86, UInt8(uri.count)] + uri
        profile.subjectAlternativeName =
            "DER:" + names.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        let facts = try CertificateFacts(pem: authority.sign(profile).certificatePEM)
        #expect(facts.uris == [""])
        #expect(throws: CertificateError.self) { try facts.peerName }
    }

    @Test func `names the file that cannot be read`() {
        #expect(
            throws: CertificateError.unreadable(path: "/nowhere/x.pem", reason: "No such file or directory")
        ) {
            try CertificateFacts(contentsOf: "/nowhere/x.pem")
        }
    }

    @Test func `names the file that is a folder or no PEM`() throws {
        let folder = #expect(throws: CertificateError.self) { try CertificateFacts(contentsOf: "/usr") }
        #expect(folder?.description == "cannot read '/usr': Is a directory")
        let rubbish = #expect(throws: CertificateError.self) {
            try CertificateFacts(contentsOf: "/etc/hostname")
        }
        #expect(rubbish?.description == "'/etc/hostname' holds no certificate in PEM: no start line")
    }

    @Test func `takes no prefix of a certificate for a certificate`() throws {
        let pem = try CertificateAuthority.create(cluster: "demo").certificatePEM
        let end = try #require(pem.range(of: "-----END CERTIFICATE-----")).upperBound
        for length in 0..<pem.distance(from: pem.startIndex, to: end) {
            #expect(throws: CertificateError.self) { try CertificateFacts(pem: String(pem.prefix(length))) }
        }
    }

    @Test func `survives every flipped byte of a certificate`() throws {
        let pem = Array(try CertificateAuthority.create(cluster: "demo").certificatePEM.utf8)
        for index in pem.indices {
            var damaged = pem
            damaged[index] ^= 0x04
            _ = try? CertificateFacts(pem: String(decoding: damaged, as: UTF8.self))
        }
    }
}
