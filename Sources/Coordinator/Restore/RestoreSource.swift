// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// The run that a restore takes, and which nodes can have it.
struct RestoreSource: Sendable {
    let run: RunName
    /// What the run holds of what was asked, in backup order.
    let configurations: [ConfigurationChoice]
    /// Nodes whose data is proved and still there.
    private(set) var nodes: [String]
    /// Why the others get nothing.
    private(set) var left: [WireError]
    /// Of these what could not be looked at: it may be there all the same.
    var unknown: [WireError] = []
    /// Of those nodes, where the run has records.
    var recoveryPoints: [NodeRecoveryPoints] = []
    /// What of it is not believed to hold its disk.
    var suspects: [WireError] = []
    /// The disks that it has of a node; nil of a node whose own catalog alone knows.
    var disks: [String: Set<String>] = [:]
    /// Those of them that the run itself dumped: a restore that is done has brought back each.
    var dumped: [String: Set<String>] = [:]

    /// - Parameter run: nil: the newest complete one that can still be had on every node that was asked.
    static func choose(_ cluster: Cluster, run: RunName?, selection: Selection) async throws -> RestoreSource
    {
        let volumes = cluster.volumeJudge()
        if let run {
            guard let manifest = try await cluster.impatientBucket.manifest(run)?.value else {
                let line = try await HistoryReader(bucket: cluster.impatientBucket).line(of: run)
                return line.map { overwritten($0, selection) } ?? ofCatalogs(run, selection)
            }
            guard manifest.verdict != .running else { throw CoordinatorError.runRunning(run) }
            return try await source(manifest, cluster, selection, volumes)
        }
        return try await newest(cluster, selection, volumes)
    }

    /// The same without the nodes that get no job.
    func without(_ fitness: [NodeFitness]) -> RestoreSource {
        var source = self
        let leftOut = fitness.leftOut
        source.nodes.removeAll { leftOut[$0] != nil }
        source.left += fitness.flatMap(\.reasons)
        return source
    }

    /// A run without a manifest may be stock Amanda's: each node looks for it in its own catalog, and says so if it
    /// has none.
    private static func ofCatalogs(_ run: RunName, _ selection: Selection) -> RestoreSource {
        RestoreSource(run: run, configurations: selection.configurations, nodes: selection.nodes, left: [])
    }

    /// No node gets anything of a run of which the history alone knows.
    private static func overwritten(_ line: HistoryLine, _ selection: Selection) -> RestoreSource {
        RestoreSource(
            run: line.run, configurations: selection.configurations, nodes: [],
            left: selection.nodes.map { node in
                WireError(
                    .damaged, node: node,
                    "run \(line.run) was overwritten: every volume of it bears another run",
                    hint: "'amfleet show \(line.run)' says what is known of it.")
            })
    }

    /// Newest first. A run that later ones are recorded to have overwritten costs its manifest and the label that proves it; another costs
    /// a record and its labels for one node, and where that has it for every other.
    private static func newest(
        _ cluster: Cluster, _ selection: Selection, _ volumes: VolumeJudge
    ) async throws -> RestoreSource {
        let runs = try await cluster.impatientBucket.runs()
        guard !runs.isEmpty else { throw CoordinatorError.noRuns }
        // Of the newest complete run, which the operator meant.
        var reason: String?
        var suspect: RunName?
        var (claims, passed) = (VolumeClaims(), PassedRuns())
        for run in runs.reversed() {
            guard let manifest = try await cluster.impatientBucket.manifest(run)?.value else { continue }
            claims.add(manifest)
            if manifest.verdict == .suspect { suspect = suspect ?? run }
            guard manifest.verdict == .complete else { continue }
            let source = try await newestSource(manifest, claims, cluster, selection, volumes)
            if source.left.isEmpty {
                passed.tellRest(cluster.console)
                if let suspect {
                    cluster.console.say("run \(suspect) is newer and suspect: it is taken only with --run")
                }
                return source
            }
            if let unknown = source.unknown.first {
                throw CoordinatorError.unknownSet(source.run, reason: unknown.headline)
            }
            guard let first = source.left.first else { continue }
            passed.tell(run, first, cluster.console)
            reason =
                reason
                ?? "no complete run can be restored: \(run) on \(first.node ?? "?"): \(first.message)"
        }
        passed.tellRest(cluster.console)
        let besides = suspect.map { "; run \($0) is suspect, and is taken only with --run" } ?? ""
        throw CoordinatorError.noRestorableRun(
            reason: (reason ?? "no run in the bucket is complete") + besides)
    }

    /// What of the run is lost, by the first label or the first node that says so; or all of it, looked at.
    private static func newestSource(
        _ manifest: RunManifest, _ claims: VolumeClaims, _ cluster: Cluster, _ selection: Selection,
        _ volumes: VolumeJudge
    ) async throws -> RestoreSource {
        let verdicts = manifest.nodes.filter { selection.nodes.contains($0.node) }
        for verdict in verdicts where verdict.state.isStored {
            guard let loss = claims.loss(of: verdict, in: manifest.run),
                await volumes.bears(loss.volume, loss.run) == false
            else { continue }
            let left = WireError(
                .damaged, node: verdict.node, "run \(manifest.run) was overwritten: \(loss.text)")
            return RestoreSource(
                run: manifest.run, configurations: selection.configurations, nodes: [], left: [left])
        }
        var first = selection
        first.nodes = Array(selection.nodes.prefix(1))
        let sample = try await source(manifest, cluster, first, volumes)
        guard sample.left.isEmpty, selection.nodes.count > 1 else { return sample }
        var others = selection
        others.nodes = Array(selection.nodes.dropFirst())
        return try await sample.joined(source(manifest, cluster, others, volumes))
    }

