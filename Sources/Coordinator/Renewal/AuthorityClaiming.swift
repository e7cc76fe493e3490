// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import FoundationEssentials
import Logging

/// Keeps a second coordinator from replacing the same authority by another: what the nodes believed in the end would be one's, and
/// the other's certificates nobody's.
///
/// Nothing ends a claim: once the old authority is gone, whoever still has it is told who has the new one.
struct AuthorityClaiming: Sendable {
    let bucket: ClusterBucket

    /// Claims the place of an authority for the one that `rollOver` has made, or finds that it has it.
    ///
    /// - Parameters:
    ///   - old: `CertificateFacts.keyFingerprint` of the one that goes.
    ///   - takesOver: the operator says that whoever has claimed it does not go on.
    /// - Throws: `CoordinatorError.authorityClaimed`; `S3Error` where the store does not say.
    func claim(
        _ rollOver: AuthorityRollOver, over old: String, cluster: String, takesOver: Bool, now: Date = Date()
    ) async throws {
        let key = bucket.layout.authorityClaim(old)
        let wanted = AuthorityClaim(
            cluster: cluster, next: rollOver.fingerprint, holder: Cluster.holder, begunAt: now.wholeSecond)
        if try await bucket.create(wanted, key) != nil { return }
        guard let found = try await bucket.read(AuthorityClaim.self, key) else {
            throw CoordinatorError.authorityClaimed(wanted)
        }
        if found.value.next == wanted.next { return }
        guard takesOver, try await bucket.change(found, to: wanted, key) != nil else {
            throw CoordinatorError.authorityClaimed(found.value)
        }
    }

    /// Whether somebody else replaces, or has replaced, an authority of this machine: what it would sign counts no longer, or not for long.
    ///
    /// A request an authority.
    ///
    /// - Parameter own: every authority that is known here, the next one too.
    /// - Throws: `CoordinatorError.authorityClaimed`; `S3Error`, `WireJSONError` where the store does not say.
    func requireUnclaimed(_ own: [CertificateFacts]) async throws {
        for authority in own {
            let key = bucket.layout.authorityClaim(authority.keyFingerprint)
            guard let claim = try await bucket.read(AuthorityClaim.self, key)?.value else { continue }
            guard own.contains(where: { $0.fingerprint == claim.next }) else {
                throw CoordinatorError.authorityClaimed(claim)
            }
        }
    }
}

extension Cluster {
    /// Before certificates are issued by the authority that this machine has.
    ///
    /// - Throws: `CoordinatorError.authorityClaimed`, `CancellationError`. What the store does not say keeps nothing from going on.
    func refuseForeignAuthority() async throws {
        let own = try await runBlocking("authority") { [file] in
            try file.authorities().authorities
                // One that a killed command has claimed for is this machine's too.
                + [AuthorityRollOver.current(file), AuthorityRollOver.prepared(file)].compactMap(\.self).map {
                    try CertificateFacts(pem: $0.authority.certificatePEM)
                }
        }
        do {
            try await AuthorityClaiming(bucket: impatientBucket).requireUnclaimed(own)
        } catch let error as CoordinatorError {
            throw error
        } catch {
            try Task.checkCancellation()
            logger.info(
                "whether another coordinator replaces the authority is unknown",
                metadata: ["reason": "\(error)"])
        }
    }
}
