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
    /// What its nodes will have to look for elsewhere.
    var remarks: [String] = []
    /// Whose data each machine gets.
    var map = NodeMap.none

    func owner(of node: String) -> String { map.source(of: node) }

    /// Without a run in the wish: the newest complete one, not younger than asked, that can still be had on every node that was asked.
    static func choose(_ cluster: Cluster, _ wish: RestoreWish) async throws -> RestoreSource {
        var source = try await found(cluster, wish)
        source.map = wish.map
        return source
    }

    private static func found(_ cluster: Cluster, _ wish: RestoreWish) async throws -> RestoreSource {
        let volumes = cluster.volumeJudge()
        guard let run = wish.run else { return try await newest(cluster, wish, volumes) }
        let found: RunManifest?
        do {
            found = try await cluster.impatientBucket.manifest(run)?.value
        } catch {
            guard let flaw = flaw(error), !flaw.isOfOtherFormat else { throw error }
            // As where it is gone: what lies on the volumes is there all the same.
            var source = ofCatalogs(run, wish.selection)
            source.remarks = ["\(flaw.facts): it does not count, and each node looks what it has of the run"]
            return source
        }
        guard let manifest = found else {
            let line = try await HistoryReader(bucket: cluster.impatientBucket).line(of: run)
            return line.map { overwritten($0, wish.selection) } ?? ofCatalogs(run, wish.selection)
        }
        guard manifest.verdict != .running else { throw CoordinatorError.runRunning(run) }
        return try await source(manifest, cluster, wish, volumes)
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
        _ cluster: Cluster, _ wish: RestoreWish, _ volumes: VolumeJudge
    ) async throws -> RestoreSource {
        let all = try await cluster.impatientBucket.runs()
        guard let oldest = all.first else { throw CoordinatorError.noRuns }
        let runs = all.filter { wish.moment?.mayHold($0) ?? true }
        if let moment = wish.moment, runs.isEmpty {
            throw CoordinatorError.noRestorableRun(
                reason: "no run that is left had been begun by \(moment.text): the oldest is \(oldest)")
        }
        // Of the newest complete run, which the operator meant.
        var reason: String?
        var suspect: RunName?
        var (claims, passed) = (VolumeClaims(), PassedRuns())
        var emptyCount = 0
        for run in runs.reversed() {
            guard let manifest = try await readManifest(run, cluster) else {
                emptyCount += 1
                guard emptyCount <= ClusterBucket.nameLimit else {
                    throw CoordinatorError.noRestorableRun(
                        reason:
                            "\(ClusterBucket.nameLimit) of the newest names under '\(cluster.impatientBucket.layout.runs)' are no runs, and no more were looked at"
                    )
                }
                passed.tell(
                    run,
                    WireError(
                        .damaged, "it has no manifest; with '--run \(run)' each node looks what it has of it"),
                    cluster.console)
                continue
            }
            claims.add(manifest)
            guard wish.moment?.holds(manifest) ?? true else { continue }
            if manifest.verdict == .suspect { suspect = suspect ?? run }
            guard manifest.verdict == .complete else { continue }
            let source = try await newestSource(manifest, claims, cluster, wish, volumes)
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
        let until = wish.moment.map { " and had been begun by \($0.text)" } ?? ""
        throw CoordinatorError.noRestorableRun(
            reason: (reason ?? "no run in the bucket is complete" + until) + besides)
    }

    /// - Throws: where it cannot be read: the run may be the one that is meant.
    private static func readManifest(_ run: RunName, _ cluster: Cluster) async throws -> RunManifest? {
        do {
            return try await cluster.impatientBucket.manifest(run)?.value
        } catch {
            guard let flaw = flaw(error) else { throw error }
            throw WireError(
                .damaged, "\(flaw.facts); whether run \(run) is complete nobody knows",
                hint: flaw.isOfOtherFormat
                    ? "use the newer amfleet that has made it, or name an older run with '--run'."
                    : "name the run that is meant with '--run': with '--run \(run)' each node looks what it has of it."
            )
        }
    }

    /// What is wrong with a manifest that lies there and does not count; nil: something else is wrong.
    private static func flaw(_ error: any Error) -> (facts: String, isOfOtherFormat: Bool)? {
        switch error {
        case let error as WireJSONError: (error.facts, error.isOfOtherFormat)
        case let error as ForeignManifest: (error.facts, false)
        default: nil
        }
    }

    /// What of the run is lost, by the first label or the first node that says so; or all of it, looked at.
    private static func newestSource(
        _ manifest: RunManifest, _ claims: VolumeClaims, _ cluster: Cluster, _ wish: RestoreWish,
        _ volumes: VolumeJudge
    ) async throws -> RestoreSource {
        let selection = wish.selection
        let verdicts = manifest.nodes.filter { wish.sources.contains($0.node) }
        for verdict in verdicts where verdict.state.isStored {
            guard let loss = claims.loss(of: verdict, in: manifest.run),
                await volumes.bears(loss.volume, loss.run) == false
            else { continue }
            let left = WireError(
                .damaged, node: verdict.node, "run \(manifest.run) was overwritten: \(loss.text)")
            return RestoreSource(
                run: manifest.run, configurations: selection.configurations, nodes: [], left: [left])
        }
        let sample = try await source(manifest, cluster, wish.of(selection.nodes.prefix(1)), volumes)
        guard sample.left.isEmpty, selection.nodes.count > 1 else { return sample }
        return try await sample.joined(
            source(manifest, cluster, wish.of(selection.nodes.dropFirst()), volumes))
    }

    /// Of one run, of more nodes.
    private func joined(_ other: RestoreSource) -> RestoreSource {
        RestoreSource(
            run: run, configurations: configurations, nodes: nodes + other.nodes, left: left + other.left,
            unknown: unknown + other.unknown, recoveryPoints: recoveryPoints + other.recoveryPoints,
            suspects: suspects + other.suspects, disks: disks.merging(other.disks) { mine, _ in mine },
            dumped: dumped.merging(other.dumped) { mine, _ in mine }, remarks: remarks + other.remarks)
    }

    private static func source(
        _ manifest: RunManifest, _ cluster: Cluster, _ wish: RestoreWish, _ volumes: VolumeJudge
    ) async throws -> RestoreSource {
        let configurations = manifest.configurations.filter(wish.selection.configurations.contains)
        guard !configurations.isEmpty else {
            let asked = wish.selection.configurations.map(\.name).joined(separator: ", ")
            throw CoordinatorError.noRestorableRun(reason: "run \(manifest.run) holds none of \(asked)")
        }
        let nodes = cluster.settings.nodes.map(\.name)
        try wish.map.requireKnown(Set(nodes + manifest.nodes.map(\.node)), of: manifest.run)
        let proof = RestoreProof(
            manifest: manifest, configurations: configurations, cluster: cluster, volumes: volumes,
            replacesSelfBackup: wish.replacesSelfBackup, isNamed: wish.run != nil)
        let outcomes = try await onEveryNode(wish.selection.nodes) { node in
            try await proof.prove(node, with: wish.map.source(of: node))
        }
        let unknown = outcomes.compactMap { $0.report?.unknown }
        return RestoreSource(
            run: manifest.run, configurations: configurations,
            nodes: outcomes.filter { $0.error == nil && $0.report?.unknown == nil }.map(\.node),
            left: outcomes.flatMap(\.faults) + unknown, unknown: unknown,
            recoveryPoints: outcomes.compactMap { $0.report?.recoveryPoints },
            suspects: outcomes.flatMap { $0.report?.suspects ?? [] },
            disks: outcomes.reduce(into: [:]) { $0[$1.node] = $1.report?.disks },
            dumped: outcomes.reduce(into: [:]) { $0[$1.node] = $1.report?.dumped },
            remarks: outcomes.flatMap { outcome in
                (outcome.report?.remarks ?? []).map { "\(outcome.node): \($0)" }
            })
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
