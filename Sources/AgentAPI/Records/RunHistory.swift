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
    /// By the run's name, in its order.
    public private(set) var lines: [HistoryLine]

    public init(_ lines: [HistoryLine] = []) {
        self.lines = lines
    }

    /// - Throws: `WireJSONError` for the first line that is none, with its number.
    public init(parsing bytes: [UInt8], what: String) throws {
        lines = try bytes.split(separator: 0x0A).enumerated().map { number, line in
            try WireJSON.read(from: Array(line), what: "\(what), line \(number + 1)")
        }
    }

    public func bytes() throws -> [UInt8] { try lines.flatMap { try WireJSON.line($0) } }

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
    var format: Int
    public var seen: RunName

    public init(seen: RunName) {
        format = WireJSON.format
        self.seen = seen
    }
}
