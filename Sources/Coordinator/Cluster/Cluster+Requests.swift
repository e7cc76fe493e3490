// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension Cluster {
    func request(
        _ order: JobOrder, run: RunName, node: String, among nodeCount: Int, id: String, attempt: Int = 1,
        fence: Int, protection: RunProtection? = nil
    ) -> JobRequest {
        var request = JobRequest(
            id: id, cluster: settings.cluster, node: node, run: run, fence: fence, attempt: attempt,
            coordinator: Self.holder, storage: settings.storage.address,
            storageOutageSeconds: Int(settings.limits.storageOutage.components.seconds), order: order)
        request.protection = protection
        let limits = settings.limits
        request.holdAfterSeconds = Int(limits.holdAfter.components.seconds)
        request.sendBytesPerSecond = ClusterSettings.Limits.share(
            of: limits.sendMiBPerSecond, among: nodeCount)
        request.receiveBytesPerSecond = ClusterSettings.Limits.share(
            of: limits.receiveMiBPerSecond, among: nodeCount)
        return request
    }

    /// For a backup's order; nil where the store does not say: a node then knows what its catalogs name.
    func recentRuns(before run: RunName) async -> [RunName]? {
        guard let names = try? await impatientBucket.runs() else { return nil }
        let earlier = names.filter { $0 < run }.reversed()
        let runs = try? await impatientBucket.existing(BackupOrder.recentRunLimit, of: earlier)
        return runs?.reversed()
    }
}

/// The name of a node's backup job, so that any coordinator finds it.
enum JobID {
    static func backup(_ run: RunName, node: String) -> String { "backup-\(run)-\(node)" }
}
