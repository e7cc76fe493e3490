// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Testing

@Suite struct PinnedAuthoritiesTests {
    private func facts(_ authority: CertificateAuthority) throws -> CertificateFacts {
        try CertificateFacts(pem: authority.certificatePEM)
    }

    @Test func `what the pinned has endorsed is believed, and what that has endorsed in its turn`() throws {
        let chain = try (0..<4).map { _ in try CertificateAuthority.create(cluster: "demo") }
        let endorsements = try zip(chain, chain.dropFirst()).map {
            try CertificateFacts(pem: $0.endorse($1))
        }
        let candidates = try endorsements.reversed() + chain.reversed().map(facts)
        let pin = try facts(chain[0]).fingerprint
        let believed = try #require(
            try PinnedAuthorities.believed([pin], among: candidates, cluster: "demo"))
        for authority in chain { #expect(believed.authorities.contains(try facts(authority))) }
        // Nothing leads back.
        let last = try facts(chain[3]).fingerprint
        let newest = try #require(
            try PinnedAuthorities.believed([last], among: candidates, cluster: "demo"))
        #expect(!newest.authorities.contains(try facts(chain[0])))
    }

    @Test func `a stranger's authority of the same name follows from nothing, and endorses nobody`() throws {
        let (ours, stranger) = (
            try CertificateAuthority.create(cluster: "demo"), try CertificateAuthority.create(cluster: "demo")
        )
        let pin = try facts(ours).fingerprint
        let candidates = [
            try facts(ours), try facts(stranger), try CertificateFacts(pem: stranger.endorse(ours)),
        ]
        let believed = try PinnedAuthorities.believed([pin], among: candidates, cluster: "demo")
        #expect(believed?.authorities.contains(try facts(stranger)) == false)
        #expect(try PinnedAuthorities.believed(["00"], among: candidates, cluster: "demo") == nil)
    }

    @Test func `another cluster's authority is not believed, whoever endorsed it`() throws {
        let ours = try CertificateAuthority.create(cluster: "demo")
        let other = try CertificateAuthority.create(cluster: "other")
        let believed = try PinnedAuthorities.believed(
            [facts(ours).fingerprint], among: [facts(ours), facts(other)], cluster: "demo")
        #expect(believed?.authorities == [try facts(ours)])
    }
}
