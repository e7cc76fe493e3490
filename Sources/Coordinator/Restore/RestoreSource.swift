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

    /// - Parameter run: nil: the newest complete one that can still be had on every node that was asked.
    static func choose(_ cluster: Cluster, run: RunName?, selection: Selection) async throws -> RestoreSource
    {
        let volumes = cluster.volumeJudge()
        if let run {
            guard let manifest = try await cluster.impatientBucket.manifest(run)?.value else {
                return ofCatalogs(run, selection)
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

    private static func newest(
        _ cluster: Cluster, _ selection: Selection, _ volumes: VolumeJudge
    ) async throws -> RestoreSource {
        let runs = try await cluster.impatientBucket.runs()
        guard !runs.isEmpty else { throw CoordinatorError.noRuns }
        // Of the newest complete run, which the operator meant.
        var reason: String?
        var suspect: RunName?
        for run in runs.reversed() {
            guard let manifest = try await cluster.impatientBucket.manifest(run)?.value else { continue }
            if manifest.verdict == .suspect { suspect = suspect ?? run }
            guard manifest.verdict == .complete else { continue }
            let source = try await source(manifest, cluster, selection, volumes)
            if source.left.isEmpty {
                if let suspect {
                    cluster.console.say("run \(suspect) is newer and suspect: it is taken only with --run")
                }
                return source
            }
            try tell(source, cluster)
            if reason == nil, let first = source.left.first {
                reason = "no complete run can be restored: \(run) on \(first.node ?? "?"): \(first.message)"
            }
        }
        let besides = suspect.map { "; run \($0) is suspect, and is taken only with --run" } ?? ""
        throw CoordinatorError.noRestorableRun(
            reason: (reason ?? "no run in the bucket is complete") + besides)
    }

    /// That a newer run is passed over must not go unsaid; one of which nobody knows is not passed over at all.
    private static func tell(_ source: RestoreSource, _ cluster: Cluster) throws {
        if let unknown = source.unknown.first {
            throw CoordinatorError.unknownSet(source.run, reason: unknown.headline)
        }
        guard let first = source.left.first else { return }
        cluster.console.say("run \(source.run) is passed over: \(first.headline)")
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
            disks: outcomes.reduce(into: [:]) { $0[$1.node] = $1.report?.disks })
    }

    /// What a node has of the run.
    private struct Proved {
        /// Of what is wanted; nil: only the node knows.
        var recoveryPoints: NodeRecoveryPoints?
        var suspects: [WireError] = []
        var disks: Set<String>?
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
                }, disks: Set(wanted.configurations.flatMap(\.dumps).map(\.disk)))
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
