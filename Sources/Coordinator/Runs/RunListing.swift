// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat
public import FoundationEssentials

/// `amfleet list`: runs as their manifests record them; neither volumes nor nodes are looked at.
///
/// Cost: a listing of the names, and a manifest a run that is shown; where these are fewer than wanted, the history by years.
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
        /// Of its dumps, ascending: 0 alone is a full backup. Empty: not recorded.
        public var levels: [Int]
        /// What a person should know: nodes that failed, volumes that are gone.
        public var remarks: [String]
        /// What could not be read, with the reason; nil: nothing.
        public var unknown: [String]?
        /// Nobody overwrites it until it is unpinned; nil: it is not.
        public var pin: RunPin?
        /// Every volume of it is overwritten, and this is all that is kept; nil: its manifest is there.
        public var isHistory: Bool?
    }

    /// Newest first.
    public var rows: [Row]
    /// How many runs have anything in the bucket, shown or not; the history's are not among them.
    public var runCount: Int
    /// Whether more may be shown, with `--all`.
    public var isCut: Bool
    /// Lines of the history that could not be read, with the reason: runs that are not among the rows. Of each year the first.
    public var unreadHistory: [String] = []
    /// How many there are.
    public var unreadHistoryCount = 0

    /// How many manifests are read at a time.
    private static let width = 16
    /// Names without a manifest that are shown: whoever may write a record may make a name, and as many as are passed over anywhere
    /// (`ClusterBucket.nameLimit`) hide no run.
    private static let shownNameLimit = 20

    init(rows: [Row]) {
        self.rows = rows
        runCount = rows.count
        isCut = false
    }

    public init(_ cluster: Cluster, _ options: ListOptions) async throws {
        let bucket = cluster.impatientBucket
        _ = try await cluster.clusterGuard(bucket).check()
        let all = try await bucket.runs()
        let names = all.filter { run in options.since.map { run >= $0 } ?? true }
        let holder = try await cluster.leaseHolder(bucket)
        var (rows, rest) = ([Row](), names.reversed()[...])
        var history = HistoryYears(HistoryReader(bucket: bucket))
        var (claims, runCount, emptyCount) = (VolumeClaims(), 0, 0)
        while !rest.isEmpty, emptyCount < ClusterBucket.nameLimit, options.lacks(runCount) {
            let step = rest.prefix(options.limit.map { $0 - runCount } ?? rest.count)
            rest = rest.dropFirst(step.count)
            for outcome in try await Self.manifests(of: step, bucket) {
                if let manifest = outcome.report?.flatMap(\.self) {
                    runCount += 1
                    claims.add(manifest)
                    rows.append(
                        Self.row(manifest, RunOutlook(recorded: manifest, claims), holder: holder))
                } else if outcome.error == nil, let line = try await history.line(of: outcome.node) {
                    // A store may show a folder of which nothing is left.
                    runCount += 1
                    rows.append(Self.row(line))
                } else {
                    emptyCount += 1
                    let isShown =
                        options.limit == nil || outcome.error != nil || emptyCount <= Self.shownNameLimit
                    if isShown { rows += [Self.unread(outcome)].compactMap(\.self) }
                }
            }
        }
        self.runCount = all.count
        isCut =
            !rest.isEmpty || names.count < all.count
            || (options.limit != nil && emptyCount > Self.shownNameLimit)
        if rest.isEmpty, options.lacks(runCount) {
            let left = options.limit.map { $0 - runCount }
            let shown = Set(rows.map(\.run))
            let found = try await HistoryReader(bucket: bucket).newest(options.limit, since: options.since)
            let lines = found.lines.filter { line in
                !shown.contains(line.run) && options.since.map { line.run >= $0 } ?? true
            }
            (unreadHistory, unreadHistoryCount) = (found.unread.map(\.facts), found.unreadCount)
            rows += lines.prefix(left ?? lines.count).map(Self.row)
            isCut = isCut || lines.count > left ?? lines.count
        } else {
            isCut = isCut || options.limit != nil
        }
        self.rows = rows.sorted { $0.run > $1.run }
    }

    private static func manifests(
        of runs: some Sequence<RunName>, _ bucket: ClusterBucket
    ) async throws -> [NodeOutcome<RunManifest?>] {
        try await onEveryNode(runs.map(\.digits), width: width) { digits in
            guard let run = RunName(digits) else { return nil }
            return try await bucket.manifest(run)?.value
        }
    }

    /// A run without a manifest, or with one that cannot be read.
    private static func unread(_ outcome: NodeOutcome<RunManifest?>) -> Row? {
        RunName(outcome.node).map {
            Row(
                run: $0, state: .unknown, completeNodes: 0, totalNodes: 0, dumpedBytes: 0, storedBytes: 0,
                levels: [], remarks: [outcome.error.map { "unknown: \($0.message)" } ?? "no manifest"],
                unknown: outcome.error.map { ["its manifest: \($0.message)"] })
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
            } + unsealed(manifest) + outlook.remarks, pin: manifest.pin)
    }

    private static func unsealed(_ manifest: RunManifest) -> [String] {
        manifest.nodes.flatMap { verdict in
            (verdict.unsealed ?? []).prefix(1).map { "\(verdict.node): \($0.message)" }
        }
    }

    static func row(_ line: HistoryLine) -> Row {
        Row(
            run: line.run, state: .overwritten, startedAt: line.startedAt, finishedAt: line.finishedAt,
            completeNodes: line.nodes.count { $0.state == .complete }, totalNodes: line.nodes.count,
            dumpedBytes: line.nodes.map(\.dumpedBytes).byteSum,
            storedBytes: line.nodes.map(\.storedBytes).byteSum, levels: line.levels, remarks: [],
            isHistory: true)
    }
}

extension ListOptions {
    fileprivate func lacks(_ count: Int) -> Bool { limit.map { count < $0 } ?? true }
}

extension [String] {
    fileprivate func ifEmpty(_ other: [String]) -> [String] { isEmpty ? other : self }
}
