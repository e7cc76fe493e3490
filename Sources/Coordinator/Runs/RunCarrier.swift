// SPDX-License-Identifier: Apache-2.0

internal import AgentAPI
internal import FoundationEssentials

/// Carries a run whose manifest says `running` to its end, and writes the manifest that says how it ended.
struct RunCarrier: Sendable {
    let cluster: Cluster
    let lease: RunLease?

    /// One node of the run that still has to be brought to an end.
    struct Part: Sendable {
        let node: String
        let attempt: Int
        /// An earlier coordinator submitted it already.
        var isKnown = false
    }

    func carry(_ stored: ClusterBucket.Stored<RunManifest>, _ parts: [Part]) async throws -> RunReport {
        let manifest = stored.value
        let jobs = parts.map { part in
            FleetJob(
                request: cluster.request(
                    .backup(BackupOrder(configurations: manifest.configurations)), run: manifest.run,
                    node: part.node, among: parts.count,
                    id: BackupJob.id(manifest.run, node: part.node), attempt: part.attempt,
                    fence: lease?.fence ?? 0),
                isKnown: part.isKnown)
        }
        let result = try await FleetJobs(cluster: cluster, lease: lease).carry(jobs)
        return try await shielded {
            try await RunConclusion(cluster: cluster)
                .conclude(
                    stored, endings: result.endings, isCancelled: result.isCancelled, fence: lease?.fence)
        }
    }
}

/// The name of a node's backup job, so that any coordinator finds it.
enum BackupJob {
    static func id(_ run: RunName, node: String) -> String { "backup-\(run)-\(node)" }
}

extension Cluster {
    func request(
        _ order: JobOrder, run: RunName, node: String, among nodeCount: Int, id: String, attempt: Int = 1,
        fence: Int
    ) -> JobRequest {
        var request = JobRequest(
            id: id, cluster: settings.cluster, node: node, run: run, fence: fence, attempt: attempt,
            coordinator: Self.holder, storage: settings.storage.address,
            storageOutageSeconds: Int(settings.limits.storageOutage.components.seconds), order: order)
        let limits = settings.limits
        request.holdAfterSeconds = Int(limits.holdAfter.components.seconds)
        request.sendBytesPerSecond = ClusterSettings.Limits.share(
            of: limits.sendMiBPerSecond, among: nodeCount)
        request.receiveBytesPerSecond = ClusterSettings.Limits.share(
            of: limits.receiveMiBPerSecond, among: nodeCount)
        return request
    }
}
