// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import BlockingWork

/// `amfleet cancel`: ends whatever runs on any node.
public struct CancelCommand: Sendable {
    let cluster: Cluster
    let isLeased: Bool

    public init(_ cluster: Cluster, isLeased: Bool = true) {
        self.cluster = cluster
        self.isLeased = isLeased
    }

    public func run() async throws -> CancelReport {
        let nodes = try Selection(cluster.file).nodes
        let outcomes = try await onEveryNode(nodes, width: max(1, nodes.count)) { node in
            try await cancel(try cluster.agent(node))
        }
        let report = CancelReport(
            nodes: outcomes.map { outcome in
                CancelReport.Node(node: outcome.node, jobs: outcome.report ?? []).with(outcome.faults)
            })
        // Without the lease also what an earlier try has left, which could not write the verdict.
        guard !isLeased || report.nodes.contains(where: { !$0.jobs.isEmpty }) else { return report }
        return await withManifest(report)
    }

    /// Every job that runs there. A node runs one at a time; what an agent lists beyond that is not followed without end.
    private func cancel(_ agent: AgentClient) async throws -> [CancelReport.Job] {
        let running = try await agent.jobs().filter { !$0.state.isFinal }.prefix(Self.jobLimit)
        return try await onEvery(Array(running), width: Self.jobLimit) { job in
            let end = try await JobCancellation(agent: agent, bound: JobCancellation.bound)
                .cancel(job.id, attempt: job.attempt)
            return CancelReport.Job(
                id: job.id, run: job.run, kind: job.kind, state: end?.state ?? .cancelled)
        }
    }

    private static let jobLimit = 8

    /// Completes the manifest where no coordinator is there to do it; a living one does it itself.
    private func withManifest(_ report: CancelReport) async -> CancelReport {
        var report = report
        do {
            _ = try await cluster.clusterGuard(cluster.impatientBucket).check()
            try await cluster.holding(for: "cancel", isLeased: isLeased) { _ in
                let unfinished = UnfinishedRuns(cluster: cluster)
                if let stored = try await unfinished.newest(in: cluster.bucket) {
                    _ = try await unfinished.settle(stored, isCancelled: true)
                }
            }
        } catch CoordinatorError.leaseHeld(let lease) {
            report.remark = "\(lease.holder) (\(lease.purpose)) writes the verdict"
        } catch {
            let error = WireError(of: error)
            let isOfRun = report.nodes.contains { node in
                node.jobs.contains { $0.id == JobID.backup($0.run, node: node.node) }
            }
            report.remark =
                (isOfRun
                    ? "the manifest still says running"
                    : "whether a run is left that says running is unknown")
                + ": \(error.description)"
            // Of a restore or a plan nobody waits for a verdict.
            if isOfRun || !isLeased { report.verdictError = error }
        }
        return report
    }
}

/// What was cancelled where.
public struct CancelReport: Sendable, Encodable {
    public struct Job: Sendable, Encodable {
        public var id: String
        public var run: RunName
        public var kind: JobKind
        public var state: JobState
    }

    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        public var jobs: [Job]
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var nodes: [Node]
    public var remark: String?
    /// Why the verdict of the run that was cancelled is not written; nil: it is, or a coordinator that lives writes it.
    public var verdictError: WireError?

    public var ending: CommandEnding {
        let failures = nodes.compactMap(\.error)
        let ending = CommandEnding(completeNodes: nodes.count - failures.count, failures: failures)
        return ending == .complete && verdictError != nil ? .partial : ending
    }
}
