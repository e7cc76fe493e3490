// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import FoundationEssentials
import S3

/// `amfleet retry RUN`: only the nodes that are not complete, under the same run name. Where all of them have dumped and some
/// hold their dumps, these are sent, as `flush` does.
public struct RetryCommand: Sendable {
    let cluster: Cluster
    let isLeased: Bool

    public init(_ cluster: Cluster, isLeased: Bool = true) {
        self.cluster = cluster
        self.isLeased = isLeased
    }

    public func run(_ run: RunName) async throws -> RunReport {
        try await cluster.refuseForeignPrefix()
        let manifest = try await RunChoice(cluster).manifest(run).value
        let nodes = try await wanted(manifest)
        guard !nodes.isEmpty else { return try await sendHeld(manifest) }
        let preflight = try await Preflight.passed(
            cluster, nodes: nodes, configurations: manifest.configurations, continuing: run)
        return try await cluster.holding(for: "retry", run, isLeased: isLeased) { lease in
            try await begin(run, preflight, lease)
        }
    }

    /// Nodes of the run, and of the cluster, that are not complete; what is held needs no second dump, only a flush, and suspect data a
    /// look. A self-backup that would start no machine is made again: what it lacked may be mended, and the data stay as they are.
    private func wanted(_ manifest: RunManifest) async throws -> [String] {
        let known = cluster.settings.nodes.map(\.name)
        let unsound = try await unsoundSelfBackups(manifest)
        let complete = manifest.nodes.filter { $0.state.isDumped && !unsound.contains($0.node) }.map(\.node)
        let gone = manifest.nodes.map(\.node).filter { !known.contains($0) && !complete.contains($0) }
        guard gone.isEmpty else { throw CoordinatorError.nodesGone(gone, run: manifest.run) }
        return known.filter { !complete.contains($0) }
    }

    /// By their records; where one cannot be had nothing is made again.
    private func unsoundSelfBackups(_ manifest: RunManifest) async throws -> Set<String> {
        let known = Set(cluster.settings.nodes.map(\.name))
        let suspect = manifest.nodes.filter { $0.state == .suspect }.map(\.node).filter(known.contains)
        let outcomes = try await onEveryNode(suspect) { node in
            try await cluster.bucket.nodeRecord(manifest.run, node: node)?.configurations
                .contains { $0.role == .selfBackup && $0.isComplete && !$0.canStartNode } ?? false
        }
        return Set(outcomes.filter { $0.report == true }.map(\.node))
    }

    private func sendHeld(_ manifest: RunManifest) async throws -> RunReport {
        let holding = manifest.nodes.filter { $0.state == .held }.map(\.node)
        let known = cluster.settings.nodes.map(\.name).filter { holding.contains($0) }
        guard !known.isEmpty else { return try await RunReport(ended: manifest, cluster) }
        do {
            let options = RunOptions(nodes: known, isLeased: isLeased)
            let report = try await FlushCommand(cluster, options).run()
            for line in report.lines { cluster.console.say(line) }
        } catch CoordinatorError.nothingHeld {
            cluster.console.say("run \(manifest.run): no node holds a dump any more")
        }
        let settled = try await RunChoice(cluster).manifest(manifest.run).value
        return try await RunReport(ended: settled, cluster)
    }

    private func begin(_ run: RunName, _ preflight: Preflight, _ lease: RunLease?) async throws -> RunReport {
        // Read again: it may have changed until the lease was ours.
        let stored = try await RunChoice(cluster.bucket).manifest(run)
        let nodes = try await wanted(stored.value)
        let fit = try preflight.fitNodes()
        let parts = try await parts(stored.value, nodes.filter(fit.contains))
        let protection = try await cluster.protection()
        var revised = Self.revised(stored.value, parts, coordinator: Cluster.holder, fence: lease?.fence)
        revised.protectedSets = protection.sets
        for (node, reasons) in preflight.fitness.leftOut { revised.leaveOut(node, reasons) }
        revised = revised.bounded
        let key = cluster.bucket.layout.manifest(run)
        try await lease?.requireHeld()
        guard let reopened = try await cluster.bucket.change(stored, to: revised, key) else {
            throw CoordinatorError.manifestChanged(run)
        }
        cluster.console.say("run \(run) again: \(parts.map(\.node).joined(separator: ", "))")
        for error in preflight.leftOut { cluster.console.say("\(error.headline); the node is left out") }
        return try await RunCarrier(cluster: cluster, lease: lease, protection: protection).carry(
            reopened, parts, asked: nodes)
    }

    /// The attempt after the last one that the manifest or the agent knows; a job that still runs is re-joined.
    private func parts(_ manifest: RunManifest, _ nodes: [String]) async throws -> [RunCarrier.Part] {
        let outcomes = try await onEveryNode(nodes) { node in
            try await cluster.agent(node).job(JobID.backup(manifest.run, node: node))
        }
        return outcomes.map { outcome in
            let recorded = manifest.nodes.first { $0.node == outcome.node }?.attempt ?? 0
            guard let job = outcome.report.flatMap({ $0 }) else {
                return .init(node: outcome.node, attempt: recorded + 1)
            }
            guard job.state.isFinal else {
                return .init(
                    node: outcome.node, attempt: JobClaim.attempt(job.attempt, after: recorded), isKnown: true
                )
            }
            return .init(node: outcome.node, attempt: JobClaim.attempt(job.attempt, after: recorded) + 1)
        }
    }

    /// - Parameter fence: of our lease; nil: there is none, and none must tell that its coordinator is gone.
    static func revised(
        _ manifest: RunManifest, _ parts: [RunCarrier.Part], coordinator: String, fence: Int?
    ) -> RunManifest {
        var manifest = manifest
        manifest.revision += 1
        manifest.verdict = .running
        manifest.finishedAt = nil
        manifest.coordinator = coordinator
        manifest.fence = fence ?? 0
        for part in parts {
            let verdict = NodeVerdict(
                node: part.node, state: .running, jobID: JobID.backup(manifest.run, node: part.node),
                attempt: part.attempt)
            if let index = manifest.nodes.firstIndex(where: { $0.node == part.node }) {
                manifest.nodes[index] = verdict
            } else {
                manifest.nodes.append(verdict)
            }
        }
        return manifest
    }
}

extension RunManifest {
    /// A node that gets no job keeps what it has: its verdict where every disk is dumped, such as one whose self-backup was to be made
    /// again, else what an earlier attempt has stored and dumped, with the reason of today.
    mutating func leaveOut(_ node: String, _ reasons: [WireError]) {
        guard let index = nodes.firstIndex(where: { $0.node == node }) else {
            return nodes.append(.leftOut(node, of: run, attempt: 1, reasons))
        }
        let known = nodes[index]
        guard !known.state.isDumped else { return }
        var verdict = NodeVerdict.leftOut(node, of: run, attempt: max(1, known.attempt), reasons)
        (verdict.dumpedBytes, verdict.storedBytes) = (known.dumpedBytes, known.storedBytes)
        (verdict.volumes, verdict.finishedAt) = (known.volumes, known.finishedAt)
        nodes[index] = verdict
    }
}
