// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Logging

/// Runs whose coordinator died before it wrote the final manifest.
struct UnfinishedRuns: Sendable {
    /// How many of the newest runs are looked at.
    static let depth = 10

    let cluster: Cluster

    /// The newest run whose manifest says `running`, or, however old, the one that the lease was last taken for.
    func newest(in bucket: ClusterBucket) async throws -> ClusterBucket.Stored<RunManifest>? {
        let newest = try await bucket.newestManifests(Self.depth)
        if let running = newest.first(where: { $0.value.verdict == .running }) { return running }
        guard let run = try await bucket.read(Lease.self, bucket.layout.lease)?.value.run,
            let stored = try await bucket.manifest(run), stored.value.verdict == .running
        else { return nil }
        return stored
    }

    /// Completes the manifests of runs that no agent works on any more. One that a node still works on, or may work on, stays as it is,
    /// and is in nobody's way: it is told of. Call it with the lease held.
    ///
    /// - Parameter statuses: what nodes have said just now; the other nodes of such a run are asked.
    /// - Throws: where the store does not answer at all, and `CancellationError`; what cannot be judged is said.
    func settle(_ statuses: [NodeOutcome<NodeStatus>]) async throws {
        for stored in try await cluster.bucket.newestManifests(Self.depth).reversed() {
            do {
                try await settle(stored, statuses)
            } catch {
                try Task.checkCancellation()
                // An old run whose manifest the store does not take is no reason for a night without a backup.
                cluster.console.say(
                    "run \(stored.value.run) \(stored.value.unfinishedText) and cannot be judged: \(WireError(of: error).headline)"
                )
            }
        }
    }

    /// The same for one run, if its manifest says `running`.
    func settle(
        _ stored: ClusterBucket.Stored<RunManifest>, _ statuses: [NodeOutcome<NodeStatus>]
    ) async throws {
        guard stored.value.verdict == .running else { return }
        let run = stored.value.run
        let work = try await RunAtWork(stored.value, statuses, cluster)
        if let reason = work.reason(toLeave: stored.value, at: cluster.storeTime()) {
            cluster.console.say("run \(run) \(stored.value.unfinishedText) and is left as it is: \(reason)")
            return
        }
        cluster.logger.info("a run without a coordinator is judged", metadata: ["run": "\(run)"])
        let report = try await settle(stored)
        cluster.console.say(
            "run \(run) \(stored.value.isLeased ? "had lost its coordinator" : "was not finished"): "
                + "it is \(report.manifest.verdict.rawValue)")
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
        let newest = try await cluster.bucket.newestManifests(Self.depth)
        for stored in newest { try await judgeHeld(stored) }
        for run in Set(runs).subtracting(newest.map(\.value.run)).sorted() {
            guard let stored = try await cluster.bucket.manifest(run) else { continue }
            try await judgeHeld(stored)
        }
    }

    /// One run's, if a node of it holds any.
    func judgeHeld(_ stored: ClusterBucket.Stored<RunManifest>) async throws {
        let run = stored.value.run
        guard stored.value.verdict != .running else { return }
        let held = stored.value.nodes.filter { $0.state == .held }
        // Side by side: after an outage each node of each of these runs holds some.
        let areSent = try await onEvery(held, width: 16) { verdict in
            try await sound(run, of: verdict.node)?.heldDumps.isEmpty == true
        }
        let sent = zip(held, areSent).filter(\.1).map { verdict, _ in
            NodeEnding(node: verdict.node, attempt: verdict.attempt)
        }
        guard !sent.isEmpty else { return }
        let report = try await RunConclusion(cluster: cluster).conclude(stored, endings: sent)
        cluster.console.say(
            "run \(run), of which dumps were held, is \(report.manifest.verdict.rawValue) now")
    }

    /// What cannot be read, or is another's, ends nobody else's run.
    private func sound(_ run: RunName, of node: String) async throws -> NodeRecord? {
        do {
            return try await cluster.bucket.nodeRecord(run, node: node)
        } catch is ForeignRecord {
            return nil
        } catch is WireJSONError {
            return nil
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

extension RunManifest {
    fileprivate var unfinishedText: String {
        isLeased
            ? "has lost its coordinator" : "is not finished (no lease tells whether its coordinator lives)"
    }
}
