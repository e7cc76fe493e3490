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
    /// Lines that this version cannot read: damaged, or a later version's. However many there are, they are held as one text.
    public struct Unread: Sendable, Equatable {
        /// Of so many, the first, the reason is kept.
        public static let reasonLimit = 20

        /// As they stand there.
        fileprivate(set) var bytes: [UInt8] = []
        public fileprivate(set) var count = 0
        /// Each with the object's key and the line's number.
        public fileprivate(set) var reasons: [WireJSONError] = []

        fileprivate mutating func add(
            _ line: some Sequence<UInt8>, _ reason: @autoclosure () -> WireJSONError
        ) {
            bytes += line
            bytes.append(0x0A)
            count += 1
            if reasons.count < Self.reasonLimit { reasons.append(reason()) }
        }

        fileprivate mutating func join(_ other: Unread) {
            bytes += other.bytes
            count += other.count
            reasons = Array((reasons + other.reasons).prefix(Self.reasonLimit))
        }
    }

    /// By the run's name, in its order.
    public private(set) var lines: [HistoryLine]
    /// They cost no other line: they are named, and stand behind all others when the object is written again.
    public private(set) var unread = Unread()

    public init(_ lines: [HistoryLine] = []) {
        self.lines = lines
    }

    /// Lines that stand twice or in another order, as an editor or a second copy leaves them, are taken as `add` would have written them.
    ///
    /// - Parameter what: names the object in what is said of a line that cannot be read.
    public init(parsing bytes: [UInt8], what: String) {
        lines = []
        var (rest, number) = (bytes[...], 0)
        while !rest.isEmpty {
            let text = rest.prefix { $0 != 0x0A }
            rest = rest.dropFirst(text.count + 1)
            number += 1
            if !text.isEmpty { take(text, "\(what), line \(number)") }
        }
        let newest = Dictionary(lines.map { ($0.run, $0) }) { $1.revision >= $0.revision ? $1 : $0 }
        lines = newest.values.sorted { $0.run < $1.run }
    }

    /// Shorter than any line of ours.
    private static let leastByteCount = 128

    private mutating func take(_ text: ArraySlice<UInt8>, _ what: String) {
        // Of millions of scraps none is tried once their reasons are told no more.
        guard text.count >= Self.leastByteCount || unread.reasons.count < Unread.reasonLimit else {
            return unread.add(text, WireJSONError(what: what, reason: ""))
        }
        do {
            lines.append(try WireJSON.read(from: Array(text), what: what))
        } catch let reason as WireJSONError {
            unread.add(text, reason)
        } catch {
            unread.add(text, WireJSONError(what: what, reason: "\(error)"))
        }
    }

    /// One that cannot be read at all.
    public init(unread reason: WireJSONError) {
        lines = []
        unread.count = 1
        unread.reasons = [reason]
    }

    /// The same with what another part of the year has; of a run that both have, the later part's.
    public func joined(with other: RunHistory) -> RunHistory {
        guard !lines.isEmpty || unread.count > 0 else { return other }
        var joined = self
        let theirs = Set(other.lines.map(\.run))
        joined.lines = (lines.filter { !theirs.contains($0.run) } + other.lines).sorted { $0.run < $1.run }
        joined.unread.join(other.unread)
        return joined
    }

    public func bytes() throws -> [UInt8] {
        try lines.flatMap { try WireJSON.line($0) } + unread.bytes
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
