// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import S3

/// Finds the newest run that every node can have back.
///
/// Newest first, and no further than the first that all nodes and all configurations of `cluster.json` can have back: as a rule that is one
/// manifest, a record a node, a label and a listing a volume. At most `depth` manifests are read, then those that these name
/// (`RunManifest.protectedSets`), so that what was found once is found again however many incomplete runs follow. The cost grows with
/// neither the number of runs nor their age, but for the one listing of their names.
struct ProtectionSearch: Sendable {
    static let depth = 32
    /// So many names at most are asked for, where no manifest is: whoever may write a record may make a name.
    static let nameLimit = ClusterBucket.nameLimit
    private static let width = 8

    let bucket: ClusterBucket
    let volumes: VolumeJudge
    /// Of today's `cluster.json`.
    let nodes: [String]
    let configurations: [ConfigurationChoice]

    /// - Throws: what keeps the store from being read at all, and `CancellationError`. A single document that cannot be read is told
    ///   of in the result, and what it may stand for is kept.
    func find() async throws -> ClusterProtection {
        let runs = try await bucket.runs()
        var found = ClusterProtection()
        found.runCount = runs.count
        var walk = Walk(newest: runs.suffix(Self.nameLimit).reversed())
        while !found.hasWholeSet, let step = walk.next(Self.width) {
            for (run, manifest) in zip(step, try await manifests(of: step)) where !found.hasWholeSet {
                let manifest = readable(manifest, of: run, &found)
                walk.saw(manifest, known: runs)
                if let manifest {
                    try await consider(manifest, wasSet: walk.everNamed.contains(run), &found)
                }
            }
        }
        found.searchedCount = walk.seen.count
        return found
    }

    /// Which run is looked at next.
    private struct Walk {
        /// Still to come, newest first; then what the manifests name.
        var newest: [RunName]
        var named: Set<RunName> = []
        var seen: Set<RunName> = []
        /// What a manifest has named: sets, when it was written.
        private(set) var everNamed: Set<RunName> = []
        private var manifestCount = 0
        private var roundCount = 0

        init(newest: some Sequence<RunName>) {
            self.newest = Array(newest)
        }

        /// The first by itself, for as a rule it is the one; then several at a time.
        mutating func next(_ width: Int) -> [RunName]? {
            if manifestCount >= ProtectionSearch.depth { newest = [] }
            if newest.isEmpty {
                guard roundCount < 2 else { return nil }
                roundCount += 1
                newest = named.subtracting(seen).sorted(by: >)
                (named, manifestCount) = ([], 0)
            }
            let step = Array(newest.prefix(seen.isEmpty ? 1 : width))
            newest.removeFirst(step.count)
            seen.formUnion(step)
            return step.isEmpty ? nil : step
        }

        mutating func saw(_ manifest: RunManifest?, known: [RunName]) {
            guard let manifest else { return }
            manifestCount += 1
            let sets = (manifest.protectedSets ?? []).prefix(4).filter(known.contains)
            named.formUnion(sets)
            everNamed.formUnion(sets)
        }
    }

    private func manifests(of runs: [RunName]) async throws -> [Result<RunManifest?, WireError>] {
        try await onEvery(runs, width: Self.width) { run in
            do {
                return .success(try await bucket.manifest(run)?.value)
            } catch let error as S3Error where error.reach == .wholeStore {
                throw error
            } catch {
                try Task.checkCancellation()
                return .failure(WireError(of: error))
            }
        }
    }

    /// A manifest that cannot be read may be that of the newest set: the first of such runs is kept.
    private func readable(
        _ manifest: Result<RunManifest?, WireError>, of run: RunName, _ found: inout ClusterProtection
    ) -> RunManifest? {
        do {
            return try manifest.get()
        } catch {
            if !found.runs.contains(where: { $0.unknown != nil }) {
                found.runs.append(
                    .init(
                        run: run, reason: .set, unread: Set(nodes),
                        unknown: "its manifest cannot be read: \(error.message)"))
            }
            return nil
        }
    }

    private func consider(
        _ manifest: RunManifest, wasSet: Bool, _ found: inout ClusterProtection
    ) async throws {
        guard
            let part = SetPart(manifest, nodes: nodes, configurations: configurations, wasSet: wasSet)
        else { return }
        let covered = found.runs.filter { $0.unknown == nil }.reduce(into: Set()) {
            $0.formUnion($1.configurations)
        }
        guard part.isWhole || !part.configurations.isSubset(of: covered) else { return }
        var run = try await judged(manifest, part)
        guard let candidate = run else { return }
        if candidate.unknown != nil {
            if found.runs.contains(where: { $0.unknown != nil }) { return }
        } else if part.isWhole {
            found.hasWholeSet = true
        } else {
            run?.lack = part.lack
        }
        if let run { found.runs.append(run) }
    }

