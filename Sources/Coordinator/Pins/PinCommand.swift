// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import FoundationEssentials
import S3

/// `amfleet pin RUN` and `amfleet unpin RUN`: whether a run is kept until an operator says otherwise.
///
/// The manifest says so; the index only leads there. Every node then marks the run's volumes `no-reuse` for stock Amanda. One that
/// is away does it with its next job, and no run of ours overwrites them meanwhile.
public struct PinCommand: Sendable {
    public enum Wish: String, Sendable, Encodable {
        case pin
        case unpin
    }

    let cluster: Cluster
    let wish: Wish
    let isLeased: Bool

    public init(_ cluster: Cluster, _ wish: Wish, isLeased: Bool = true) {
        self.cluster = cluster
        self.wish = wish
        self.isLeased = isLeased
    }

    /// - Throws: `CoordinatorError` where there is no such run, nothing is left of it, it still runs, or somebody holds the cluster.
    public func run(_ run: RunName) async throws -> PinReport {
        _ = try await cluster.clusterGuard(cluster.impatientBucket).check()
        return try await cluster.holding(for: wish.rawValue, run, isLeased: isLeased) { lease in
            let manifest = try await RunChoice(cluster).manifest(run)
            let isPinned = manifest.value.pin != nil
            let left = try await left(of: manifest.value)
            try await lease?.requireHeld()
            switch wish {
            case .pin: try await pin(manifest)
            case .unpin: try await unpin(manifest)
            }
            let protection = try await cluster.protection(cluster.impatientBucket)
            try await lease?.requireHeld()
            let marks = try await mark(protection)
            return PinReport(
                wish: wish, run: run, wasSo: isPinned == (wish == .pin), left: left, nodes: marks)
        }
    }

    /// What a pin cannot keep any more, or not yet. Nothing is asked where a pin is taken away.
    private func left(of manifest: RunManifest) async throws -> [String] {
        guard wish == .pin else { return [] }
        guard manifest.verdict != .running else { throw CoordinatorError.runRunning(manifest.run) }
        let outlook = try await RunOutlook(
            manifest, bucket: cluster.impatientBucket, volumes: cluster.volumeJudge())
        let isAnything = outlook.byNode.values.contains {
            switch $0 {
            case .restorable, .refused, .unknown: true
            case .overwritten, .damaged: false
            }
        }
        let held = try await HeldParts.of(manifest, cluster.impatientBucket).map(\.text)
        guard isAnything || !held.isEmpty || manifest.pin != nil else {
            throw CoordinatorError.nothingToPin(
                manifest.run, reason: outlook.remarks.first ?? "no node is complete in it")
        }
        return outlook.remarks + held
    }

    private func pin(_ stored: ClusterBucket.Stored<RunManifest>) async throws {
        // The index first: a pin that nobody can find would be none.
        try await changeIndex { $0 = Set($0 + [stored.value.run]).sorted(by: >) }
        guard stored.value.pin == nil else { return }
        try await change(stored) { $0.pin = RunPin(since: Date().wholeSecond, by: Cluster.holder) }
    }

    private func unpin(_ stored: ClusterBucket.Stored<RunManifest>) async throws {
        if stored.value.pin != nil { try await change(stored) { $0.pin = nil } }
        try await changeIndex { $0.removeAll { $0 == stored.value.run } }
    }

    private func change(
        _ stored: ClusterBucket.Stored<RunManifest>, _ change: (inout RunManifest) -> Void
    ) async throws {
        var manifest = stored.value
        change(&manifest)
        manifest.revision += 1
        let key = cluster.bucket.layout.manifest(manifest.run)
        guard try await cluster.impatientBucket.change(stored, to: manifest, key) != nil else {
            throw CoordinatorError.manifestChanged(manifest.run)
        }
    }

    private func changeIndex(_ change: (inout [RunName]) -> Void) async throws {
        let bucket = cluster.impatientBucket
        let stored = try await PinnedRuns(bucket: bucket, nodes: []).index()
        var index = stored?.value ?? PinIndex()
        change(&index.runs)
        guard index != stored?.value else { return }
        let key = bucket.layout.pins
        let written =
            if let stored {
                try await bucket.change(stored, to: index, key)
            } else {
                try await bucket.create(index, key)
            }
        guard written != nil else { throw CoordinatorError.pinsChanged }
    }

    /// Every node of the cluster, whichever had a part in the run: what is not marked yet of other pins is, too.
    private func mark(_ protection: ClusterProtection) async throws -> [PinReport.Node] {
        let configurations = cluster.settings.configurations.inBackupOrder.map(\.name)
        let outcomes = try await onEveryNode(cluster.settings.nodes.map(\.name)) { node in
            try await cluster.agent(node).mark(
                PinRequest(configurations: configurations, protection: protection.order(for: node)))
        }
        return outcomes.map { outcome in
            let answers = outcome.report?.configurations ?? []
            return PinReport.Node(node: outcome.node, configurations: answers)
                .with(
                    outcome.faults
                        + answers.flatMap { answer in
                            answer.faults.map { $0.within(configuration: answer.name) }
                        })
        }
    }
}

/// What became of a pin.
public struct PinReport: Sendable {
    public struct Node: Sendable, Encodable, Failable {
        public var node: String
        public var configurations: [ConfigurationPins]
        /// Why its tapelists do not say so yet.
        public var error: WireError?
        public var errors: [WireError]?
    }

    public var wish: PinCommand.Wish
    public var run: RunName
    /// It was so before.
    public var wasSo: Bool
    /// What a pin cannot keep any more, or what nobody knows of it.
    public var left: [String]
    public var nodes: [Node]
}
