// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport
import LogOutput
import Logging

/// One node's job, and whether an earlier coordinator submitted it already.
struct FleetJob: Sendable {
    let request: JobRequest
    var isKnown = false
}

/// Runs a job on each of several nodes, shows them, and ends them everywhere when the caller is cancelled.
struct FleetJobs: Sendable {
    /// How long cancelled jobs are waited for.
    static let cancelBound: Duration = .seconds(30)

    let cluster: Cluster
    let lease: RunLease?

    struct Result: Sendable {
        /// In the order of the jobs.
        var endings: [NodeEnding]
        /// The operator ended it; what was running has been cancelled.
        var isCancelled: Bool
    }

    /// Follows every job to its end. Does not throw when cancelled: what the jobs became is still to be written down.
    func carry(_ jobs: [FleetJob]) async throws -> Result {
        do {
            return Result(endings: try await follow(jobs), isCancelled: false)
        } catch is CancellationError {
            return Result(endings: try await shielded { try await cancel(jobs) }, isCancelled: true)
        }
    }

    private func follow(_ jobs: [FleetJob]) async throws -> [NodeEnding] {
        let nodes = jobs.map(\.request.node)
        let board = ProgressBoard(nodes: nodes)
        let byNode = Dictionary(jobs.map { ($0.request.node, $0) }) { first, _ in first }
        let lease = lease
        // The rest of the connections is for questions, new jobs and the store.
        let turns = StreamTurns(limit: cluster.transport.concurrency * 3 / 4)
        return try await ProgressPrinter(board: board, console: cluster.console).whileRunning {
            try await withCompanion({ await keep(lease, board) }) {
                let outcomes = try await onEveryNode(nodes, width: max(1, nodes.count)) {
                    node -> NodeEnding? in
                    guard let job = byNode[node] else { return nil }
                    let follower = JobFollower(
                        agent: try cluster.agent(node), patience: cluster.settings.limits.agentLost,
                        board: board,
                        mayStart: { lease?.isHeld ?? true },
                        turns: turns,
                        logger: cluster.logger.with([
                            "node": "\(node)", "job": "\(job.request.id)", "run": "\(job.request.run)",
                        ]))
                    return try await follower.follow(job.request, isKnown: job.isKnown)
                }
                return outcomes.compactMap { outcome in
                    outcome.report.flatMap { $0 }
                        ?? NodeEnding(node: outcome.node, attempt: 1).with(outcome.faults)
                }
            }
        }
    }

    private func keep(_ lease: RunLease?, _ board: ProgressBoard) async {
        await lease?.keep { holder in
            await board.note(
                "lost the cluster's lease to \(holder): running jobs go on, nothing new is started")
        }
    }

    /// Cancels what runs on every node, and waits, within a bound, until it has ended.
    private func cancel(_ jobs: [FleetJob]) async throws -> [NodeEnding] {
        cluster.console.say("cancelling on \(Quantity.count(jobs.count, "node")) …")
        let nodes = jobs.map(\.request.node)
        let byNode = Dictionary(jobs.map { ($0.request.node, $0.request) }) { first, _ in first }
        let outcomes = try await onEveryNode(nodes) { node -> NodeEnding? in
            guard let request = byNode[node] else { return nil }
            let snapshot = try await JobCancellation(agent: try cluster.agent(node), bound: Self.cancelBound)
                .cancel(request.id)
            let ending = NodeEnding(
                node: node, attempt: snapshot?.attempt ?? request.attempt, snapshot: snapshot, wasHeard: true)
            return snapshot?.state == .succeeded
                ? ending : ending.with([WireError(.cancelled, node: node, "cancelled")])
        }
        return outcomes.compactMap { outcome in
            outcome.report.flatMap { $0 }
                ?? NodeEnding(
                    node: outcome.node, attempt: 1, snapshot: nil,
                    error: WireError(
                        .cancelled, node: outcome.node,
                        "asked to cancel, but whether it did is unknown: \(outcome.error?.message ?? "no answer")",
                        hint: "'amfleet status' shows what the node does."))
        }
    }
}

/// Ends one job and sees it ended.
struct JobCancellation: Sendable {
    let agent: AgentClient
    let bound: Duration

    /// - Returns: the job's final state, nil for a job that the agent does not know.
    /// - Throws: `WireError` when it has not ended within the bound.
    func cancel(_ id: String) async throws -> JobSnapshot? {
        let deadline = MonotonicTime.now + bound
        try await agent.cancel(id)
        while MonotonicTime.now < deadline {
            guard let snapshot = try await agent.job(id) else { return nil }
            if snapshot.state.isFinal { return snapshot }
            try await Task.sleep(for: .milliseconds(250))
        }
        throw WireError(
            .failed, node: agent.node,
            "job '\(id)' still runs \(bound.components.seconds) s after it was cancelled")
    }
}