    /// - Returns: nil where a node has lost it, or never had all of it.
    private func judged(_ manifest: RunManifest, _ part: SetPart) async throws -> ClusterProtection.Run? {
        let outcomes = try await parts(manifest.run, part)
        var run = ClusterProtection.Run(run: manifest.run, reason: .set, configurations: part.configurations)
        for outcome in outcomes {
            switch outcome.result {
            case .failure(let error):
                run.unread.insert(outcome.node)
                run.unknown = run.unknown ?? "\(outcome.node): \(error.errors.first?.message ?? "no answer")"
            case .success(nil): return nil
            case .success(let (volumes, unknown)?):
                run.volumes[outcome.node] = volumes
                run.unknown = run.unknown ?? unknown.map { "\(outcome.node): \($0)" }
            }
        }
        return run
    }

    /// Of the first node alone where that has lost it: as a rule all nodes lose a run in the same night.
    private func parts(
        _ run: RunName, _ part: SetPart
    ) async throws -> [NodeOutcome<(volumes: [ProtectedVolume], unknown: String?)?>] {
        var outcomes: [NodeOutcome<(volumes: [ProtectedVolume], unknown: String?)?>] = []
        for nodes in [part.nodes.prefix(1), part.nodes.dropFirst()] {
            outcomes += try await onEveryNode(Array(nodes), width: 16) { node in
                try await partOfNode(node, run, part)
            }
            if case .success(nil) = outcomes.first?.result { break }
        }
        return outcomes
    }

    /// - Returns: what the node's restore would read, and why that may be in vain; nil: it is not there any more.
    private func partOfNode(
        _ node: String, _ run: RunName, _ part: SetPart
    ) async throws -> (volumes: [ProtectedVolume], unknown: String?)? {
        let found: NodeRecord?
        do { found = try await bucket.nodeRecord(run, node: node) } catch is ForeignRecord { return nil }
        guard var record = found, part.counts(record, node: node, run: run) else { return nil }
        record.configurations.removeAll { !part.configurations.contains($0.name) }
        switch await volumes.restorabilityAsListed(of: record) {
        case .restorable: return (record.protectedVolumes, nil)
        case .unknown(let reason): return (record.protectedVolumes, reason)
        // All of it is there, and another way than the whole in place may bring it back: it is kept, and the search goes on.
        case .refused(let reason): return (record.protectedVolumes, "a restore would refuse it: \(reason)")
        case .overwritten, .damaged: return nil
        }
    }
}

/// What of a run can be part of a set.
struct SetPart: Sendable, Equatable {
    /// Of `cluster.json`, with all of their dumps.
    let nodes: [String]
    let configurations: Set<String>
    private let asked: [ConfigurationChoice]
    /// Whether it is of every node and every configuration of today's `cluster.json`.
    let isWhole: Bool
    /// What of these it lacks.
    let lack: String?

    /// Nil: it is no set. A run that left nodes out by choice is none; one of all nodes is, of the configurations that it dumped; and
    /// one that was complete stays one when a node or a configuration is added to `cluster.json`, until there is a newer.
    ///
    /// - Parameter wasSet: it was kept as one before. `retry` asks an added node too, and a run that was complete is partial then.
    init?(
        _ manifest: RunManifest, nodes: [String], configurations: [ConfigurationChoice], wasSet: Bool = false
    ) {
        guard manifest.verdict != .running else { return nil }
        let complete = nodes.filter { node in
            manifest.nodes.contains { $0.node == node && $0.state == .complete }
        }
        let asked = configurations.filter { manifest.configurations.contains($0) }
        guard !asked.isEmpty, complete.count == nodes.count || manifest.verdict == .complete || wasSet,
            !complete.isEmpty
        else {
            return nil
        }
        self.nodes = complete
        self.asked = asked
        self.configurations = Set(asked.map(\.name))
        let absent =
            nodes.filter { !complete.contains($0) }.map { "node '\($0)'" }
            + configurations.filter { !asked.contains($0) }.map { "configuration '\($0.name)'" }
        isWhole = absent.isEmpty
        lack = absent.isEmpty ? nil : "without \(absent.joined(separator: ", "))"
    }

    /// Whether a node's record counts: the one place that says so. What is not proved or not believed does not.
    func counts(_ record: NodeRecord, node: String, run: RunName) -> Bool {
        NodeJudgement.fault(of: record, node: node, run: run, asked: asked) == nil && record.heldDumps.isEmpty
            && record.suspectDumps.isEmpty
    }
}
