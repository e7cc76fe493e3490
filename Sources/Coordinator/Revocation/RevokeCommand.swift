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
        var report = RevokeReport(who: who)
        try await publish(&report) { try await targets(who) }
        report.nodes = try await deliver([report.node].compactMap(\.self))
        report.count = cluster.revocations.lists.entries.count
        return report
    }

    /// Takes every certificate back that nodes have now, on this machine alone, so that new ones can be issued at once.
    ///
    /// - Returns: which these are; also those that were revoked before.
    func sign(nodes: [String]) async throws -> RevocationTargets {
        let issued = try await runBlocking("certificates") { [file = cluster.file] in
            try file.issuedCertificates()
        }
        let targets = RevocationTargets(
            nodes: nodes, among: issued, revoked: cluster.revocations.lists,
            now: Int64(Date().timeIntervalSince1970))
        if !targets.certificates.isEmpty { try await sign(targets, signers()) }
        return targets
    }

    /// Brings what `sign(nodes:)` has revoked to the bucket and the nodes.
    ///
    /// - Parameter nodes: those that are not asked: nothing is there yet.
    func spread(_ targets: RevocationTargets, except nodes: [String]) async throws -> RevokeReport {
        var report = RevokeReport(who: nodes.joined(separator: ", "))
        report.take(targets)
        try await publish(&report) { targets.left(by: cluster.revocations.lists) }
        report.unknownNodes = targets.unknownNodes
        report.nodes = try await deliver(nodes)
        report.count = cluster.revocations.lists.entries.count
        return report
    }

    /// Signs what the bucket's list and ours lack, and puts it there.
    private func publish(
        _ report: inout RevokeReport, _ targets: () async throws -> RevocationTargets
    ) async throws {
        let signers = try await signers()
        let bucket = RevocationBucket(cluster: cluster)
        for _ in 0..<Self.attempts {
            let found = try await NodeOutcome(node: "") { _ in try await bucket.read() }
            let targets = try await targets()
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
        guard report.bucketError == nil else { return }
        for remark in try await cluster.sealCoordinator() { cluster.console.say(remark.description) }
    }

    private func signers() async throws -> RevocationSigners {
        try await runBlocking("authority") { [file = cluster.file, authorityKey] in
            try RevocationSigners(file, key: authorityKey)
        }
    }

    private func targets(_ who: String) async throws -> RevocationTargets {
        let (issued, own) = try await runBlocking("certificates") { [file = cluster.file] in
            let own = try CertificateFacts(contentsOf: file.resolve(file.settings.tls.certificate)).serial
            return (try file.issuedCertificates(), own)
        }
        return try RevocationTargets(
            who, among: issued, revoked: cluster.revocations.lists, own: own,
            authorities: cluster.identity.authorities.authorities.map(\.serial),
            now: Int64(Date().timeIntervalSince1970))
    }

    private func sign(_ targets: RevocationTargets, _ signers: RevocationSigners) async throws {
        // A clock that is ahead must not forget what still holds everywhere else.
        let now = Int64(min(Date(), cluster.storeTime()).timeIntervalSince1970)
        try await runBlocking("authority") { [cluster] in
            // What a coordinator has signed is believed after its end, so it stays on the list.
            let ends = try cluster.file.issuedCertificates().filter { !$0.isCoordinator }
                .map { ($0.serial, $0.notAfter) }
            try cluster.revocations.change { old in
                try signers.sign(
                    targets.certificates.map(\.serial), besides: old,
                    ends: Dictionary(ends, uniquingKeysWith: max), now: now)
            }
        }
    }

    /// - Parameter revoked: the nodes that are not spoken to any more.
    private func deliver(_ revoked: [String]) async throws -> [RevokeReport.Node] {
        let names = cluster.settings.nodes.map(\.name).filter { !revoked.contains($0) }
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
