// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
public import FoundationEssentials

/// The cluster's authority, as `status` tells of it, and how far a new one has come.
public struct AuthoritySummary: Sendable, Encodable, Equatable {
    /// Fingerprint (SHA-256 of the DER) of the one that signs what is issued now.
    public var fingerprint: String
    public var since: Date
    public var expiresAt: Date
    /// It is taking the place of an older one.
    public var isTakingOver: Bool
    /// Nodes that have no certificate of it, as far as they answer, or do not answer.
    public var missingNodes: [String]
    /// Nodes that believe others than they should; only where none takes over.
    var estrangedNodes: [String] = []
    var isKeyAtHand: Bool

    private enum CodingKeys: String, CodingKey {
        case fingerprint, since, expiresAt, isTakingOver, missingNodes
    }

    /// What lies on this machine, read before the agents answered. Blocks.
    struct Local: Sendable {
        let rollOver: AuthorityRollOver?
        let newest: CertificateFacts
        let isKeyAtHand: Bool

        init(_ file: ClusterFile, _ identity: CoordinatorIdentity) throws {
            rollOver = try AuthorityRollOver.current(file)
            newest =
                try rollOver.map { try CertificateFacts(pem: $0.authority.certificatePEM) } ?? identity.issuer
            isKeyAtHand = file.hasAuthorityKey
        }
    }

    /// - Parameters:
    ///   - believed: fingerprints of `ca.pem`.
    ///   - nodes: what each says of itself; nil: nothing.
    init(_ local: Local, believed: Set<String>, nodes: [(name: String, identity: NodeIdentity?)]) {
        let fingerprint = local.newest.fingerprint
        self.fingerprint = fingerprint
        since = Date(timeIntervalSince1970: Double(local.newest.notBefore))
        expiresAt = Date(timeIntervalSince1970: Double(local.newest.notAfter))
        isTakingOver = local.rollOver != nil
        isKeyAtHand = local.isKeyAtHand
        missingNodes = nodes.filter { $0.identity?.issuer != fingerprint }.map(\.name)
        guard !isTakingOver else { return }
        estrangedNodes = nodes.filter { node in
            node.identity.map { Set($0.authorities) != believed } ?? false
        }.map(\.name)
    }
}