    /// Of one run, of more nodes.
    private func joined(_ other: RestoreSource) -> RestoreSource {
        RestoreSource(
            run: run, configurations: configurations, nodes: nodes + other.nodes, left: left + other.left,
            unknown: unknown + other.unknown, recoveryPoints: recoveryPoints + other.recoveryPoints,
            suspects: suspects + other.suspects, disks: disks.merging(other.disks) { mine, _ in mine },
            dumped: dumped.merging(other.dumped) { mine, _ in mine })
    }

    private static func source(
        _ manifest: RunManifest, _ cluster: Cluster, _ selection: Selection, _ volumes: VolumeJudge
    ) async throws -> RestoreSource {
        let configurations = manifest.configurations.filter(selection.configurations.contains)
        guard !configurations.isEmpty else {
            throw CoordinatorError.noRestorableRun(
                reason:
                    "run \(manifest.run) holds none of \(selection.configurations.map(\.name).joined(separator: ", "))"
            )
        }
        let outcomes = try await onEveryNode(selection.nodes) { node in
            try await prove(node, of: manifest, configurations, cluster, volumes)
        }
        let unknown = outcomes.compactMap { $0.report?.unknown }
        return RestoreSource(
            run: manifest.run, configurations: configurations,
            nodes: outcomes.filter { $0.error == nil && $0.report?.unknown == nil }.map(\.node),
            left: outcomes.flatMap(\.faults) + unknown, unknown: unknown,
            recoveryPoints: outcomes.compactMap { $0.report?.recoveryPoints },
            suspects: outcomes.flatMap { $0.report?.suspects ?? [] },
            disks: outcomes.reduce(into: [:]) { $0[$1.node] = $1.report?.disks },
            dumped: outcomes.reduce(into: [:]) { $0[$1.node] = $1.report?.dumped })
    }

    /// What a node has of the run.
    private struct Proved {
        /// Of what is wanted; nil: only the node knows.
        var recoveryPoints: NodeRecoveryPoints?
        var suspects: [WireError] = []
        var disks: Set<String>?
        var dumped: Set<String>?
        /// Why nobody knows whether it is there.
        var unknown: WireError?
    }

    /// - Throws: why the node's data cannot be had.
    private static func prove(
        _ node: String, of manifest: RunManifest, _ configurations: [ConfigurationChoice], _ cluster: Cluster,
        _ volumes: VolumeJudge
    ) async throws -> Proved {
        let found: NodeRecord?
        do {
            found = try await cluster.impatientBucket.nodeRecord(manifest.run, node: node)
        } catch {
            try Task.checkCancellation()
            return Proved(unknown: WireError(of: error).on(node))
        }
        guard let record = found else {
            // A node without its store keeps its record, and its dumps: it says itself whether they are still there.
            if manifest.nodes.contains(where: { $0.node == node && $0.state == .held }) {
                return Proved()
            }
            throw WireError(.failed, node: node, "run \(manifest.run) has no record of this node")
        }
        if let fault = NodeJudgement.fault(of: record, node: node, run: manifest.run, asked: configurations) {
            throw WireError(
                .failed, node: node, "run \(manifest.run) is not complete on this node: \(fault.message)",
                hint: "choose another with --run, or only what is complete with --configuration.")
        }
        var wanted = record
        wanted.configurations = record.configurations.filter { record in
            configurations.contains { $0.name == record.name }
        }
        switch await volumes.restorabilityInBucket(of: wanted) {
        case .restorable:
            return Proved(
                recoveryPoints: NodeRecoveryPoints(wanted),
                suspects: wanted.suspectDumps.map { configuration, dump in
                    WireError(suspect: dump, of: configuration, run: manifest.run, node: node)
                }, disks: Set(wanted.configurations.flatMap(\.dumps).map(\.disk)),
                dumped: Set(wanted.configurations.flatMap(\.dumps).filter(\.status.isUsable).map(\.disk)))
        case .overwritten(let reason):
            throw WireError(.damaged, node: node, "run \(manifest.run) was overwritten: \(reason)")
        case .refused(let reason):
            throw WireError(.configuration, node: node, "run \(manifest.run) cannot be restored: \(reason)")
        case .damaged(let reason):
            throw WireError(.damaged, node: node, "run \(manifest.run) is damaged: \(reason)")
        case .unknown(let reason):
            return Proved(
                unknown: WireError(
                    .storageUnreachable, node: node,
                    "whether run \(manifest.run) is still there is unknown: \(reason)"))
        }
    }
}

/// That a newer run is passed over must not go unsaid: each of the first, then how many more there were.
private struct PassedRuns {
    private static let toldCount = 3

    private var count = 0

    mutating func tell(_ run: RunName, _ reason: WireError, _ console: Console) {
        count += 1
        guard count <= Self.toldCount else { return }
        console.say("run \(run) is passed over: \(reason.headline)")
    }

    func tellRest(_ console: Console) {
        guard count > Self.toldCount else { return }
        console.say("\(count - Self.toldCount) more are passed over; 'amfleet list --all' shows them")
    }
}
