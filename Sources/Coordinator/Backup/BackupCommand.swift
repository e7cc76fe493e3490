// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Faults
import FoundationEssentials
import S3

/// `amfleet backup`: every node, straight to S3, one verdict.
public struct BackupCommand: Sendable {
    let cluster: Cluster
    let options: RunOptions

    /// How many names in a row others may have taken: a run takes one, and whoever takes more is no coordinator.
    private static let nameLimit = 20

    public init(_ cluster: Cluster, _ options: RunOptions) {
        self.cluster = cluster
        self.options = options
    }

    /// - Throws: why it could not begin. A node that fails is in the report.
    public func run() async throws -> RunReport {
        let selection = try options.selection(of: cluster)
        let preflight = try await checked(selection)
        let run = try await preflight.newRun(of: cluster)
        return try await cluster.holding(for: "backup", run, isLeased: options.isLeased) { lease in
            try await begin(run, selection, preflight, lease)
        }
    }

    /// What a backup would do on every node; nothing is written anywhere.
    public func plan() async throws -> PlanReport {
        let selection = try options.selection(of: cluster)
        let preflight = try await checked(selection)
        let run = try await preflight.newRun(of: cluster)
        let nodes = try preflight.fitNodes()
        let protection = try await cluster.protection(cluster.impatientBucket)
        let recentRuns = await cluster.recentRuns(before: run)
        // The next plan may have the same run's name, and must not be answered with this one's result.
        let number = String(UInt32.random(in: UInt32.min...UInt32.max), radix: 16)
        var order = BackupOrder(
            configurations: selection.configurations, dryRun: true,
            plausibility: cluster.settings.plausibility, recentRuns: recentRuns)
        order.recovery = try await cluster.recoveryOrder()
        let jobs = nodes.map { [order] node in
            FleetJob(
                request: cluster.request(
                    .backup(order), run: run, node: node,
                    among: nodes.count,
                    id: "plan-\(run)-\(number)-\(node)", fence: 0, protection: protection.order(for: node)))
        }
        let result = try await FleetJobs(cluster: cluster, lease: nil).carry(jobs)
        return PlanReport(
            run: run, protection, result, preflight.fitness, asked: selection.configurations.map(\.name))
    }

    private func checked(_ selection: Selection) async throws -> Preflight {
        try await Preflight.passed(
            cluster, nodes: selection.nodes, configurations: selection.configurations)
    }

    private func begin(
        _ run: RunName, _ selection: Selection, _ preflight: Preflight, _ lease: RunLease?
    ) async throws -> RunReport {
        let nodes = try preflight.fitNodes()
        try await cluster.clusterGuard().claim()
        try await DueRenewals(cluster: cluster).renew(preflight.statuses)
        try await UnfinishedRuns(cluster: cluster).settle(preflight.statuses)
        let protection = try await cluster.protection()
        for remark in protection.remarks { cluster.console.say(remark) }
        let remarks = try await cluster.sealCoordinator(run: run)
        for remark in remarks { cluster.console.say(remark.description) }
        try await lease?.requireHeld()
        let stored = try await open(run, selection, preflight.fitness, protection, remarks, lease)
        cluster.console.say(
            "run \(stored.value.run): \(Quantity.count(nodes.count, "node")), "
                + selection.configurations.map(\.name).joined(separator: ", "))
        for error in preflight.leftOut { cluster.console.say("\(error.headline); the node is left out") }
        let report = try await RunCarrier(cluster: cluster, lease: lease, protection: protection)
            .carry(stored, nodes.map { .init(node: $0, attempt: 1) }, asked: selection.nodes)
        await UnfinishedRuns(cluster: cluster).settleHeld(preflight.heldRuns)
        if let lease, report.manifest.verdict != .cancelled {
            await RunUpkeep(cluster, lease).tidy(
                before: stored.value.run, keeping: protection.runs.map(\.run))
        }
        return report
    }

    /// Creates the manifest that says `running`. A name that somebody took meanwhile moves on by a second.
    ///
    /// - Throws: `CoordinatorError.runNamesTaken` where each one tried was; `.noConditionalWrites` where the store only said so.
    private func open(
        _ wanted: RunName, _ selection: Selection, _ fitness: [NodeFitness],
        _ protection: ClusterProtection, _ remarks: [Remark], _ lease: RunLease?
    ) async throws -> ClusterBucket.Stored<RunManifest> {
        var run = wanted
        var isAnyThere = false
        for _ in 0..<Self.nameLimit {
            var manifest = RunOpening.manifest(
                run, selection, leftOut: fitness.leftOut, cluster: cluster.settings,
                coordinator: Cluster.holder, fence: lease?.fence ?? 0, now: Date())
            manifest.protectedSets = protection.sets
            manifest.flags = options.flags
            manifest.remarks = remarks.isEmpty ? nil : remarks
            manifest = manifest.bounded
            let key = cluster.bucket.layout.manifest(run)
            if let stored = try await cluster.bucket.create(manifest, key) { return stored }
            let found = try await cluster.bucket.manifest(run)
            if let found, found.value == manifest { return found }
            isAnyThere = isAnyThere || found != nil
            run = try RunNaming.name(at: LocalTime(Date()), newerThan: [run])
        }
        guard isAnyThere else {
            throw CoordinatorError.noConditionalWrites(store: cluster.storeName, .unmet)
        }
        throw CoordinatorError.runNamesTaken(count: Self.nameLimit, from: wanted)
    }
}

/// The first manifest of a run.
enum RunOpening {
    /// Nodes that were not asked stand in it as missing, and those that get no job as failed, with the reason: a set without them is
    /// not complete, and `retry` adds them.
    static func manifest(
        _ run: RunName, _ selection: Selection, leftOut: [String: [WireError]] = [:],
        cluster: ClusterSettings, coordinator: String, fence: Int, now: Date
    ) -> RunManifest {
        RunManifest(
            cluster: cluster.cluster, run: run, fence: fence, coordinator: coordinator,
            startedAt: now.wholeSecond,
            configurations: selection.configurations,
            nodes: cluster.nodes.map { node in
                let id = JobID.backup(run, node: node.name)
                guard selection.nodes.contains(node.name) else {
                    return NodeVerdict(
                        node: node.name, state: .missing, jobID: id, attempt: 0,
                        error: WireError(.failed, node: node.name, "left out with --node"))
                }
                guard let reasons = leftOut[node.name] else {
                    return NodeVerdict(node: node.name, state: .running, jobID: id)
                }
                return .leftOut(node.name, of: run, attempt: 1, reasons)
            })
    }
}

extension NodeVerdict {
    /// Of a node that got no job.
    static func leftOut(
        _ node: String, of run: RunName, attempt: Int, _ reasons: [WireError]
    ) -> NodeVerdict {
        let later = "'amfleet retry \(run)' adds the node once that has ended."
        return NodeVerdict(
            node: node, state: .failed, jobID: JobID.backup(run, node: node), attempt: attempt
        ).with(
            reasons.map { reason in
                var reason = reason
                if reason.kind == .busy { reason.hint = reason.hint ?? later }
                return reason
            })
    }
}
