// SPDX-License-Identifier: Apache-2.0

import Secret
import Testing

@testable import Certificates

@Suite struct CertificateRequestTests {
    private let authority: CertificateAuthority
    private let name: PeerName

    init() throws {
        authority = try .create(cluster: "demo")
        name = try PeerName(cluster: "demo", role: .node("node01"))
    }

    @Test func `a request becomes a certificate for its key and the authority's name for the peer`() throws {
        let (request, key) = try CertificateRequest.create(name)
        #expect(request.uris == ["spiffe://demo/node/node01"])
        let facts = try CertificateFacts(pem: authority.issue(.node("node01"), for: request))
        #expect(try facts.isOf(key))
        #expect(try facts.peerName == name)
        let bundle = try AuthorityBundle(pem: authority.certificatePEM, source: "x")
        #expect(try bundle.refusal(of: facts, as: .server) == nil)
        #expect(try bundle.refusal(of: facts, as: .client)?.contains("purpose") == true)
    }

    @Test func `a request for another name is refused, whoever's it is`() throws {
        for role in [CertificateRole.node("node02"), .coordinator, .observer] {
            let (request, _) = try CertificateRequest.create(PeerName(cluster: "demo", role: role))
            #expect(throws: CertificateError.self) { try authority.issue(.node("node01"), for: request) }
        }
        let (elsewhere, _) = try CertificateRequest.create(PeerName(cluster: "other", role: .node("node01")))
        #expect(throws: CertificateError.self) { try authority.issue(.node("node01"), for: elsewhere) }
    }

    @Test func `a request that does not prove its key, or is none, is refused`() throws {
        let pem = try CertificateRequest.create(name).request.pem
        var lines = pem.split(separator: "\n").map(String.init)
        // The last line of base64 is the signature's.
        let last = lines[lines.count - 2]
        lines[lines.count - 2] = String(last.map { $0 == "A" ? "B" : $0.isLetter ? "A" : $0 })
        let broken = [
            lines.joined(separator: "\n"), "", "x", String(repeating: "A", count: 1 << 20),
            authority.certificatePEM,
        ]
        for text in broken {
            #expect(throws: CertificateError.self) { try CertificateRequest(pem: text) }
        }
    }

    @Test func `an authority is believed that a believed one has signed or endorsed, and no other`() throws {
        let believed = try AuthorityBundle(pem: authority.certificatePEM, source: "x")
        let succession = AuthoritySuccession(from: believed, cluster: "demo")
        let next = try CertificateAuthority.create(cluster: "demo")
        let both = try AuthorityBundle(pem: authority.certificatePEM + next.certificatePEM, source: "x")
        let endorsement = try CertificateFacts(pem: authority.endorse(next))
        #expect(succession.refusal(of: both, endorsements: [endorsement]) == nil)
        #expect(succession.refusal(of: both, endorsements: [])?.contains("has signed") == true)
        let thief = try CertificateAuthority.create(cluster: "demo")
        let forged = try CertificateFacts(pem: thief.endorse(next))
        #expect(succession.refusal(of: both, endorsements: [forged]) != nil)
        let third = try AuthorityBundle(pem: thief.certificatePEM, source: "x")
        #expect(succession.refusal(of: third, endorsements: [endorsement]) != nil)
        let other = try AuthorityBundle(
            pem: CertificateAuthority.create(cluster: "other").certificatePEM, source: "x")
        #expect(
            succession.refusal(of: other, endorsements: [])?.contains("no authority of the cluster") == true)
        #expect(throws: CertificateError.self) { try authority.endorse(.create(cluster: "other")) }
    }

    @Test func `of several authorities the one is taken whose key it is`() throws {
        let next = try CertificateAuthority.create(cluster: "demo")
        let bundle = try AuthorityBundle(pem: authority.certificatePEM + next.certificatePEM, source: "x")
        let found = try CertificateAuthority(among: bundle, privateKeyPEM: next.privateKeyPEM)
        let facts = try CertificateFacts(pem: found.issue(.observer).certificatePEM)
        #expect(bundle.issuer(of: facts) == bundle.authorities[1])
        #expect(try AuthorityBundle(pem: bundle.pem(), source: "x") == bundle)
        let foreign = try CertificateAuthority.create(cluster: "demo").privateKeyPEM
        #expect(throws: CertificateError.self) {
            try CertificateAuthority(among: bundle, privateKeyPEM: foreign)
        }
        #expect(throws: CertificateError.self) {
            try AuthorityBundle(
                pem: authority.certificatePEM + authority.issue(.observer).certificatePEM, source: "x")
        }
    }
}
