// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Files
import FoundationEssentials
import Synchronization
import TLS

/// Gives the agent a new certificate, or other authorities, while it runs: no private key leaves the node, or comes to it.
///
/// Whatever is refused leaves the files as they are. One change at a time; what is in place is in force for the next connection.
final class IdentityService: Sendable {
    private let settings: AgentSettings
    private let tls: TLSServerContext
    private let turn = Mutex(())

    init(settings: AgentSettings, tls: TLSServerContext) {
        self.settings = settings
        self.tls = tls
    }

    /// Makes a key, which waits beside the present one, and the request for its certificate.
    func request() async throws -> NodeCertificateRequest {
        try await changing {
            let (request, key) = try CertificateRequest.create(self.name())
            try self.files.prepare(key)
            return NodeCertificateRequest(node: self.settings.node, request: request.pem)
        }
    }

    /// - Throws: `WireError`: what of the order is refused, or cannot be written. What came before it in the order stays done.
    func carryOut(_ order: IdentityOrder) async throws -> IdentityAnswer {
        try await changing {
            if let authorities = order.authorities {
                try self.believe(authorities, endorsements: order.endorsements ?? [])
            }
            if let certificate = order.certificate { try self.install(certificate) }
            return IdentityAnswer(node: self.settings.node, identity: NodeIdentity(self.tls))
        }
    }

    private var files: IdentityFiles {
        IdentityFiles(certificate: settings.tls.certificate, privateKey: settings.tls.privateKey)
    }

    private func name() throws -> PeerName {
        try PeerName(cluster: settings.cluster, role: .node(settings.node))
    }

    private func believe(_ pem: String, endorsements: [String]) throws {
        let proposed = try AuthorityBundle(pem: pem, source: "the order")
        let believed = try AuthorityBundle(contentsOf: settings.tls.authority)
        let succession = AuthoritySuccession(from: believed, cluster: settings.cluster)
        if let reason = try succession.refusal(
            of: proposed, endorsements: endorsements.map { try CertificateFacts(pem: $0) })
        {
            throw refusal("new authorities are refused: \(reason)")
        }
        guard proposed.issuer(of: tls.certificateFacts) != nil else {
            throw refusal(
                "an authority that has signed the agent's own certificate cannot go before that does")
        }
        guard proposed != believed else { return }
        let path = FileSystem.realPath(settings.tls.authority)
        try FileSystem.writeAtomically(
            path, Array(proposed.pem().utf8), mode: FileSystem.status(path)?.mode ?? 0o644)
        try tls.reload()
    }

    private func install(_ pem: String) throws {
        let authorities = try AuthorityBundle(contentsOf: settings.tls.authority)
        let name = try name()
        do {
            try files.install(certificatePEM: pem) { facts in
                guard try facts.peerName == name else {
                    throw CertificateError.unusableCertificate(
                        subject: facts.subject,
                        reason: "it is for \(facts.uris.joined(separator: " ")), not '\(name)'")
                }
                let now = Int64(Date().timeIntervalSince1970)
                guard facts.notBefore <= now else {
                    throw CertificateError.unusableCertificate(
                        subject: facts.subject,
                        reason:
                            "it begins \(facts.notBefore - now) s ahead of this node's clock: one of the two clocks is wrong"
                    )
                }
                if let reason = try authorities.refusal(of: facts, as: .server) {
                    throw CertificateError.unusableCertificate(subject: facts.subject, reason: reason)
                }
            }
        } catch let error as CertificateError {
            throw refusal(error.headline)
        }
        try tls.reload()
    }

    private func refusal(_ facts: String) -> WireError {
        WireError(
            .authentication, node: settings.node, facts,
            hint: "run 'amfleet node renew \(settings.node)' again.")
    }

    private func changing<Answer: Sendable>(
        _ change: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        do {
            return try await runBlocking("identity") { try self.turn.withLock { _ in try change() } }
        } catch let error as FilesError where error.isWriteProtected {
            throw WireError(
                .configuration, node: settings.node, "its identity cannot be renewed: \(error.facts)",
                hint:
                    "let amfleetd write there (a unit with ProtectSystem needs ReadWritePaths=), or write the files elsewhere with "
                    + "'amfleet node renew \(settings.node) --folder DIRECTORY' and copy them.")
        }
    }
}
