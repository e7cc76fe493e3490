// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport
import LogOutput
import Logging
import Synchronization

/// One node's job, and whether an earlier coordinator submitted it already.
struct FleetJob: Sendable {
    let request: JobRequest
    var isKnown = false
    /// What the job waits for besides: sent after each attempt's request, and held in memory alone.
    var secrets: SecretsOrder?
}

/// Runs a job on each of several nodes, shows them, and ends them everywhere when the caller is cancelled.
struct FleetJobs: Sendable {
    let cluster: Cluster
    let lease: RunLease?
    /// How long all of it may take (`limits.run`); nil: as long as it takes.
    var runLimit: Duration?

    struct Result: Sendable {
        /// In the order of the jobs.
        var endings: [NodeEnding]
        /// The operator ended it; what was running has been cancelled.
        var isCancelled: Bool
    }

    /// Follows every job to its end. Does not throw when cancelled: what the jobs became is still to be written down.
    func carry(_ jobs: [FleetJob]) async throws -> Result {
        let asked = AskedAttempts(jobs.map(\.request))
        do {
            return Result(endings: try await follow(jobs, asked), isCancelled: false)
        } catch is CancellationError {
            return Result(endings: try await shielded { try await cancel(jobs, asked) }, isCancelled: true)
        }
    }

    private func follow(_ jobs: [FleetJob], _ asked: AskedAttempts) async throws -> [NodeEnding] {
        let nodes = jobs.map(\.request.node)
        let board = ProgressBoard(nodes: nodes)
        let byNode = Dictionary(jobs.map { ($0.request.node, $0) }) { first, _ in first }
        let lease = lease
        // The rest of the connections is for questions, new jobs and the store.
        let turns = StreamTurns(limit: cluster.transport.concurrency * 3 / 4)
        let limits = cluster.settings.limits
        let runEndsAt = runLimit.map { MonotonicTime.now + $0 }
        return try await ProgressPrinter(board: board, console: cluster.console).whileRunning {
            try await withCompanion({ await tellLoss(lease, board) }) {
                let outcomes = try await onEveryNode(nodes, width: max(1, nodes.count)) {
                    node -> NodeEnding? in
                    guard let job = byNode[node] else { return nil }
                    let follower = JobFollower(
                        agent: try cluster.agent(node), limits: limits, runEndsAt: runEndsAt, board: board,
                        turns: turns, asked: asked, mayStart: { await lease?.mayStart() ?? .yes },
                        isLost: { lease?.lostTo != nil }, fence: lease?.fence,
                        logger: cluster.logger.with([
                            "node": "\(node)", "job": "\(job.request.id)", "run": "\(job.request.run)",
                        ]))
                    return try await follower.follow(
                        job.request, isKnown: job.isKnown, secrets: job.secrets)
                }
                return outcomes.compactMap { outcome in
                    outcome.report.flatMap { $0 }
                        ?? NodeEnding(node: outcome.node, attempt: 1).with(outcome.faults)
                }
            }
        }
    }

    private func tellLoss(_ lease: RunLease?, _ board: ProgressBoard) async {
        guard let holder = await lease?.untilLost() else { return }
        await board.note("lost the cluster's lease to \(holder): running jobs go on, nothing new is started")
    }

    /// Cancels what runs on every node, and waits, within a bound, until it has ended. Whoever has taken the lease over has taken
    /// the jobs over, too.
    private func cancel(_ jobs: [FleetJob], _ asked: AskedAttempts) async throws -> [NodeEnding] {
        if let lease, let holder = await lease.confirmedLoss() {
            cluster.console.say("the cluster is held by \(holder) now: the jobs go on, nothing is cancelled")
            return jobs.map { job in
                NodeEnding(node: job.request.node, attempt: asked[job.request.node]).with([
                    WireError(
                        .busy, node: job.request.node,
                        "not cancelled: \(holder) has taken the cluster over, and this job with it",
                        hint: "'amfleet cancel' ends whatever runs.")
                ])
            }
        }
        cluster.console.say("cancelling on \(Quantity.count(jobs.count, "node")) …")
        let nodes = jobs.map(\.request.node)
        let byNode = Dictionary(jobs.map { ($0.request.node, $0.request) }) { first, _ in first }
        let outcomes = try await onEveryNode(nodes, width: max(1, nodes.count)) { node -> NodeEnding? in
            guard let request = byNode[node] else { return nil }
            let snapshot = try await JobCancellation(
                agent: try cluster.agent(node), bound: JobCancellation.bound, fence: lease?.fence
            ).cancel(request.id, attempt: asked[node])
            let ending = NodeEnding(
                node: node, attempt: max(asked[node], snapshot?.attempt ?? 0), snapshot: snapshot,
                wasHeard: true)
            return snapshot?.state == .succeeded
                ? ending : ending.with([WireError(.cancelled, node: node, "cancelled")])
        }
        return outcomes.compactMap { outcome in
            outcome.report.flatMap { $0 } ?? notEnded(outcome.node, outcome.error, asked[outcome.node])
        }
    }

    /// Named at once and in the verdict: whoever cancelled must know where something may still run.
    private func notEnded(_ node: String, _ error: WireError?, _ attempt: Int) -> NodeEnding {
        let error = WireError(
            .cancelled, node: node,
            "asked to cancel, but whether it did is unknown: \(error?.message ?? "no answer")",
            hint: error?.hint ?? "'amfleet status' shows what the node does.")
        cluster.console.say(error.description)
        return NodeEnding(node: node, attempt: attempt).with([error])
    }
}

/// The newest attempt that each node was asked for: what was cancelled is known by it also where no answer came.
final class AskedAttempts: Sendable {
    private let newest: Mutex<[String: Int]>

    init(_ requests: [JobRequest]) {
        newest = Mutex(Dictionary(requests.map { ($0.node, $0.attempt) }) { first, _ in first })
    }

    subscript(node: String) -> Int { newest.withLock { $0[node] ?? 1 } }

    func asked(_ node: String, _ attempt: Int) {
        newest.withLock { $0[node] = attempt }
    }
}
