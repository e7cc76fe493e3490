// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// What stays of a run of which every volume has been overwritten: one line of `history/<year>.jsonl`. Its manifest and records go.
public struct HistoryLine: Codable, Sendable, Equatable {
    public struct Node: Codable, Sendable, Equatable {
        public var node: String
        public var state: NodeVerdict.State
        public var dumpedBytes: Int64
        public var storedBytes: Int64
        /// Why it was not complete, in one sentence; nil: it was, or nobody said.
        public var reason: String?
    }

    var format: Int
    public var cluster: String
    public var run: RunName
    /// Of the manifest that went.
    public var revision: Int
    public var fence: Int
    /// Who made it: `user@host, pid N`.
    public var coordinator: String
    /// Options that the operator gave; nil: not known.
    public var flags: [String]?
    public var startedAt: Date
    public var finishedAt: Date?
    /// How it ended.
    public var verdict: RunManifest.Verdict
    public var configurations: [ConfigurationChoice]
    public var levels: [Int]
    public var nodes: [Node]
    /// When every volume of it was seen to bear another run.
    public var overwrittenBy: Date
    /// False: it never wrote one.
    public var hadVolumes: Bool

    public init(_ manifest: RunManifest, overwrittenBy: Date, hadVolumes: Bool) {
        format = WireJSON.format
        cluster = manifest.cluster
        run = manifest.run
        revision = manifest.revision
        fence = manifest.fence
        coordinator = manifest.coordinator
        flags = manifest.flags
        startedAt = manifest.startedAt
        finishedAt = manifest.finishedAt
        verdict = manifest.verdict
        configurations = manifest.configurations
        levels = Set(manifest.nodes.flatMap { $0.volumes?.levels ?? [] }).sorted()
        nodes = manifest.nodes.map { verdict in
            Node(
                node: verdict.node, state: verdict.state, dumpedBytes: verdict.dumpedBytes,
                storedBytes: verdict.storedBytes, reason: verdict.error.map { String($0.message.prefix(500)) }
            )
        }
        self.overwrittenBy = overwrittenBy
        self.hadVolumes = hadVolumes
    }
}

/// A year of runs that are gone (`history/<year>.jsonl`), oldest first: a line a run, so that `grep` and `jq` read it too.
public struct RunHistory: Sendable, Equatable {
    /// A line that this version cannot read: damaged, or a later version's.
    public struct Unread: Sendable, Equatable {
        let bytes: [UInt8]
        /// With the object's key and the line's number.
        public let reason: WireJSONError
    }

    /// By the run's name, in its order.
    public private(set) var lines: [HistoryLine]
    /// They cost no other line: they are named, and stand behind all others when the object is written again.
    public private(set) var unread: [Unread] = []

    public init(_ lines: [HistoryLine] = []) {
        self.lines = lines
    }

    /// - Parameter what: names the object in what is said of a line that cannot be read.
    public init(parsing bytes: [UInt8], what: String) {
        lines = []
        for (index, text) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where !text.isEmpty {
            do {
                lines.append(
                    try WireJSON.read(from: Array(text), what: "\(what), line \(index + 1)"))
            } catch let reason as WireJSONError {
                unread.append(Unread(bytes: Array(text), reason: reason))
            } catch {
                unread.append(
                    Unread(bytes: Array(text), reason: WireJSONError(what: what, reason: "\(error)")))
            }
        }
    }

    /// One that cannot be read at all.
    public init(unread reason: WireJSONError) {
        lines = []
        unread = [Unread(bytes: [], reason: reason)]
    }

    /// The same with what another part of the year has; of a run that both have, the later part's.
    public func joined(with other: RunHistory) -> RunHistory {
        guard !lines.isEmpty || !unread.isEmpty else { return other }
        var joined = self
        let theirs = Set(other.lines.map(\.run))
        joined.lines = (lines.filter { !theirs.contains($0.run) } + other.lines).sorted { $0.run < $1.run }
        joined.unread += other.unread
        return joined
    }

    public func bytes() throws -> [UInt8] {
        try lines.flatMap { try WireJSON.line($0) } + unread.flatMap { $0.bytes + [0x0A] }
    }

    public func line(of run: RunName) -> HistoryLine? { lines.first { $0.run == run } }

    /// In the place of a line of the same run, if there is one.
    public mutating func add(_ line: HistoryLine) {
        lines.removeAll { $0.run == line.run }
        let index = lines.firstIndex { $0.run > line.run } ?? lines.endIndex
        lines.insert(line, at: index)
    }
}

/// How far `backup` has looked through old runs (`history/seen.json`): the next one goes on there.
public struct HistoryProgress: Codable, Sendable, Equatable {
    /// Why records of runs that are history stay.
    public struct Refusal: Codable, Sendable, Equatable {
        public var kind: WireError.Kind
        /// When the operator was told.
        public var toldAt: Date

        public init(kind: WireError.Kind, toldAt: Date) {
            self.kind = kind
            self.toldAt = toldAt
        }
    }

    var format: Int
    public var seen: RunName
    /// Nil: what was to go went.
    public var refusal: Refusal?

    public init(seen: RunName, refusal: Refusal? = nil) {
        format = WireJSON.format
        self.seen = seen
        self.refusal = refusal
    }
}
