// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// What the bucket says of the cluster, for `status`.
struct BucketFacts: Sendable {
    /// How many of the newest runs are searched for a node's self-backup.
    static let depth = 20

    struct Node: Sendable {
        var lastRun: RunName?
        var lastRunState: NodeVerdict.State?
        var selfBackup: RunName?
        var selfBackupFinishedAt: Date?
        /// Disks whose newest dump is not believed to hold them.
        var suspects: [Suspect] = []
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

    /// - Throws: `CancellationError` only; any other failure is a finding.
    init(_ cluster: Cluster, nodes names: [String]) async throws {
        do {
            let isOurs = try await cluster.clusterGuard(cluster.impatientBucket).check()
            guard isOurs else {
                isKnown = true
                return
            }
            try await read(cluster, names)
            isKnown = true
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            let wire = WireError(of: error)
            findings.append(.init(.problem, "the bucket cannot be read: \(wire.message)", fix: wire.hint))
        }
    }

    private mutating func read(_ cluster: Cluster, _ names: [String]) async throws {
        let bucket = cluster.impatientBucket
        let volumes = cluster.volumeJudge()
        var manifests: [RunManifest] = []
        for run in try await bucket.runs().suffix(Self.depth).reversed() {
            if let manifest = try await bucket.manifest(run)?.value { manifests.append(manifest) }
        }
        if let newest = manifests.first(where: { $0.verdict != .running }) {
            let outlook = try await RunOutlook(
                newest, bucket: bucket, volumes: volumes, provesObjects: true)
            newestSet = StatusJudgement.newestSet(newest, outlook, nodes: names)
        }
        let known = manifests
        let wanted = Set(cluster.settings.configurations.inBackupOrder.map(\.name))
        let outcomes = try await onEveryNode(names, width: 16) { node in
            try await Self.node(node, in: known, wanted, bucket, volumes)
        }
        for outcome in outcomes {
            nodes[outcome.node] = outcome.report
            if let error = outcome.error {
                findings.append(
                    .init(
                        .problem, node: outcome.node, "its records cannot be read: \(error.message)",
                        fix: error.hint))
            }
        }
    }

    /// - Parameter wanted: the configurations whose newest dumps are looked for.
    private static func node(
        _ node: String, in manifests: [RunManifest], _ wanted: Set<String>, _ bucket: ClusterBucket,
        _ volumes: VolumeJudge
    ) async throws -> Node {
        var facts = Node()
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
            guard var record = try await bucket.nodeRecord(manifest.run, node: node) else { continue }
            facts.suspects += newest.suspects(in: record)
            guard facts.selfBackup == nil else { continue }
            record.configurations = record.configurations.filter { $0.role == .selfBackup && $0.isComplete }
            guard !record.configurations.isEmpty, await volumes.restorability(of: record) == .restorable
            else { continue }
            facts.selfBackup = manifest.run
            facts.selfBackupFinishedAt = record.finishedAt
        }
        return facts
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

    init(of configurations: Set<String>) {
        wanted = configurations
    }

    /// Older records have nothing to say of a disk that is still dumped.
    var isComplete: Bool { wanted.isEmpty }

    mutating func suspects(in record: NodeRecord) -> [BucketFacts.Suspect] {
        var suspects: [BucketFacts.Suspect] = []
        for configuration in record.configurations where wanted.contains(configuration.name) {
            for dump in configuration.dumps where dump.isMade {
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
