// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What is left of a run's volumes, by node.
struct RunOutlook: Sendable {
    var byNode: [String: Restorability] = [:]
    /// The same with what a restore should know, where every object was looked up.
    private(set) var proven: [String: ProvenRestorability] = [:]
    /// Of the usable dumps of every node that has all of them in the bucket.
    var levels: Set<Int> = []

    init(byNode: [String: Restorability] = [:]) {
        self.byNode = byNode
    }

    /// As recorded: what manifests say, and nobody has looked at. A node of which they say nothing is left out.
    ///
    /// - Parameter claims: of every newer manifest and this one.
    init(recorded manifest: RunManifest, _ claims: VolumeClaims) {
        for verdict in manifest.nodes where verdict.state.isStored {
            guard let volumes = verdict.volumes else { continue }
            byNode[verdict.node] =
                claims.loss(of: verdict, in: manifest.run).map { .overwritten($0.text) }
                ?? volumes.refusal.map(Restorability.refused) ?? .restorable
            levels.formUnion(volumes.levels)
        }
    }

    /// Looks at the volumes of every node that has all of its dumps in the bucket.
    ///
    /// - Parameter provesObjects: whether every object is looked up too, not only each volume's label.
    init(
        _ manifest: RunManifest, bucket: ClusterBucket, volumes: VolumeJudge, provesObjects: Bool = false
    ) async throws {
        let nodes = manifest.nodes.filter(\.state.isStored).map(\.node)
        let outcomes = try await onEveryNode(nodes, width: 16) { node -> (ProvenRestorability, Set<Int>) in
            let found: NodeRecord?
            do {
                found = try await bucket.nodeRecord(manifest.run, node: node)
            } catch let foreign as ForeignRecord {
                return (ProvenRestorability(.damaged(foreign.facts)), [])
            }
            guard let record = found else {
                return (ProvenRestorability(.damaged("the node record is gone")), [])
            }
            let dumps = record.configurations.flatMap(\.dumps).filter(\.status.isUsable)
            let restorability =
                provesObjects
                ? await volumes.provenRestorability(of: record)
                : ProvenRestorability(await volumes.restorability(of: record))
            return (restorability, Set(dumps.map(\.level)))
        }
        for outcome in outcomes {
            byNode[outcome.node] =
                outcome.report?.0.restorability ?? .unknown(outcome.error?.message ?? "no answer")
            if provesObjects { proven[outcome.node] = outcome.report?.0 }
            levels.formUnion(outcome.report?.1 ?? [])
        }
    }

    var isOverwritten: Bool {
        byNode.values.contains { if case .overwritten = $0 { true } else { false } }
    }

    var isDamaged: Bool {
        byNode.values.contains { if case .damaged = $0 { true } else { false } }
    }

    /// What could not be looked at, by node.
    var unknowns: [String] {
        byNode.sorted { $0.key < $1.key }.compactMap { node, outlook in
            if case .unknown(let reason) = outlook { "\(node): \(reason)" } else { nil }
        }
    }

    var restorableNodes: [String] { byNode.filter { $0.value == .restorable }.map(\.key).sorted() }

    var remarks: [String] {
        byNode.sorted { $0.key < $1.key }.compactMap { node, outlook in
            switch outlook {
            case .restorable: nil
            case .overwritten(let reason), .damaged(let reason): "\(node): \(reason)"
            case .refused(let reason): "\(node): a restore would refuse it: \(reason)"
            case .unknown(let reason): "\(node): unknown: \(reason)"
            }
        }
    }
}
