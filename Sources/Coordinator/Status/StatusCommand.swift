// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import FoundationEssentials
import Sealing

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
        async let recovering = RecoveryFacts(cluster)
        async let sharing: Void = cluster.shareRevocations()
        let notAsked = NodesNotAsked()
        let statuses = try await onEveryNode(selection.nodes) { node in
            let status = try await notAsked.noting(node) { try await cluster.agent(node).status(question) }
            // It tells whole seconds: half of one is the best guess at the rest.
            return (status, clockOffset: status.time.timeIntervalSince(Date()) + 0.5)
        }
        let recipients = try await runBlocking("recovery") { [file = cluster.file] in
            RecoveryRecipients(file).certificates
        }
        let facts = try await bucket
        let ofNodes = statuses.map { ($0.node, $0.report?.0.secrets) }
        let secrets = try await SecretsFacts(
            cluster.impatientBucket,
            Dictionary(ofNodes.compactMap { node, own in own.map { (node, $0) } }) { first, _ in first },
            to: recipients, recorded: facts.nodes.compactMapValues(\.sealedNeeds))
        let needed = try await neededSecrets(facts, ofNodes, recipients)
        let kept = try await retention
        let recovery = try await recovering
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
            certificateBeginsAt: cluster.identity.notBefore, certificateExpiresAt: cluster.identity.expiresAt,
            authority: authority, now: now)
        if let authority { findings += CertificateJudgement.of(authority, now: now) }
        findings += RecoveryFindings.of(recovery, bucketAnswered: facts.isKnown, now: now)
        let nodes = zip(settings.nodes, statuses).map { entry, outcome in
            var row = Self.row(entry, outcome.report?.0, outcome.report?.clockOffset, facts, now: now)
            if notAsked.contains(entry.name) { row.wasNotAsked = true }
            findings += StatusJudgement.of(
                row, faults: outcome.faults, authority: authority, bucketAnswered: facts.isKnown, now: now)
            findings += StatusJudgement.unsaid(row, asked: selection.configurations.map(\.name))
            findings += StatusJudgement.of(facts.nodes[entry.name]?.suspects ?? [], node: entry.name)
            findings += StatusJudgement.neverDumped(row, facts)
            if row.status == nil {
                findings += NewestSetJudgement.unsealed(
                    facts.newestSet?.run, facts.unsealed[entry.name] ?? [])
            }
            if !recipients.isEmpty {
                let isTold = !facts.isKnown && secrets.silent.contains(entry.name)
                findings += SecretsFindings.of(
                    row.status, node: entry.name, isTold ? nil : secrets.states[entry.name],
                    hasEverRun: row.lastRun != nil && !isTold)
            }
            findings += SelfBackupComparison.findings(row, facts.nodes[entry.name])
            return row
        }
        findings += needed
        findings += RevocationFindings.of(cluster.revocations, nodes: selection.nodes)
        findings += StatusJudgement.of(facts.newestSet, isKnown: facts.isKnown)
        findings += StatusJudgement.unfinished(
            facts.unfinished,
            jobs: statuses.compactMap { outcome in
                outcome.report?.0.runningJob.map { (node: outcome.node, id: $0) }
            })
        findings += kept.findings(statuses.map(\.report?.0), bucketAnswered: facts.isKnown)
        return StatusReport(
            cluster: settings.cluster, checkedAt: now, nodes: nodes, newestSet: facts.newestSet,
            findings: findings, protection: kept.protection.report.map(ProtectionSummary.init),
            authority: authority, recovery: recovery.summary)
    }

    /// What the newest set needs of secrets besides what each node remembers: a node that is gone, or has lost its memory, remembers
    /// nothing.
    private func neededSecrets(
        _ facts: BucketFacts, _ secrets: [(node: String, NodeSecrets?)], _ recipients: [RecoveryCertificate]
    ) async throws -> [Finding] {
        guard !recipients.isEmpty else { return [] }
        let known = Dictionary(secrets.map { ($0.node, $0.1?.version) }) { first, _ in first }
        let bucket = cluster.impatientBucket
        let outcomes = try await onEveryNode(secrets.map(\.node)) { node in
            try await facts.nodes[node]?.sealedNeeds?.states(
                of: node, in: bucket, to: recipients, besides: known[node] ?? nil) ?? []
        }
        let unread = secrets.flatMap { node, _ in
            SecretsFindings.of(unread: facts.nodes[node]?.sealedNeeds?.unread ?? [:], node: node)
        }
        // Where the store answers nothing at all, that is told by itself.
        let unknown = outcomes.filter { facts.isKnown || $0.error?.reach != .wholeStore }.flatMap { outcome in
            outcome.faults.map { SecretsFindings.unknown($0, node: outcome.node) }
        }
        return unread + unknown
            + outcomes.flatMap { outcome in
                (outcome.report ?? []).compactMap { needed in
                    SecretsFindings.of(
                        needed.version, neededBy: needed.run, needed.state, node: outcome.node,
                        key: bucket.layout.nodeSecrets(outcome.node, needed.version))
                }
            }
    }

    private static func row(
        _ entry: ClusterSettings.Node, _ status: NodeStatus?, _ clockOffset: Double?, _ facts: BucketFacts,
        now: Date
    ) -> StatusReport.Node {
        let found = facts.nodes[entry.name]
        let searchedCount = found?.newAfter ?? facts.searchedCount
        let newestData = status?.configurations.filter { $0.role == .data }.compactMap(\.newestRun).max()
        return StatusReport.Node(
            node: entry.name, address: entry.address.description, status: status,
            clockOffsetSeconds: clockOffset,
            selfBackup: found?.selfBackup,
            selfBackupAgeSeconds: found?.selfBackupFinishedAt.map { now.timeIntervalSince($0) },
            selfBackupIsNewest: found?.selfBackup.flatMap { run in newestData.map { run >= $0 } },
            lastRun: found?.lastRun, lastRunState: found?.lastRunState, selfBackupUnknown: found?.unknown,
            selfBackupLost: found?.unusableSelfBackup,
            searchedRuns: found?.selfBackup == nil && searchedCount < facts.runCount ? searchedCount : nil)
    }
}
