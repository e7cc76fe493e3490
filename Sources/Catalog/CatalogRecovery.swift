// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

/// Enters runs that the bucket knows and the catalog does not, so that both programs see them again.
///
/// For each run, oldest first: its log in one go, the headers of its dumps beside their indexes, what the planner remembers,
/// and last the tapelist, from when on it is listed. A crash anywhere is made good by doing all of it again.
public struct CatalogRecovery: Sendable {
    let location: CatalogLocation

    public init(_ location: CatalogLocation) {
        self.location = location
    }

    /// Blocks. Costs what its logs cost; nothing for no runs.
    ///
    /// - Throws: `CatalogError.isRunning` where one of Amanda's programs is in the middle of a run, which may be one of these.
    public func enter(_ runs: [RecoveredRun]) throws {
        guard !runs.isEmpty else { return }
        try CatalogReader(location).refuseIfRunning()
        for run in runs.sorted(by: { $0.run < $1.run }) {
            try writeLog(run)
            for dump in run.dumps {
                try IndexWriter(location: location).writeHeader(dump.logged)
                try InfoFile(location: location).enter(dump)
            }
            try TapelistFile(location).update { run.enter(in: &$0, location) }
        }
    }

    /// `log` goes on pointing to the newest run of this machine.
    private func writeLog(_ run: RecoveredRun) throws {
        let known = try CatalogReader(location).loggedDumps(of: run.run)
        if let known, run.dumps.allSatisfy({ known.contains($0.name) }) { return }
        let lines = run.logLines(location, besides: known ?? [])
        let text = lines.map { RunLog.oneLine($0.text) + "\n" }.joined()
        try FileSystem.makeDirectories(location.logDirectory, mode: 0o700, by: location.owner)
        try FileSystem.writeAtomically(
            RunLog.nextPath(run.run, location).path, text.amandaBytes, mode: 0o600, by: location.owner)
    }
}

extension CatalogReader {
    /// The whole dumps that a run's logs have; nil: it has no log.
    public func loggedDumps(of run: Datestamp) throws -> Set<LogDumpName>? {
        let logs = try logs(of: run)
        guard !logs.isEmpty else { return nil }
        let dumps = try logs.flatMap { try summary($0).dumps }
        return Set(dumps.filter { $0.status == .done }.map(\.name))
    }

    /// Of runs that the tapelist has, those whose logs are not there, or do not tell how they ended.
    public func untoldRuns(among runs: Set<Datestamp>) throws -> Set<Datestamp> {
        try runs.filter { run in
            let logs = try logs(of: run)
            return try logs.isEmpty || !logs.contains { try summary($0).isFinished }
        }
    }
}

extension InfoFile {
    /// Enters a dump unless a newer one is known: then it is part of what that one replaced.
    func enter(_ dump: RecoveredRun.Dump) throws {
        let (name, header) = (dump.name, dump.logged.header)
        let newest = try read(host: name.host, disk: name.disk)?.levels.map(\.date).max()
        guard header.datestamp.secondsOfLocalTime > newest ?? .min else { return }
        try record(dump.logged.asMade)
    }
}

extension Info {
    /// The same in memory.
    mutating func enter(_ dump: RecoveredRun.Dump) {
        let made = dump.logged.asMade
        guard made.isRemembered, made.statistics.date > levels.map(\.date).max() ?? .min else { return }
        record(made.statistics, isCompressed: made.header.compressionSuffix != nil)
    }
}

extension LoggedDump {
    /// The planner's memory of a dump that waited on a holding disk, as if it had gone straight.
    fileprivate var asMade: LoggedDump {
        var made = self
        made.way = .straight
        return made
    }
}
