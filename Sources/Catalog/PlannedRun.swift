// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What a run is to do, as the catalog tells it: the dumps, what is left out and why, and the planner's remarks.
public struct PlannedRun: Sendable, Equatable {
    /// How large a dump is expected to be, and how long to take.
    public struct Estimate: Sendable, Equatable {
        /// Before compression.
        var originalKiB: Int64
        /// As stored.
        var storedKiB: Int64
        public var seconds: Int64
        /// KiB/s of what is stored.
        var rate: Int64

        /// - Parameter rate: Amanda's own guess where nothing is known, by default.
        public init(originalKiB: Int64, storedKiB: Int64, seconds: Int64? = nil, rate: Int64 = 1024) {
            self.originalKiB = originalKiB
            self.storedKiB = storedKiB
            self.seconds = seconds ?? storedKiB / max(1, rate)
            self.rate = rate
        }
    }

    /// A dump that is to be made.
    public struct Dump: Sendable, Equatable {
        public var host: String
        public var disk: String
        public var level: Int
        /// As Amanda's planner counts it: of the dumptype, and the days that a full dump is overdue.
        var priority: Int
        /// Nil: nobody knows.
        var estimate: Estimate?

        public init(host: String, disk: String, level: Int, priority: Int = 0, estimate: Estimate? = nil) {
            self.host = host
            self.disk = disk
            self.level = level
            self.priority = priority
            self.estimate = estimate
        }
    }

    /// A disk that is not dumped in this run.
    public struct LeftOut: Sendable, Equatable {
        public enum Cause: Sendable, Equatable {
            /// The configuration wants it so, as with `skip-incr`: not a failure.
            case wish
            /// An earlier attempt of the run has stored it: not a failure.
            case stored
            /// It could not be estimated, or does not fit: `FAILED` in the report.
            case failure
        }

        public var host: String
        public var disk: String
        public var level: Int
        public var cause: Cause
        public var reason: String

        public init(host: String, disk: String, level: Int, cause: Cause, reason: String) {
            self.host = host
            self.disk = disk
            self.level = level
            self.cause = cause
            self.reason = reason
        }
    }

    /// In the order in which they are queued.
    public var dumps: [Dump]
    public var leftOut: [LeftOut]
    /// For the report's notes.
    var notes: [String]
    var warnings: [String]
    /// To be written into `curinfo`: what the planner has learnt of full dumps that were made by other means.
    public var infoUpdates: [DiskName: Info]

    public init(
        dumps: [Dump], leftOut: [LeftOut] = [], notes: [String] = [], warnings: [String] = [],
        infoUpdates: [DiskName: Info] = [:]
    ) {
        self.dumps = dumps
        self.leftOut = leftOut
        self.notes = notes
        self.warnings = warnings
        self.infoUpdates = infoUpdates
    }

    /// The planner's lines, in stock Amanda's order.
    func logLines(run: Datestamp) -> [LogLine] {
        notes.map { .note(kind: "INFO", program: "planner", text: $0) }
            + warnings.map { .note(kind: "WARNING", program: "planner", text: $0) }
            + leftOut.map { $0.logLine(run: run) }
    }

    /// `STATS driver estimate …` of a dump that has been made; nil where nothing was expected.
    func estimateLine(_ dump: LogDumpName) -> LogLine? {
        guard let estimate = estimate(of: dump) else { return nil }
        let names = "\(AmandaQuotedString.quote(dump.host)) \(AmandaQuotedString.quote(dump.disk))"
        let figures =
            "[sec \(estimate.seconds) nkb \(estimate.originalKiB) ckb \(estimate.storedKiB) kps \(estimate.rate)]"
        return .note(
            kind: "STATS", program: "driver",
            text: "estimate \(names) \(dump.datestamp) \(dump.level) \(figures)")
    }

    func estimate(of dump: LogDumpName) -> Estimate? {
        dumps.first { $0.host == dump.host && $0.disk == dump.disk && $0.level == dump.level }?.estimate
    }
}

extension PlannedRun.LeftOut {
    func logLine(run: Datestamp) -> LogLine {
        let name = LogDumpName(host: host, disk: disk, datestamp: run.description, level: level)
        switch cause {
        case .failure:
            return .fail(LogFailure(program: "planner", dump: name, text: "[\(reason)]"))
        case .wish, .stored:
            return .skipped(name, reason: reason)
        }
    }
}
