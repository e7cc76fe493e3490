// SPDX-License-Identifier: Apache-2.0

/// One line of a run's log, `log.<datestamp>.<n>`: Amanda's catalogue of what lies where.
///
/// Shape: `TYPE program text`; a line that begins with two blanks continues the one before. Only what `amadmin find`,
/// `amfetchdump` and `amreport` read is typed; the rest is kept verbatim.
/// Source: Amanda 3.5.1 `server-src/logfile.c`, `find.c`, `perl/Amanda/Taper/Worker.pm`, `Report.pm`.
public enum LogLine: Equatable, Sendable {
    /// `START planner|driver|amflush date <datestamp>`
    case start(program: String, datestamp: String)
    /// `START taper datestamp …`: from here on `label` is being written.
    case startTaper(LogVolume)
    /// `DISK planner <host> <disk>`; the program is `amflush` in a flush, which dumps nothing.
    case disk(program: String = "planner", host: String, disk: String)
    /// `PART taper …`, or `PARTPARTIAL` when the part is not whole.
    case part(LogPart)
    /// `DONE taper …`, or `PARTIAL` when the dump is not whole.
    case dump(LogDump)
    /// `SUCCESS dumper|chunker …`
    case success(LogSuccess)
    /// `SUCCESS planner <host> <disk> <datestamp> <level> [skipped: <reason>]`: left out of the run, and no failure.
    case skipped(LogDumpName, reason: String)
    /// `STRANGE dumper …`: kept, but with messages, which follow as continuation lines.
    case strange(LogStrange)
    /// `FAIL <program> …`
    case fail(LogFailure)
    /// `FINISH <program> date <datestamp> time <seconds>`
    case finish(program: String, datestamp: String, seconds: String)
    /// `INFO`, `STATS`, `WARNING`, `ERROR`, `SUMMARY`, `FATAL`: text for people and for amreport.
    case note(kind: String, program: String, text: String)
    /// Anything else, verbatim, continuation lines included.
    case other(String)
}

/// The volume that a taper began to write.
public struct LogVolume: Equatable, Sendable {
    public var datestamp: String
    /// Nil in logs before Amanda 3.4; likewise `pool`.
    public var storage: String?
    var pool: String?
    public var label: String
    /// The volume's number within the run, from 1.
    public var number: Int

    public init(datestamp: String, storage: String?, pool: String?, label: String, number: Int) {
        self.datestamp = datestamp
        self.storage = storage
        self.pool = pool
        self.label = label
        self.number = number
    }
}

/// Which dump a line speaks of.
public struct LogDumpName: Hashable, Sendable {
    public var host: String
    public var disk: String
    /// The run that made the dump.
    public var datestamp: String
    public var level: Int

    public init(host: String, disk: String, datestamp: String, level: Int) {
        self.host = host
        self.disk = disk
        self.datestamp = datestamp
        self.level = level
    }
}

/// One dump part on a volume.
public struct LogPart: Equatable, Sendable {
    public var storage: String?
    var pool: String?
    public var label: String
    /// The file of the volume that holds it, from 1.
    public var fileNumber: Int
    public var dump: LogDumpName
    /// From 1.
    public var number: Int
    /// -1 when unknown, as always on S3.
    var total: Int
    public var statistics: LogStatistics
    /// Nil for `PART`; else the reason that follows in `PARTPARTIAL`.
    var failure: String?

    public init(
        storage: String?, pool: String?, label: String, fileNumber: Int, dump: LogDumpName, number: Int,
        total: Int = -1, statistics: LogStatistics, failure: String? = nil
    ) {
        self.storage = storage
        self.pool = pool
        self.label = label
        self.fileNumber = fileNumber
        self.dump = dump
        self.number = number
        self.total = total
        self.statistics = statistics
        self.failure = failure
    }
}

/// The verdict on a whole dump.
public struct LogDump: Equatable, Sendable {
    public var storage: String?
    var pool: String?
    public var dump: LogDumpName
    var partCount: Int
    /// Native, client and server, in this order; nil in old logs.
    var checksums: LogChecksums?
    var statistics: LogStatistics
    /// Nil for `DONE`; for `PARTIAL` the reason, empty where none is given.
    var failure: String?

    public init(
        storage: String?, pool: String?, dump: LogDumpName, partCount: Int, checksums: LogChecksums?,
        statistics: LogStatistics, failure: String? = nil
    ) {
        self.storage = storage
        self.pool = pool
        self.dump = dump
        self.partCount = partCount
        self.checksums = checksums
        self.statistics = statistics
        self.failure = failure
    }
}

/// The three checksums of a dump; see `DumpHeader` for what each covers.
public struct LogChecksums: Equatable, Sendable {
    public var native: CRCSize
    var client: CRCSize
    public var server: CRCSize

    public init(native: CRCSize, client: CRCSize, server: CRCSize) {
        self.native = native
        self.client = client
        self.server = server
    }
}

/// What the dumper or the chunker made of a dump, before it reached a volume.
public struct LogSuccess: Equatable, Sendable {
    /// `dumper` (native and client checksum) or `chunker` (server's).
    public var program: String
    public var dump: LogDumpName
    var checksums: [CRCSize]
    var statistics: LogStatistics

    public init(program: String, dump: LogDumpName, checksums: [CRCSize], statistics: LogStatistics) {
        self.program = program
        self.dump = dump
        self.checksums = checksums
        self.statistics = statistics
    }
}

/// A dump with messages; Amanda writes no datestamp here.
public struct LogStrange: Equatable, Sendable {
    public var host: String
    public var disk: String
    public var level: Int
    var checksums: [CRCSize]
    var statistics: LogStatistics

    public init(host: String, disk: String, level: Int, checksums: [CRCSize], statistics: LogStatistics) {
        self.host = host
        self.disk = disk
        self.level = level
        self.checksums = checksums
        self.statistics = statistics
    }
}

/// A dump that failed.
public struct LogFailure: Equatable, Sendable {
    public var program: String
    public var storage: String?
    var pool: String?
    public var dump: LogDumpName
    /// What follows the level verbatim: `[reason]`, or `error "reason"` of the taper.
    public var text: String

    public init(program: String, storage: String? = nil, pool: String? = nil, dump: LogDumpName, text: String)
    {
        self.program = program
        self.storage = storage
        self.pool = pool
        self.dump = dump
        self.text = text
    }
}
