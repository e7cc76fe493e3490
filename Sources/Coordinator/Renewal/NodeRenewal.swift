// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import FoundationEssentials

/// One node's new certificate over the connection that it has: the agent makes the key, and keeps it.
struct NodeRenewal: Sendable {
    let cluster: Cluster
    let authority: RenewalAuthority

    /// The present authorities come first, where the node has others; the certificate is proved by a connection of its own.
    ///
    /// - Throws: `WireError`: the node has what it had, or the new one, and can be asked again.
    func renew(_ node: String) async throws -> NodeIdentity {
        let agent = try cluster.agent(node)
        _ = try await believe(node)
        let request: CertificateRequest
        let certificate: String
        do {
            request = try CertificateRequest(pem: try await agent.requestCertificate().request)
            // It writes down what it issues.
            certificate = try await runBlocking("issue") { [signer = authority.signer] in
                try signer.issue(.node(node), for: request, validity: .spread)
            }
        } catch let error as CertificateError {
            throw WireError(.authentication, node: node, error.headline, hint: error.hint)
        }
        let serial = try CertificateFacts(pem: certificate).serial
        _ = try await agent.carryOut(IdentityOrder(certificate: certificate))
        guard let identity = try await agent.afresh.status().identity, identity.serial == serial else {
            throw WireError(
                .failed, node: node,
                "the agent took its new certificate (serial \(serial)) and shows another",
                hint: "look into the agent's log, and run it again.")
        }
        return try await believe(node)
    }

    /// Has the node believe the present authorities.
    func believe(_ node: String) async throws -> NodeIdentity {
        let agent = try cluster.agent(node)
        guard let identity = try await agent.status().identity else { throw agent.tooOldForIdentities }
        let known = authority.authorities.authorities.map(\.fingerprint)
        let isOfOneThatGoes = identity.issuer.map { !known.contains($0) } ?? false
        let wanted = isOfOneThatGoes ? authority.present : authority.authorities
        guard !Self.believes(identity, wanted) else { return identity }
        let now = try await agent.carryOut(
            IdentityOrder(authorities: try wanted.pem(), endorsements: authority.endorsements))
        // Whom it still believed, everybody with a certificate of that one could go on asking.
        guard Self.believes(now, wanted) else {
            throw WireError(
                .failed, node: node, "the agent took the authorities that it was given and believes others",
                hint: "look into the agent's log, and run it again.")
        }
        return now
    }

    /// Whether it believes just these.
    static func believes(_ identity: NodeIdentity, _ wanted: AuthorityBundle) -> Bool {
        Set(identity.authorities) == Set(wanted.authorities.map(\.fingerprint))
    }
}
