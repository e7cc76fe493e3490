// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import FoundationEssentials

/// What a backup renews unasked before it begins: certificates of which a third of their life is left or less, where the authority's
/// key is at hand. Nothing of it stops the backup; what failed is said, and `status` says it too.
struct DueRenewals: Sendable {
    let cluster: Cluster

    /// A node that does not take its certificate in this time goes on with the old one.
    private static let limit = Duration.seconds(60)

    /// - Throws: `CancellationError` only.
    func renew(_ statuses: [NodeOutcome<NodeStatus>], now: Date = Date()) async throws {
        let found = try? await runBlocking("authority") { [file = cluster.file] in
            // A new authority's certificates are for 'authority renew' to bring.
            guard file.hasAuthorityKey, try AuthorityRollOver.current(file) == nil else {
                return nil as RenewalAuthority?
            }
            return try RenewalAuthority(file)
        }
        guard let authority = found ?? nil else { return }
        let due = statuses.filter { outcome in
            guard let identity = outcome.report?.identity else { return false }
            return authority.isDue(from: identity.notBefore, to: identity.notAfter, now: now)
        }
        let own = cluster.identity
        let isOwnDue = authority.isDue(from: own.notBefore, to: own.expiresAt, now: now)
        guard isOwnDue || !due.isEmpty else { return }
        do {
            try await cluster.refuseForeignAuthority()
        } catch let error as CoordinatorError {
            return cluster.console.say("no certificate is renewed: \(error)")
        }
        if isOwnDue { await renewOwn() }
        guard !due.isEmpty else { return }
        let renewal = NodeRenewal(cluster: cluster, authority: authority)
        let outcomes = try await onEveryNode(due.map(\.node)) { node in
            guard let identity = try await withTimeLimit(Self.limit, { try await renewal.renew(node) }) else {
                throw WireError(
                    .agentLost, node: node, "no new certificate within \(Self.limit.components.seconds) s")
            }
            return identity
        }
        for outcome in outcomes {
            if let identity = outcome.report {
                cluster.console.say(
                    "\(outcome.node): its certificate is new, until \(LocalTime(identity.notAfter).text)")
            } else if let error = outcome.error {
                cluster.console.say("\(error.headline); its certificate stays the old one")
            }
        }
    }

    private func renewOwn() async {
        do {
            let report = try await runBlocking("authority") { [file = cluster.file] in
                try CoordinatorRenewal(file, authorityKey: nil).renew()
            }
            for line in report.lines { cluster.console.say(line) }
        } catch {
            cluster.console.say("the coordinator's certificate stays the old one: \(error)")
        }
    }
}
