// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat
public import FoundationEssentials

/// `amfleet list`: every run, from the bucket; agents are asked only of volumes that lie elsewhere.
public struct RunListing: Sendable {
    public struct Row: Sendable, Encodable {
        public var run: RunName
        public var state: RunState
        public var startedAt: Date?
        public var finishedAt: Date?
        public var completeNodes: Int
        public var totalNodes: Int
        public var dumpedBytes: Int64
        public var storedBytes: Int64
        /// Of its dumps, ascending: 0 alone is a full backup.
        public var levels: [Int]
        /// What a person should know: nodes that failed, volumes that are gone.
        public var remarks: [String]
        /// What could not be looked at, with the reason; nil: nothing.
        public var unknown: [String]?
        /// Nobody overwrites it until it is unpinned; nil: it is not.
        public var pin: RunPin?
    }

    /// Newest first.
    public var rows: [Row]

    /// How many manifests are read at a time.
    private static let width = 16

    public init(_ cluster: Cluster) async throws {
        let bucket = cluster.impatientBucket
        _ = try await cluster.clusterGuard(bucket).check()
        let runs = try await bucket.runs()
        let holder = try await cluster.leaseHolder(bucket)
        let volumes = cluster.volumeJudge()
        let outcomes = try await onEveryNode(runs.reversed().map(\.digits), width: Self.width) {
            digits -> Row? in
            guard let run = RunName(digits) else { return nil }
            guard let manifest = try await bucket.manifest(run)?.value else { return nil }
            let outlook = try await RunOutlook(manifest, bucket: bucket, volumes: volumes)
            return Self.row(manifest, outlook, holder: holder)
        }
        rows = outcomes.compactMap { outcome in
            if let row = outcome.report.flatMap({ $0 }) { return row }
            return RunName(outcome.node).map {
                Row(
                    run: $0, state: .unknown, completeNodes: 0, totalNodes: 0, dumpedBytes: 0, storedBytes: 0,
                    levels: [], remarks: [outcome.error.map { "unknown: \($0.message)" } ?? "no manifest"],
                    unknown: outcome.error.map { ["its manifest: \($0.message)"] })
            }
        }
    }

    static func row(_ manifest: RunManifest, _ outlook: RunOutlook, holder: Lease?) -> Row {
        let complete = manifest.nodes.filter { $0.state == .complete }
        let failed = manifest.nodes.filter { $0.state != .complete && $0.state != .running }
        return Row(
            run: manifest.run, state: RunState(manifest, outlook, holder: holder),
            startedAt: manifest.startedAt,
            finishedAt: manifest.finishedAt, completeNodes: complete.count, totalNodes: manifest.nodes.count,
            dumpedBytes: manifest.nodes.map(\.dumpedBytes).byteSum,
            storedBytes: manifest.nodes.map(\.storedBytes).byteSum, levels: outlook.levels.sorted(),
            remarks: failed.flatMap { verdict in
                let reasons = verdict.faults.map(\.message)
                return (verdict.state == .suspect ? reasons : Array(reasons.prefix(1)))
                    .ifEmpty([verdict.state.rawValue]).map { "\(verdict.node): \($0)" }
            } + outlook.remarks,
            unknown: outlook.unknowns.isEmpty ? nil : outlook.unknowns, pin: manifest.pin)
    }
}

extension [String] {
    fileprivate func ifEmpty(_ other: [String]) -> [String] { isEmpty ? other : self }
}
