// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat
public import FoundationEssentials

/// `amfleet list`: every run, from the bucket; agents are asked only of volumes that lie elsewhere.
public struct RunListing: Sendable {
    public struct Row: Sendable, Encodable {
        public enum State: String, Sendable, Encodable {
            case running
            /// The manifest says running, and nobody holds the cluster.
            case unfinished
            case complete
            /// Some of its dumps lie on nodes' holding disks and not in the bucket yet.
            case held
            /// All of it is in the bucket, and some dumps are not believed to hold their disks.
            case suspect
            case partial
            case failed
            case cancelled
            /// A volume of it bears another run now.
            case overwritten
            /// There are records and no manifest that can be read.
            case unknown
        }

        public var run: RunName
        public var state: State
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
    }

    /// Newest first.
    public var rows: [Row]

    /// How many manifests are read at a time.
    private static let width = 16

    public init(_ cluster: Cluster) async throws {
        let bucket = cluster.impatientBucket
        let runs = try await bucket.runs()
        let lease = try await bucket.read(Lease.self, bucket.layout.lease)?.value
        let holder = lease.flatMap { $0.isReleased || $0.expiresAt <= cluster.storeTime() ? nil : $0 }
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
                    levels: [], remarks: [outcome.error?.message ?? "no manifest"])
            }
        }
    }

    static func row(_ manifest: RunManifest, _ outlook: RunOutlook, holder: Lease?) -> Row {
        let complete = manifest.nodes.filter { $0.state == .complete }
        let failed = manifest.nodes.filter { $0.state != .complete && $0.state != .running }
        return Row(
            run: manifest.run, state: state(manifest, outlook, holder: holder), startedAt: manifest.startedAt,
            finishedAt: manifest.finishedAt, completeNodes: complete.count, totalNodes: manifest.nodes.count,
            dumpedBytes: manifest.nodes.map(\.dumpedBytes).reduce(0, +),
            storedBytes: manifest.nodes.map(\.storedBytes).reduce(0, +), levels: outlook.levels.sorted(),
            remarks: failed.flatMap { verdict in
                let reasons = verdict.faults.map(\.message)
                return (verdict.state == .suspect ? reasons : Array(reasons.prefix(1)))
                    .ifEmpty([verdict.state.rawValue]).map { "\(verdict.node): \($0)" }
            } + outlook.remarks)
    }

    private static func state(_ manifest: RunManifest, _ outlook: RunOutlook, holder: Lease?) -> Row.State {
        switch manifest.verdict {
        case .running: return holder?.isHeld(for: manifest) == true ? .running : .unfinished
        case .failed: return .failed
        case .cancelled: return .cancelled
        case .complete, .held, .suspect, .partial:
            if outlook.isOverwritten { return .overwritten }
            return switch manifest.verdict {
            case .complete: .complete
            case .held: .held
            case .suspect: .suspect
            default: .partial
            }
        }
    }
}

extension [String] {
    fileprivate func ifEmpty(_ other: [String]) -> [String] { isEmpty ? other : self }
}
