// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import FoundationEssentials

/// Asks every agent and the bucket at the same time. Nothing that is wrong is thrown: it is what is to be reported.
public struct StatusCommand: Sendable {
    let cluster: Cluster

    public init(_ cluster: Cluster) {
        self.cluster = cluster
    }

    public func run() async throws -> StatusReport {
        let settings = cluster.settings
        let selection = try Selection(cluster.file)
        let question = StatusQuestion(
            storage: settings.storage.address, configurations: selection.configurations)
        let local = try? await runBlocking("authority") { [cluster] in
            try AuthoritySummary.Local(cluster.file, cluster.identity)
        }
        let volumes = cluster.volumeJudge()
        async let bucket = BucketFacts(cluster, nodes: selection.nodes, volumes)
        async let retention = RetentionFacts(cluster, selection, volumes)
        async let sharing: Void = cluster.shareRevocations()
        let statuses = try await onEveryNode(selection.nodes) { node in
            let status = try await cluster.agent(node).status(question)
            // It tells whole seconds: half of one is the best guess at the rest.
            return (status, clockOffset: status.time.timeIntervalSince(Date()) + 0.5)
        }
        let facts = try await bucket
        let kept = try await retention
        await sharing
        let now = Date()
        var findings = facts.findings
        let authority = local.map { local in
            AuthoritySummary(
                local, believed: Set(cluster.identity.authorities.authorities.map(\.fingerprint)),
                nodes: statuses.map { ($0.node, $0.report?.0.identity) })
        }
        findings += StatusJudgement.ofCoordinator(
            storeClockOffset: cluster.storeClockOffset,
            exposed: try await runBlocking("exposure") { [file = cluster.file] in file.exposedFiles })
        findings += CertificateJudgement.ofCoordinator(
            certificateExpiresAt: cluster.identity.expiresAt, authority: authority, now: now)
        if let authority { findings += CertificateJudgement.of(authority, now: now) }
        let nodes = zip(settings.nodes, statuses).map { entry, outcome in
            let row = Self.row(entry, outcome.report?.0, outcome.report?.clockOffset, facts, now: now)
            findings += StatusJudgement.of(
                row, faults: outcome.faults, authority: authority, bucketAnswered: facts.isKnown, now: now)
            findings += StatusJudgement.of(facts.nodes[entry.name]?.suspects ?? [], node: entry.name)
            findings += StatusJudgement.neverDumped(row, facts)
            return row
        }
        findings += RevocationFindings.of(cluster.revocations, nodes: selection.nodes)
        findings += StatusJudgement.of(facts.newestSet, isKnown: facts.isKnown)
        findings += kept.findings(statuses.map(\.report?.0), bucketAnswered: facts.isKnown)
        return StatusReport(
            cluster: settings.cluster, checkedAt: now, nodes: nodes, newestSet: facts.newestSet,
            findings: findings, protection: kept.protection.report.map(ProtectionSummary.init),
            authority: authority)
    }

    private static func row(
        _ entry: ClusterSettings.Node, _ status: NodeStatus?, _ clockOffset: Double?, _ facts: BucketFacts,
        now: Date
    ) -> StatusReport.Node {
        let found = facts.nodes[entry.name]
        let newestData = status?.configurations.filter { $0.role == .data }.compactMap(\.newestRun).max()
        return StatusReport.Node(
            node: entry.name, address: entry.address.description, status: status,
            clockOffsetSeconds: clockOffset,
            selfBackup: found?.selfBackup,
            selfBackupAgeSeconds: found?.selfBackupFinishedAt.map { now.timeIntervalSince($0) },
            selfBackupIsNewest: found?.selfBackup.flatMap { run in newestData.map { run >= $0 } },
            lastRun: found?.lastRun, lastRunState: found?.lastRunState, selfBackupUnknown: found?.unknown,
            searchedRuns: found?.selfBackup == nil && facts.searchedCount < facts.runCount
                ? facts.searchedCount : nil)
    }
}
