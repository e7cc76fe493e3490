// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Whether one node gets a job, by what its own agent said of it: never another node's trouble, and never the coordinator's end.
struct NodeFitness: Sendable, Equatable {
    let node: String
    /// A certificate, either side's.
    let unauthenticated: [WireError]
    /// What is wrong with its configurations, or its agent's version: of kinds that end a command with 2 where every node has some.
    let misconfigured: [WireError]
    /// A job is in the way.
    let busy: [WireError]
    /// Why it gets no job; empty: it gets one, and whatever else is wrong the job will say.
    let reasons: [WireError]

    var isFit: Bool { reasons.isEmpty }

    /// A silent agent is fit: a job waits for it as long as `limits.agentLost`. So is one with a configuration that can be used beside
    /// others that cannot: its job says what those lack.
    ///
    /// - Parameters:
    ///   - job: what it works at, where it told.
    ///   - continued: the run whose own job is in nobody's way.
    ///   - own: a job that is in nobody's way either.
    ///   - latest: what a run can be called by now, in seconds since 1970.
    init(
        _ outcome: NodeOutcome<NodeStatus>, job: JobSnapshot?, continuing continued: RunName?,
        own: String? = nil, latest: Int64
    ) {
        node = outcome.node
        let unusable: Set<FaultKind> = [.configuration, .unsupported]
        unauthenticated = outcome.faults.filter { $0.kind == .authentication }
        guard let status = outcome.report else {
            misconfigured = outcome.faults.filter { unusable.contains($0.kind) }
            busy = []
            reasons = unauthenticated + misconfigured
            return
        }
        let found = status.configurations.map { configuration in
            (configuration.faults.filter { unusable.contains($0.kind) }
                + [configuration.lead(over: latest)?.within(configuration: configuration.name)].compactMap(
                    \.self))
                .map {
                    $0.on(outcome.node).at(node: outcome.node, configuration: configuration.name)
                }
        }
        misconfigured = found.flatMap(\.self)
        let isUsable = found.isEmpty || found.contains(where: \.isEmpty)
        let isOwn =
            continued.map { status.runningJob == JobID.backup($0, node: outcome.node) } ?? false
            || own != nil && status.runningJob == own
        busy = isOwn ? [] : [Self.busy(status, job)].compactMap(\.self)
        reasons = (isUsable ? [] : misconfigured) + busy
    }

    private static func busy(_ status: NodeStatus, _ job: JobSnapshot?) -> WireError? {
        guard let id = status.runningJob else { return nil }
        let what = job.flatMap { job in
            job.id == id
                ? " (\(job.kind.text(of: job.run))), since \(LocalTime(job.startedAt).text)" : nil
        }
        return WireError(
            .busy, node: status.node, "busy: job '\(id)' is running\(what ?? "")", runningJob: id)
    }
}

extension [NodeFitness] {
    /// Why each node that gets no job gets none.
    var leftOut: [String: [WireError]] {
        reduce(into: [:]) { if !$1.isFit { $0[$1.node] = $1.reasons } }
    }
}
