// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Logging
import S3

/// The runs that operators have pinned: the index names them, their manifests prove it.
///
/// Cost: one request, then a manifest for each pinned run; a record only of a node whose part the manifest does not name, since it is not
/// whole or an older coordinator judged it.
struct PinnedRuns: Sendable {
    let bucket: ClusterBucket
    /// Of today's `cluster.json`.
    let nodes: [String]

    /// The index as it is, and its version for changing it.
    func index() async throws -> ClusterBucket.Stored<PinIndex>? {
        try await bucket.read(PinIndex.self, bucket.layout.pins)
    }

    /// Adds every pinned run to what is protected.
    ///
    /// - Throws: what keeps the store from being read at all, and `CancellationError`.
    func add(to protection: inout ClusterProtection) async throws {
        let indexed: [RunName]
        do {
            indexed = try await index()?.value.runs ?? []
        } catch let error as S3Error where error.reach == .wholeStore {
            throw error
        } catch {
            try Task.checkCancellation()
            protection.arePinsKnown = false
            protection.unknowns.append("which runs are pinned is unknown: \(WireError(of: error).message)")
            return
        }
        for run in indexed {
            guard let pinned = try await pinned(run, &protection) else { continue }
            protection.runs.append(pinned)
            if !pinned.unread.isEmpty { protection.arePinsKnown = false }
        }
    }

    private func pinned(
        _ run: RunName, _ protection: inout ClusterProtection
    ) async throws -> ClusterProtection.Run? {
        do {
            guard let manifest = try await bucket.manifest(run)?.value, manifest.pin != nil else {
                return nil
            }
            return try await Self.volumes(of: manifest, bucket: bucket, nodes: nodes)
        } catch let error as S3Error where error.reach == .wholeStore {
            throw error
        } catch {
            try Task.checkCancellation()
            protection.unknowns.append(
                "whether run \(run) is pinned is unknown, and it is kept: \(WireError(of: error).message)")
            return ClusterProtection.Run(run: run, reason: .pinned, unread: Set(nodes))
        }
    }

    /// What lies of a run on each node that has a record of it.
    static func volumes(
        of manifest: RunManifest, bucket: ClusterBucket, nodes: [String]
    ) async throws -> ClusterProtection.Run {
        var run = ClusterProtection.Run(run: manifest.run, reason: .pinned)
        // What is held, or failed beside what is held, is in the record alone: a flush changes that.
        for verdict in manifest.nodes where verdict.state.isStored && nodes.contains(verdict.node) {
            run.volumes[verdict.node] = verdict.volumes?.protected
        }
        let named = run.volumes
        let those = nodes.filter { node in
            named[node] == nil && manifest.nodes.contains { $0.node == node }
        }
        let outcomes = try await onEveryNode(those, width: 16) { node in
            try await bucket.nodeRecord(manifest.run, node: node)?.protectedVolumes
        }
        for outcome in outcomes {
            switch outcome.result {
            case .success(let volumes): run.volumes[outcome.node] = volumes
            case .failure: run.unread.insert(outcome.node)
            }
        }
        return run
    }
}

extension Cluster {
    /// What is not overwritten now.
    ///
    /// - Parameters:
    ///   - bucket: with little patience where an operator waits.
    ///   - volumes: of the command, where that asks for labels elsewhere too.
    func protection(
        _ bucket: ClusterBucket? = nil, _ volumes: VolumeJudge? = nil
    ) async throws -> ClusterProtection {
        let bucket = bucket ?? self.bucket
        let nodes = settings.nodes.map(\.name)
        var protection = try await ProtectionSearch(
            bucket: bucket, volumes: volumes ?? volumeJudge(), nodes: nodes,
            configurations: settings.configurations.inBackupOrder
        ).find()
        try await PinnedRuns(bucket: bucket, nodes: nodes).add(to: &protection)
        logger.info(
            "what is not overwritten",
            metadata: [
                "sets": "\(protection.sets.map(\.digits).joined(separator: " "))",
                "pinned": "\(protection.pinned.map(\.digits).joined(separator: " "))",
            ])
        return protection
    }

    /// The same for who only tells of it: what keeps the store from being read is in the outcome.
    ///
    /// - Throws: `CoordinatorError.foreignPrefix`, `CancellationError`.
    func knownProtection(_ volumes: VolumeJudge? = nil) async throws -> NodeOutcome<ClusterProtection> {
        do {
            _ = try await clusterGuard(impatientBucket).check()
            return NodeOutcome(node: "", result: .success(try await protection(impatientBucket, volumes)))
        } catch let error as CoordinatorError {
            throw error
        } catch {
            try Task.checkCancellation()
            return NodeOutcome(node: "", result: .failure(WireErrors([WireError(of: error)])))
        }
    }
}
