// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import FoundationEssentials

/// `amfleet revoke`: certificates are taken back before they expire, on this machine, in the bucket and on every node.
public struct RevokeCommand: Sendable {
    /// How often it begins anew where somebody else revokes at the same time.
    private static let attempts = 5

    let cluster: Cluster
    let authorityKey: String?

    /// - Parameter authorityKey: where the authority's key is, if not where `cluster.json` says.
    public init(_ cluster: Cluster, authorityKey: String? = nil) {
        self.cluster = cluster
        self.authorityKey = authorityKey
    }

    /// The list counts as soon as it is kept here; nodes that are away get it with the next contact of any command.
    ///
    /// - Parameter who: `coordinator`, a node, an observer, or a serial.
    public func run(_ who: String) async throws -> RevokeReport {
        let signers = try await runBlocking("authority") { [file = cluster.file, authorityKey] in
            try RevocationSigners(file, key: authorityKey)
        }
        let bucket = RevocationBucket(cluster: cluster)
        var report = RevokeReport(who: who)
        for _ in 0..<Self.attempts {
            let found = try await NodeOutcome(node: "") { _ in try await bucket.read() }
            let targets = try await targets(who)
            report.take(targets)
            if !targets.certificates.isEmpty { try await sign(targets, signers) }
            report.bucketError = found.error
            guard case .success(let stored) = found.result else { break }
            do {
                if try await bucket.write(over: stored) { break }
                report.bucketError = WireError(
                    .busy, node: nil, "others revoke at the same time", hint: "run it again.")
            } catch {
                try Task.checkCancellation()
                report.bucketError = WireError(of: error)
                break
            }
        }
        report.nodes = try await deliver(report.node)
        report.count = cluster.revocations.lists.entries.count
        return report
    }

    private func targets(_ who: String) async throws -> RevocationTargets {
        let (issued, own) = try await runBlocking("certificates") { [file = cluster.file] in
            let own = try CertificateFacts(contentsOf: file.resolve(file.settings.tls.certificate)).serial
            return (try file.issuedCertificates(), own)
        }
        return try RevocationTargets(
            who, among: issued, revoked: cluster.revocations.lists, own: own,
            now: Int64(Date().timeIntervalSince1970))
    }

    private func sign(_ targets: RevocationTargets, _ signers: RevocationSigners) async throws {
        let old = cluster.revocations.lists
        let pem = try await runBlocking("authority") { [file = cluster.file] in
            let ends = try file.issuedCertificates().map { ($0.serial, $0.notAfter) }
            return try signers.sign(
                targets.certificates.map(\.serial), besides: old,
                ends: Dictionary(ends, uniquingKeysWith: max), now: Int64(Date().timeIntervalSince1970)
            ).pem
        }
        try await cluster.revocations.take(pem)
    }

    /// - Parameter revoked: the node that is not spoken to any more.
    private func deliver(_ revoked: String?) async throws -> [RevokeReport.Node] {
        let names = cluster.settings.nodes.map(\.name).filter { $0 != revoked }
        let outcomes = try await onEveryNode(names) { node in try await cluster.agent(node).status() }
        return outcomes.map { outcome in
            switch cluster.revocations.outcome(of: outcome.node) {
            case .has: RevokeReport.Node(node: outcome.node)
            case .refused(let error): RevokeReport.Node(node: outcome.node, error: error)
            case .unsupported:
                RevokeReport.Node(node: outcome.node, error: .revocationsUnsupported(by: outcome.node))
            case nil:
                RevokeReport.Node(
                    node: outcome.node,
                    error: outcome.error
                        ?? WireError(.agentLost, node: outcome.node, "it did not say whether it has it"))
            }
        }
    }
}
