// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// Carries a run whose manifest says `running` to its end, and writes the manifest that says how it ended.
struct RunCarrier: Sendable {
    let cluster: Cluster
    let lease: RunLease?
    let protection: ClusterProtection

    /// One node of the run that still has to be brought to an end.
    struct Part: Sendable {
        let node: String
        let attempt: Int
        /// An earlier coordinator submitted it already.
        var isKnown = false
    }

    /// - Parameter asked: what the command is about; nil: the nodes of the parts.
    func carry(
        _ stored: ClusterBucket.Stored<RunManifest>, _ parts: [Part], asked: [String]? = nil
    ) async throws -> RunReport {
        let manifest = stored.value
        let recentRuns = await cluster.recentRuns(before: manifest.run)
        var order = BackupOrder(
            configurations: manifest.configurations, plausibility: cluster.settings.plausibility,
            recentRuns: recentRuns)
        order.recovery = try await cluster.recoveryOrder()
        let jobs = parts.map { [order] part in
            FleetJob(
                request: cluster.request(
                    .backup(order), run: manifest.run, node: part.node, among: parts.count,
                    id: JobID.backup(manifest.run, node: part.node), attempt: part.attempt,
                    fence: lease?.fence ?? 0, protection: protection.order(for: part.node)),
                isKnown: part.isKnown)
        }
        let result = try await FleetJobs(
            cluster: cluster, lease: lease, runLimit: cluster.settings.limits.run
        ).carry(jobs)
        return try await shielded {
            try await RunConclusion(cluster: cluster)
                .conclude(
                    stored, endings: result.endings, asked: asked, isCancelled: result.isCancelled,
                    fence: lease?.fence)
        }
    }
}
