// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Logging

/// Runs whose coordinator died before it wrote the final manifest.
struct UnfinishedRuns: Sendable {
    /// How many of the newest runs are looked at.
    static let depth = 10

    let cluster: Cluster

    /// The newest run whose manifest says `running`.
    func newest(in bucket: ClusterBucket) async throws -> ClusterBucket.Stored<RunManifest>? {
        for run in try await bucket.runs().suffix(Self.depth).reversed() {
            if let stored = try await bucket.manifest(run), stored.value.verdict == .running {
                return stored
            }
        }
        return nil
    }

    /// Completes the manifests of runs that no agent works on any more. Call it with the lease held.
    ///
    /// - Throws: `CoordinatorError.runGoesOn` when one of them still runs.
    func settle(_ statuses: [NodeOutcome<NodeStatus>]) async throws {
        let running = Dictionary(
            statuses.compactMap { outcome in outcome.report?.runningJob.map { (outcome.node, $0) } }
        ) { first, _ in first }
        for run in try await cluster.bucket.runs().suffix(Self.depth) {
            guard let stored = try await cluster.bucket.manifest(run), stored.value.verdict == .running else {
                continue
            }
            let busy = stored.value.nodes.filter { running[$0.node] == $0.jobID }.map(\.node)
            guard busy.isEmpty else { throw CoordinatorError.runGoesOn(run, nodes: busy) }
            cluster.logger.info("a run without a coordinator is judged", metadata: ["run": "\(run)"])
            let report = try await settle(stored)
            cluster.console.say(
                "run \(run) had lost its coordinator: it is \(report.manifest.verdict.rawValue)")
        }
    }

    /// Judges runs with held dumps anew: a later run may have sent them, and then their nodes' records say so. What the bucket
    /// does not prove stays held, also in a cancelled task. Call it with the lease held.
    ///
    /// - Parameter runs: of dumps that nodes held before, however old: these are looked at beside the newest.
    func settleHeld(_ runs: [RunName] = []) async {
        do {
            try await shielded { try await judgeHeld(runs) }
        } catch {
            cluster.console.say("runs with held dumps could not be judged anew: \(error)")
        }
    }

    private func judgeHeld(_ runs: [RunName]) async throws {
        let newest = try await cluster.bucket.runs().suffix(Self.depth)
        for run in Set(newest + runs).sorted() {
            guard let stored = try await cluster.bucket.manifest(run), stored.value.verdict != .running else {
                continue
            }
            var sent: [NodeEnding] = []
            for verdict in stored.value.nodes where verdict.state == .held {
                let record = try await cluster.bucket.nodeRecord(run, node: verdict.node)
                guard let record, record.heldDumps.isEmpty else { continue }
                sent.append(NodeEnding(node: verdict.node, attempt: verdict.attempt))
            }
            guard !sent.isEmpty else { continue }
            let report = try await RunConclusion(cluster: cluster).conclude(stored, endings: sent)
            cluster.console.say(
                "run \(run), of which dumps were held, is \(report.manifest.verdict.rawValue) now")
        }
    }

    /// Judges by the evidence alone.
    func settle(
        _ stored: ClusterBucket.Stored<RunManifest>, isCancelled: Bool = false
    ) async throws -> RunReport {
        let endings = stored.value.nodes.filter { $0.state == .running }.map { verdict in
            NodeEnding(node: verdict.node, attempt: verdict.attempt).with([
                isCancelled
                    ? WireError(.cancelled, node: verdict.node, "cancelled")
                    : WireError(
                        .interrupted, node: verdict.node, "its coordinator was lost before the node was done")
            ])
        }
        return try await RunConclusion(cluster: cluster).conclude(
            stored, endings: endings, isCancelled: isCancelled)
    }
}
