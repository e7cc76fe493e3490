// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import FoundationEssentials

/// What the bucket says of the cluster, for `status`.
///
/// Runs are looked at newest first, in steps, until every node's last run and its self-backup are found: as a rule within the first step.
/// For a node whose self-backup lies far back, or that has none, that is one manifest a run, `limit` of them at most; its records are
/// read only of runs that dumped the self-backup.
struct BucketFacts: Sendable {
    /// How many runs are looked at in one step.
    static let step = 20
    /// How many are looked at at all.
    static let limit = 2_000
    private static let width = 16

    struct Node: Sendable {
        var lastRun: RunName?
        var lastRunState: NodeVerdict.State?
        var selfBackup: RunName?
        var selfBackupFinishedAt: Date?
        /// Disks whose newest dump is not believed to hold them.
        var suspects: [Suspect] = []
        /// What could not be looked at and may be a newer self-backup, with the reason.
        var unknown: String?
        /// Configurations of `cluster.json` of which the newest `step` runs have no dump of the node.
        var undumped: Set<String> = []

        var isFound: Bool { selfBackup != nil && lastRun != nil }
    }

    struct Suspect: Sendable {
        var run: RunName
        var configuration: String
        var dump: DumpRecord
    }

    var nodes: [String: Node] = [:]
    var newestSet: StatusReport.NewestSet?
    var findings: [Finding] = []
    /// False where the store did not answer: then absence proves nothing.
    var isKnown = false
    /// How many runs there are, and how many of them, the newest, were looked at.
    var (runCount, searchedCount) = (0, 0)
    /// Whether a manifest among them could not be read.
    var hasUnreadRuns = false
    /// The newest `step` of them.
    var recentRuns: Set<RunName> = []
    /// Whether these are all that there are.
    var areAllRecent = true

    /// What was found without looking.
    init() {}

    /// - Throws: `CancellationError` only; any other failure is a finding.
    init(_ cluster: Cluster, nodes names: [String], _ volumes: VolumeJudge) async throws {
        do {
            let isOurs = try await cluster.clusterGuard(cluster.impatientBucket).check()
            guard isOurs else {
                isKnown = true
                return
            }
            try await read(cluster, names, volumes)
            isKnown = true
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            let wire = WireError(of: error)
            findings.append(.init(.problem, "the bucket cannot be read: \(wire.message)", fix: wire.hint))
        }
    }

    private mutating func read(
        _ cluster: Cluster, _ names: [String], _ volumes: VolumeJudge
    ) async throws {
        let bucket = cluster.impatientBucket
        let runs = try await bucket.runs()
        runCount = runs.count
        for name in names { nodes[name] = Node() }
        var wanted = Set(cluster.settings.configurations.inBackupOrder.map(\.name))
        var rest = Array(runs.suffix(Self.limit).reversed())[...]
        while !rest.isEmpty, newestSet == nil || nodes.values.contains(where: { !$0.isFound }) {
            let manifests = try await step(of: &rest, bucket)
            if !wanted.isEmpty {
                recentRuns = Set(manifests.map(\.run))
                areAllRecent = rest.isEmpty && runs.count <= Self.limit
            }
            if newestSet == nil, let newest = manifests.first(where: { $0.verdict != .running }) {
                let outlook = try await RunOutlook(
                    newest, bucket: bucket, volumes: volumes, provesObjects: true)
                newestSet = StatusJudgement.newestSet(newest, outlook, nodes: names)
            }
            try await look(for: names, in: manifests, wanted, bucket, volumes)
            // Suspect dumps are looked for in the newest runs alone: an older dump has a newer one above it.
            wanted = []
        }
    }

    /// The next runs, `step` of them if there are as many: names that are no runs are passed over.
    private mutating func step(
        of rest: inout ArraySlice<RunName>, _ bucket: ClusterBucket
    ) async throws -> [RunManifest] {
        var found: [RunManifest] = []
        while !rest.isEmpty, found.count < Self.step {
            let names = Array(rest.prefix(Self.step - found.count))
            rest = rest.dropFirst(names.count)
            searchedCount += names.count
            found += try await manifests(of: names, bucket)
        }
        return found
    }

    /// Those that can be read; of the others it is told.
    private mutating func manifests(of runs: [RunName], _ bucket: ClusterBucket) async throws -> [RunManifest]
    {
        let outcomes = try await onEveryNode(runs.map(\.digits), width: Self.width) { digits in
            guard let run = RunName(digits) else { return RunManifest?.none }
            return try await bucket.manifest(run)?.value
        }
        for outcome in outcomes {
            guard let error = outcome.error else { continue }
            if error.reach == .wholeStore { throw error }
            hasUnreadRuns = true
            findings.append(
                .init(
                    .problem,
                    "run \(outcome.node): what it holds is unknown: its manifest cannot be read: \(error.message)",
                    fix: "'amfleet list' shows what can be read."))
        }
        return outcomes.compactMap { $0.report.flatMap(\.self) }
    }

