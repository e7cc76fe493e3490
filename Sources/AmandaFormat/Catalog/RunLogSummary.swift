// SPDX-License-Identifier: Apache-2.0

/// What one log says was dumped: which dumps are whole, and where their parts lie.
///
/// A dump counts only with its `DONE` and every part of it on a volume, as in `amadmin find`.
/// Source: Amanda 3.5.1 `server-src/find.c`, `search_logfile`.
public struct RunLogSummary: Equatable, Sendable {
    /// How a dump ended.
    public enum Status: Equatable, Sendable {
        case done
        /// `PARTIAL`, or parts are missing.
        case partial(reason: String)
        case failed(reason: String)
        /// No verdict: the run was cut short, or is still going on.
        case unfinished
    }

    /// One dump of the run, in the order of the verdicts.
    public struct Dump: Equatable, Sendable {
        public var name: LogDumpName
        public var parts: [LogPart]
        public var checksums: LogChecksums?
        public var originalKiB: Int64?
        public var status: Status
        /// The dumper had messages (`STRANGE`).
        public var isStrange: Bool
    }

    public private(set) var dumps: [Dump] = []
    /// The volumes that were written, in order.
    public private(set) var volumes: [LogVolume] = []
    /// The disks that the planner thought of (`DISK planner`), whatever became of them.
    public private(set) var plannedDisks: Set<DiskName> = []
    /// The disks that it left out on purpose, as with `skip-incr`.
    public private(set) var skippedDisks: Set<DiskName> = []
    /// The volumes whose dumps it gave up to write them, as they were labelled.
    public private(set) var givenUp: [VolumeHeader] = []
    /// `FINISH driver` is there.
    public private(set) var isFinished = false
    /// A process of the run: `INFO <program> <name> pid <n>`.
    public struct Process: Hashable, Sendable {
        public var program: String
        /// The name that it has in the process table.
        public var name: String
        public var pid: Int32
    }

    /// The processes of the run that have not said `pid-done`.
    public private(set) var openProcesses: [Process] = []

    /// Grows with the bytes of the log.
    public init(parsing log: [UInt8]) {
        self.init(
            log.split(separator: 0x0A).lazy.filter(Self.mayMatter).map { LogLine(parsing: $0) })
    }

    /// Only which volumes it wrote and gave up: a fraction of the time for a log of many dumps.
    public init(volumesOf log: [UInt8]) {
        self.init(
            log.split(separator: 0x0A).lazy.filter {
                $0.starts(with: "START taper ".utf8) || $0.starts(with: "STATS ".utf8)
            }.map { LogLine(parsing: $0) })
    }

    /// Neither what people are told, nor what dumper and chunker say of themselves.
    private static func mayMatter(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first, first != UInt8(ascii: " ") else { return false }
        return first != UInt8(ascii: "S") || !line.starts(with: "SUCCESS ".utf8)
            || line.starts(with: "SUCCESS planner ".utf8)
    }

    public init(_ lines: some Sequence<LogLine>) {
        var open: [LogDumpName: [LogPart]] = [:]
        var order: [LogDumpName] = []
        var strange: Set<[String]> = []
        for line in lines {
            switch line {
            case .startTaper(let volume): volumes.append(volume)
            case .disk("planner", let host, let disk): plannedDisks.insert(DiskName(host: host, disk: disk))
            case .skipped(let dump, _): skippedDisks.insert(DiskName(host: dump.host, disk: dump.disk))
            case .part(let part):
                if open[part.dump] == nil { order.append(part.dump) }
                open[part.dump, default: []].append(part)
            case .dump(let verdict):
                close(verdict.dump, parts: open.removeValue(forKey: verdict.dump) ?? [], verdict)
            case .fail(let failure):
                let parts = open.removeValue(forKey: failure.dump) ?? []
                add(failure.dump, parts, nil, nil, .failed(reason: failure.text))
            case .strange(let found): strange.insert([found.host, found.disk, String(found.level)])
            case .finish(let program, _, _) where program == "driver": isFinished = true
            case .note("INFO", let program, let text): noteProcess(program, text)
            case .note("STATS", _, _): if let volume = line.givenUp { givenUp.append(volume) }
            default: break
            }
        }
        for name in order {
            if let parts = open.removeValue(forKey: name) { add(name, parts, nil, nil, .unfinished) }
        }
        for index in dumps.indices {
            let name = dumps[index].name
            dumps[index].isStrange = strange.contains([name.host, name.disk, String(name.level)])
        }
    }

    private mutating func close(_ name: LogDumpName, parts: [LogPart], _ verdict: LogDump) {
        var status = Status.done
        let whole = Set(parts.filter { $0.failure == nil && $0.number >= 1 }.map(\.number))
        let count = max(verdict.partCount, parts.map(\.number).max() ?? 0)
        if let failure = verdict.failure {
            status = .partial(reason: failure)
        } else if count < 1 || whole.count < count {
            status = .partial(reason: "Missing part")
        }
        add(name, parts, verdict.checksums, verdict.statistics.originalKiB, status)
    }

    private mutating func add(
        _ name: LogDumpName, _ parts: [LogPart], _ checksums: LogChecksums?, _ originalKiB: Int64?,
        _ status: Status
    ) {
        dumps.append(
            Dump(
                name: name, parts: parts, checksums: checksums, originalKiB: originalKiB, status: status,
                isStrange: false))
    }

    private mutating func noteProcess(_ program: String, _ text: String) {
        let words = text.split(separator: " ")
        if words.count == 3, words[1] == "pid", let pid = Int32(words[2]) {
            openProcesses.append(Process(program: program, name: String(words[0]), pid: pid))
        } else if words.count == 2, words[0] == "pid-done", let pid = Int32(words[1]) {
            openProcesses.removeAll { $0.pid == pid }
        }
    }
}
