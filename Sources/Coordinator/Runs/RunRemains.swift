// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

/// Whether anything of a run is left on its volumes, as their labels say.
enum RunRemains: Sendable, Equatable {
    /// Every volume with a dump of it bears another run.
    case none
    /// It never had a volume.
    case neverAny
    /// A volume bears it, or nobody can tell.
    case some

    /// The first volume that bears it ends the search, so that a run which is there costs a label; one that is gone costs a label a
    /// volume, and of an older coordinator's run a record a node too.
    init(_ manifest: RunManifest, bucket: ClusterBucket, volumes: VolumeJudge) async throws {
        var hadAny = false
        for nodes in [manifest.nodes.prefix(1), manifest.nodes.dropFirst()] {
            let outcomes = try await onEveryNode(nodes.map(\.node), width: 16) { node in
                guard let verdict = nodes.first(where: { $0.node == node }) else { return RunRemains.some }
                return try await Self.part(verdict, of: manifest.run, bucket, volumes)
            }
            guard outcomes.allSatisfy({ ($0.report ?? .some) != .some }) else {
                self = .some
                return
            }
            hadAny = hadAny || outcomes.contains { $0.report == RunRemains.none }
        }
        self = hadAny ? .none : .neverAny
    }

    private static func part(
        _ verdict: NodeVerdict, of run: RunName, _ bucket: ClusterBucket, _ volumes: VolumeJudge
    ) async throws -> RunRemains {
        // What is held lies on the node, and its record leads there.
        guard verdict.state != .running, verdict.state != .held else { return .some }
        var known = verdict.volumes
        if known == nil {
            let record = try await bucket.nodeRecord(run, node: verdict.node)
            if record == nil { return verdict.state.isStored ? .some : .neverAny }
            known = record?.recordedVolumes
        }
        guard let known else { return .some }
        for volume in known.holding {
            switch await volumes.bears(volume, volume.run ?? run) {
            case true?: return .some
            case false?: continue
            case nil where bucket.holds(volume): return .some
            // Only the node can look.
            case nil:
                guard let record = try await bucket.nodeRecord(run, node: verdict.node),
                    case .overwritten = await volumes.restorability(of: record)
                else { return .some }
            }
        }
        return known.holding.isEmpty ? .neverAny : .none
    }
}
