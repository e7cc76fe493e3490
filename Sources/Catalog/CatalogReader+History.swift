// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

extension CatalogReader {
    /// Reads every log, also those that amtrmlog has put away (`oldlog`) because their volumes are gone. Grows with all runs that
    /// ever were; what is planned every night asks for `recentHistory`.
    public func history() throws -> DumpHistory {
        var reading = HistoryReading(self, runs: try tapelist().runs)
        for log in try allLogs() { try reading.read(log) }
        return reading.history
    }

    /// What a run's increments can build on: of each disk all that is known since its newest full dump, and the attempt before that.
    ///
    /// Logs are read from the newest back, until nothing in an older one can matter to any of the disks: a chain ends with the
    /// newest full dump there is, overwritten or not; and a disk of which no whole dump is left on a volume has no base, whatever
    /// old logs tell. So it grows with the disks, with the runs since their full dumps and with those that volumes still bear, not with
    /// the runs that ever were.
    ///
    /// - Parameters:
    ///   - names: the disks; of others it may know less.
    ///   - run: whose dumps are to build on something: that is older.
    public func recentHistory(of names: some Sequence<DiskName>, before run: Datestamp) throws -> DumpHistory
    {
        let runs = try tapelist().runs
        var reading = HistoryReading(self, runs: runs)
        let logs = try allLogs().reversed()
        var listed: [String: HistoryReading.Log] = [:]
        for log in logs where runs[log.run] != nil { listed[log.path] = try reading.read(log) }
        var open = OpenDisks(names, before: run, stored: reading.history.dumps.filter(\.isWhole))
        for log in logs {
            guard !open.areSettled(beforeReading: log.run) else { break }
            open.take(try listed[log.path] ?? reading.read(log), of: log.run)
        }
        return reading.history
    }

    /// Oldest first, those put away included.
    private func allLogs() throws -> [(run: Datestamp, path: String)] {
        let logs = try logs(in: "\(location.logDirectory)/oldlog") + logs(in: location.logDirectory)
        return logs.sorted { ($0.run, $0.path) < ($1.run, $1.path) }
    }
}

extension Tapelist {
    /// The labels of the volumes that bear each run.
    fileprivate var runs: [Datestamp: Set<String>] {
        var labels: [Datestamp: Set<String>] = [:]
        for entry in entries {
            if let run = entry.datestamp { labels[run, default: []].insert(entry.label) }
        }
        return labels
    }
}

/// A history while its logs are read.
private struct HistoryReading {
    /// What one log told.
    struct Log {
        let dumps: [CatalogDump]
        let planned: Set<DiskName>
    }

    private let reader: CatalogReader
    private let runs: [Datestamp: Set<String>]
    private var dumps: [CatalogDump] = []
    private var attempts: [DiskName: Set<Datestamp>] = [:]
    private var omissions: [DiskName: Set<Datestamp>] = [:]

    init(_ reader: CatalogReader, runs: [Datestamp: Set<String>]) {
        self.reader = reader
        self.runs = runs
    }

    @discardableResult
    mutating func read(_ log: (run: Datestamp, path: String)) throws -> Log {
        let summary = try reader.summary(log.path)
        let found = summary.dumps.compactMap {
            reader.dump(from: $0, run: log.run, labels: runs[log.run] ?? [], log: log.path)
        }
        dumps += found
        for name in summary.plannedDisks { attempts[name, default: []].insert(log.run) }
        for name in summary.skippedDisks { omissions[name, default: []].insert(log.run) }
        return Log(dumps: found, planned: summary.plannedDisks)
    }

    /// With what a dry run adds.
    var history: DumpHistory {
        DumpHistory(
            dumps: dumps + reader.recovered { runs[$0] ?? [] }, attempts: attempts, omissions: omissions)
    }
}

/// Disks about which older logs may still tell something, while logs are read from the newest back.
private struct OpenDisks {
    /// How many more logs are looked through for the attempt before a full dump: it only bounds when the dump's snapshot can have
    /// been made, which the attempt after it does as well.
    fileprivate static let patience = 8

    fileprivate struct Disk {
        /// The datestamps of its whole dumps, ascending.
        var stored: [String] = []
        /// The newest full one that was whole.
        var full: String?
        var logsSinceFull = 0
    }

    /// The datestamp that nothing newer can be built on.
    private let end: String
    private var disks: [DiskName: Disk]

    init(_ names: some Sequence<DiskName>, before run: Datestamp, stored: [CatalogDump]) {
        end = run.description
        disks = Dictionary(names.map { ($0, Disk()) }, uniquingKeysWith: { first, _ in first })
        for dump in stored where dump.name.datestamp < end {
            disks[dump.diskName]?.stored.append(dump.name.datestamp)
        }
        for name in disks.keys { disks[name]?.stored.sort() }
    }

    /// Whether no log of `run` or an older one matters.
    mutating func areSettled(beforeReading run: Datestamp) -> Bool {
        disks = disks.filter { !$0.value.isSettled(beforeReading: run.description) }
        return disks.isEmpty
    }

    mutating func take(_ log: HistoryReading.Log, of run: Datestamp) {
        for name in disks.keys {
            guard let full = disks[name]?.full, run.description < full else { continue }
            disks[name]?.logsSinceFull += log.planned.contains(name) ? OpenDisks.patience : 1
        }
        for dump in log.dumps where dump.wasWhole && dump.name.level == 0 && dump.name.datestamp < end {
            guard let disk = disks[dump.diskName] else { continue }
            disks[dump.diskName]?.full = max(disk.full ?? "", dump.name.datestamp)
        }
    }
}

extension OpenDisks.Disk {
    /// A dump lies in a log of its own run, or of a later one that flushed it.
    fileprivate func isSettled(beforeReading run: String) -> Bool {
        if let full { return run < full && logsSinceFull >= OpenDisks.patience }
        return stored.first.map { run < $0 } ?? true
    }
}