    private mutating func look(
        for names: [String], in manifests: [RunManifest], _ wanted: Set<String>, _ bucket: ClusterBucket,
        _ volumes: VolumeJudge
    ) async throws {
        let before = nodes
        let unfound = names.filter { before[$0]?.isFound != true }
        let outcomes = try await onEveryNode(unfound, width: Self.width) { node in
            try await Self.node(node, before[node] ?? Node(), in: manifests, wanted, bucket, volumes)
        }
        for outcome in outcomes {
            if let found = outcome.report { nodes[outcome.node] = found }
            if let error = outcome.error {
                let known = nodes[outcome.node]?.unknown
                nodes[outcome.node]?.unknown = known ?? error.message
            }
        }
    }

    /// - Parameters:
    ///   - before: what newer runs have told of it.
    ///   - wanted: the configurations whose newest dumps are looked for, suspect ones to be told of.
    private static func node(
        _ node: String, _ before: Node, in manifests: [RunManifest], _ wanted: Set<String>,
        _ bucket: ClusterBucket, _ volumes: VolumeJudge
    ) async throws -> Node {
        var facts = before
        var newest = NewestDumps(of: wanted)
        for manifest in manifests {
            guard let verdict = manifest.nodes.first(where: { $0.node == node && $0.attempt > 0 }) else {
                continue
            }
            if facts.lastRun == nil {
                facts.lastRun = manifest.run
                facts.lastRunState = verdict.state
            }
            if facts.selfBackup != nil, newest.isComplete { break }
            let hasSelf = manifest.configurations.contains { $0.role == .selfBackup }
            guard (hasSelf && facts.selfBackup == nil) || !newest.isComplete else { continue }
            do {
                guard let record = try await bucket.nodeRecord(manifest.run, node: node) else { continue }
                facts.suspects += newest.suspects(in: record)
                guard hasSelf, facts.selfBackup == nil else { continue }
                await facts.takeSelfBackup(of: record, volumes)
            } catch {
                try Task.checkCancellation()
                let reason = "run \(manifest.run): its record cannot be read: \(WireError(of: error).message)"
                if facts.selfBackup == nil { facts.unknown = facts.unknown ?? reason }
                newest.isSure = false
            }
        }
        if !wanted.isEmpty { facts.undumped = newest.isSure ? newest.undumped : [] }
        return facts
    }
}

extension BucketFacts.Node {
    /// If its self-backup is whole and can be had back.
    fileprivate mutating func takeSelfBackup(of record: NodeRecord, _ volumes: VolumeJudge) async {
        var own = record
        own.configurations = record.configurations.filter { $0.role == .selfBackup && $0.isComplete }
        guard !own.configurations.isEmpty else { return }
        switch await volumes.restorability(of: own) {
        case .restorable:
            selfBackup = record.run
            selfBackupFinishedAt = record.finishedAt
        case .unknown(let reason): unknown = unknown ?? "run \(record.run): \(reason)"
        case .overwritten, .damaged, .refused: return
        }
    }
}

/// Finds each disk's newest dump in records that come newest first.
private struct NewestDumps {
    private struct Disk: Hashable {
        let configuration: String
        let host: String
        let disk: String
    }

    /// Configurations of which no whole record has been seen yet.
    private var wanted: Set<String>
    private var seen: Set<Disk> = []
    /// Of which no dump has been seen yet.
    private(set) var undumped: Set<String>
    /// False where a record could not be read: what was not seen may be in it.
    var isSure = true

    init(of configurations: Set<String>) {
        wanted = configurations
        undumped = configurations
    }

    /// Older records have nothing to say of a disk that is still dumped.
    var isComplete: Bool { wanted.isEmpty }

    mutating func suspects(in record: NodeRecord) -> [BucketFacts.Suspect] {
        var suspects: [BucketFacts.Suspect] = []
        for configuration in record.configurations where wanted.contains(configuration.name) {
            for dump in configuration.dumps where dump.isMade {
                undumped.remove(configuration.name)
                let disk = Disk(configuration: configuration.name, host: dump.host, disk: dump.disk)
                guard seen.insert(disk).inserted, dump.isSuspect else { continue }
                suspects.append(.init(run: record.run, configuration: configuration.name, dump: dump))
            }
            let isWhole = !configuration.dumps.isEmpty && configuration.dumps.allSatisfy(\.isMade)
            if isWhole { wanted.remove(configuration.name) }
        }
        return suspects
    }
}
