// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import FoundationEssentials

/// What the bucket says of the cluster, for `status`.
///
/// Runs are looked at newest first, in steps, until every node's last run and its self-backup are found: as a rule within the first step.
/// For a node whose self-backup lies far back, or that has none, that is one manifest a run, `limit` of them at most; its records are
/// read only of runs that dumped the self-backup and are not recorded as overwritten. A node that a whole step of runs does not know is
/// new, and is not looked for further back.
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
        /// What it holds; nil: an older agent made it.
        var selfBackupHeld: SelfBackupRecord?
        /// Of that run: nobody looked whether the files of others are in it.
        var selfBackupConfigurations: Set<String> = []
        /// What it lacks, as an operator has accepted.
        var acceptedGaps: Set<String> = []
        /// What of its sealed secrets the newest set needs; nil: it has nothing of the node.
        var sealedNeeds: SealedNeeds?
        /// Disks whose newest dump is not believed to hold them.
        var suspects: [Suspect] = []
        /// Why the newest that is recorded and not overwritten is not that; nil: it is, or there is none.
        var unusableSelfBackup: String?
        /// What could not be looked at and may be a newer self-backup, with the reason.
        var unknown: String?
        /// Configurations of `cluster.json` of which the newest `step` runs have no dump of the node.
        var undumped: Set<String> = []
        /// After so many runs a step of them did not have it, as a node that `cluster.json` named: it is new; nil: it is not.
        var newAfter: Int?

        var isFound: Bool { newAfter != nil || (selfBackup != nil && lastRun != nil) }
    }

    struct Suspect: Sendable {
        var run: RunName
        var configuration: String
        var dump: DumpRecord
    }

    struct UnfinishedRun: Sendable {
        var run: RunName
        /// False: it was begun, or gone on with, without a lease.
        var isLeased: Bool
        /// What brings it to its end.
        var command: String

        init(_ manifest: RunManifest) {
            (run, isLeased, command) = (manifest.run, manifest.isLeased, manifest.watchCommand)
        }
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
    /// Keys that the newest set's dumps need and that were not sealed when it was made, by node.
    var unsealed: [String: [WireError]] = [:]
    /// Newer than that, and said to be running by a manifest whose coordinator does not hold the cluster.
    var unfinished: [UnfinishedRun] = []
    /// Nodes whose part of the newest set was proved, object by object.
    private var proven: Set<String> = []
    /// The newest `step` of them.
    var recentRuns: Set<RunName> = []
    /// Whether these are all that there are.
    var areAllRecent = true

    /// What was found without looking.
    init() {}

    /// - Throws: `CancellationError` only; any other failure is a finding.
    init(_ cluster: Cluster, nodes names: [String], _ volumes: VolumeJudge) async throws {
        do {
            let bucket = cluster.impatientBucket
            if try await !cluster.clusterGuard(bucket).check() {
                guard try await !bucket.runs().isEmpty else {
                    isKnown = true
                    return
                }
                findings.append(
                    Finding(
                        .remark,
                        "nothing in the bucket says any more whose it is: '\(bucket.layout.cluster)' is gone",
                        fix: "'amfleet backup' writes it again."))
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
        var claims = VolumeClaims()
        var rest = Array(runs.suffix(Self.limit).reversed())[...]
        while !rest.isEmpty, newestSet == nil || nodes.values.contains(where: { !$0.isFound }) {
            let manifests = try await step(of: &rest, bucket)
            for var manifest in manifests {
                manifest.nodes.removeAll { nodes[$0.node]?.isFound != false }
                claims.add(manifest)
            }
            if !wanted.isEmpty {
                recentRuns = Set(manifests.map(\.run))
                areAllRecent = rest.isEmpty && runs.count <= Self.limit
                try await findUnfinished(among: manifests, cluster)
            }
            if newestSet == nil, let newest = manifests.first(where: { $0.verdict != .running }) {
                let outlook = try await RunOutlook(
                    newest, bucket: bucket, volumes: volumes, provesObjects: true)
                newestSet = NewestSetJudgement.set(
                    newest, outlook, nodes: names,
                    configurations: cluster.settings.configurations.inBackupOrder)
                findings += NewestSetJudgement.findings(newest.run, outlook, now: Date())
                proven = Set(outlook.restorableNodes)
                for verdict in newest.nodes { unsealed[verdict.node] = verdict.unsealed }
            }
            try await look(for: names, in: manifests, claims, wanted, bucket, volumes)
            // Each run names every node of its day, those that it left out too.
            if manifests.count >= Self.step {
                let known = Set(manifests.flatMap { $0.nodes.map(\.node) })
                for name in names where !known.contains(name) && nodes[name]?.isFound == false {
                    nodes[name]?.newAfter = searchedCount
                }
            }
            // Suspect dumps are looked for in the newest runs alone: an older dump has a newer one above it.
            wanted = []
        }
    }

    /// Of the newest runs, down to the first that has ended. Requests only where a manifest says running.
    private mutating func findUnfinished(among manifests: [RunManifest], _ cluster: Cluster) async throws {
        let running = manifests.prefix { $0.verdict == .running }
        guard !running.isEmpty else { return }
        let bucket = cluster.impatientBucket
        let holder = try await cluster.leaseHolder(bucket)
        for run in running.filter({ holder?.isHeld(for: $0) != true }).map(\.run) {
            // It may have ended since its manifest was read.
            guard let manifest = try await bucket.manifest(run)?.value, manifest.verdict == .running else {
                continue
            }
            unfinished.append(UnfinishedRun(manifest))
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
        for names: [String], in manifests: [RunManifest], _ claims: VolumeClaims, _ wanted: Set<String>,
        _ bucket: ClusterBucket, _ volumes: VolumeJudge
    ) async throws {
        let before = nodes
        let unfound = names.filter { before[$0]?.isFound != true }
        let (proven, newest) = (proven, newestSet?.run)
        let outcomes = try await onEveryNode(unfound, width: Self.width) { node in
            try await Self.node(
                node, before[node] ?? Node(), in: manifests, claims, wanted, bucket, volumes, set: newest,
                isProven: proven.contains(node))
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
    ///   - claims: of these manifests and all newer ones.
    ///   - wanted: the configurations whose newest dumps are looked for, suspect ones to be told of.
    ///   - set: the newest that has ended.
    ///   - isProven: every object that it has of the node was looked up already.
    private static func node(
        _ node: String, _ before: Node, in manifests: [RunManifest], _ claims: VolumeClaims,
        _ wanted: Set<String>, _ bucket: ClusterBucket, _ volumes: VolumeJudge, set: RunName?,
        isProven: Bool
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
            // A run that goes on may have told all else; what the set needs stands in the set's own record.
            let isBehindSet = set.map { manifest.run < $0 } ?? true
            if facts.selfBackup != nil, newest.isComplete, isBehindSet { break }
            let hasSelf = manifest.configurations.contains { $0.role == .selfBackup }
            let isAsked = manifest.run == set || (hasSelf && facts.selfBackup == nil) || !newest.isComplete
            guard isAsked else { continue }
            // Where it is asked for its self-backup alone: as later runs have it, nothing is left of it.
            let isForSelf = manifest.run != set && newest.isComplete
            if isForSelf, claims.hasLostAll(verdict, in: manifest.run) == true { continue }
            do {
                guard let record = try await bucket.nodeRecord(manifest.run, node: node) else { continue }
                if manifest.run == set, verdict.state.isStored {
                    facts.sealedNeeds = try await SealedNeeds(record) { run in
                        try await bucket.nodeRecord(run, node: node)
                    }
                }
                facts.suspects += newest.suspects(in: record)
                guard hasSelf, facts.selfBackup == nil else { continue }
                await facts.takeSelfBackup(of: record, volumes, isProven: isProven && record.run == set)
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
