// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

/// One dump as the catalog has it, stock Amanda's or ours: what a log says of it, and what the tapelist has left of that.
public struct CatalogDump: Sendable, Equatable {
    public var name: LogDumpName
    /// The run that wrote it to the volume; another than `name.datestamp` for a dump flushed later.
    public var run: Datestamp
    /// In the order of the stream.
    public var parts: [PartPlace]
    public var checksums: LogChecksums?
    public var originalKiB: Int64?
    public var status: RunLogSummary.Status
    /// It was whole, and a volume of it has been overwritten or has left the tapelist since.
    public var isOverwritten = false
    /// It had messages.
    var isStrange: Bool
    /// The log that says so.
    public var log: String

    /// It can be restored, as far as the catalog knows.
    public var isWhole: Bool { status == .done && !parts.isEmpty }
}

extension CatalogDump {
    /// A whole dump that no log knows yet.
    public init(name: LogDumpName, run: Datestamp, parts: [PartPlace], originalKiB: Int64?) {
        self.init(
            name: name, run: run, parts: parts, originalKiB: originalKiB, status: .done, isStrange: false,
            log: "")
    }
}

/// Reads what `amadmin find` shows: the tapelist, and the logs of the runs that it names.
public struct CatalogReader: Sendable {
    let location: CatalogLocation

    public init(_ location: CatalogLocation) {
        self.location = location
    }

    public func tapelist() throws -> Tapelist {
        var list = try TapelistFile(location).read()
        for run in location.recovered { run.enter(in: &list, location) }
        return list
    }

    /// The commands that keep volumes from being overwritten.
    public func commands() throws -> CommandFile {
        guard try FileSystem.isPresent(location.commandFile) else { return CommandFile(parsing: "") }
        return CommandFile(parsing: String(amandaBytes: try FileSystem.readAll(location.commandFile)))
    }

    /// What the planner knows of a disk (`curinfo`); nil if nothing.
    public func info(host: String, disk: String) throws -> Info? {
        let info = try InfoFile(location: location).read(host: host, disk: disk)
        let found = location.recovered.sorted { $0.run < $1.run }.flatMap(\.dumps).filter {
            $0.name.host == host && $0.name.disk == disk
        }
        guard !found.isEmpty else { return info }
        var known = info ?? Info()
        for dump in found { known.enter(dump) }
        return known
    }

    /// Every dump whose volume still bears its run's datestamp, newest run first.
    public func dumps() throws -> [CatalogDump] {
        let tapelist = try tapelist()
        let runs = Set(tapelist.entries.compactMap(\.datestamp)).sorted(by: >)
        return try runs.flatMap { try dumps(of: $0, tapelist) }
    }

    /// The newest run that the tapelist or any log names.
    public func newestRun() throws -> Datestamp? {
        let listed = try tapelist().newestDatestamp
        let logged = try logs().map(\.run).max()
        return [listed, logged].compactMap { $0 }.max()
    }

    /// The newest runs that logs name, newest first.
    public func newestRuns(_ count: Int) throws -> [Datestamp] {
        Array(Set(try logs().map(\.run)).sorted(by: >).prefix(count))
    }

    /// - Throws: `CatalogError.isRunning` when one of Amanda's programs, or another agent, is in the middle of a run.
    func refuseIfRunning() throws {
        for log in try logs().suffix(8).reversed() {
            for process in try summary(log.path).openProcesses
            where ["amdump", "amflush", "amvault"].contains(process.program)
                && process.pid != RunningProcess.current && isAlive(process)
            {
                throw CatalogError.isRunning(program: process.name, pid: process.pid, log: log.path)
            }
        }
    }

    /// A number may have been given to another program since: names must agree, as far as `ps` shows them.
    private func isAlive(_ process: RunLogSummary.Process) -> Bool {
        guard RunningProcess.isAlive(process.pid), let name = RunningProcess.name(process.pid) else {
            return false
        }
        return name == String(process.name.prefix(15)) || name.hasPrefix("perl")
    }

    /// The logs of a run, attempts in order, up to the first that is missing.
    func logs(of run: Datestamp) throws -> [String] {
        var paths: [String] = []
        while try FileSystem.isPresent("\(location.logDirectory)/log.\(run).\(paths.count)") {
            paths.append("\(location.logDirectory)/log.\(run).\(paths.count)")
        }
        return paths
    }

    /// Every log of any program, oldest first.
    private func logs() throws -> [(run: Datestamp, path: String)] { try logs(in: location.logDirectory) }

    func logs(in directory: String) throws -> [(run: Datestamp, path: String)] {
        guard try FileSystem.isPresent(directory) else { return [] }
        return try FileSystem.list(directory).compactMap { name in
            guard let run = CatalogTrimming.run(ofLog: name).flatMap({ Datestamp($0) }) else { return nil }
            return (run, "\(directory)/\(name)")
        }
    }

    func summary(_ path: String) throws -> RunLogSummary {
        RunLogSummary(parsing: try FileSystem.readAll(path))
    }

    private func dumps(of run: Datestamp, _ tapelist: Tapelist) throws -> [CatalogDump] {
        let labels = Set(tapelist.entries.filter { $0.datestamp == run }.map(\.label))
        guard !labels.isEmpty else { return [] }
        let logged = try logs(of: run).flatMap { path in
            try summary(path).dumps.compactMap { dump(from: $0, run: run, labels: labels, log: path) }
        }
        return logged + recovered { $0 == run ? labels : nil }
    }

    /// What a dry run adds.
    ///
    /// - Parameter labels: of the volumes that bear a run; nil: it is not asked for.
    func recovered(_ labels: (Datestamp) -> Set<String>?) -> [CatalogDump] {
        location.recovered.flatMap { run -> [CatalogDump] in
            guard let labels = labels(run.run) else { return [] }
            let known = (try? loggedDumps(of: run.run)) ?? []
            return RunLogSummary(run.logLines(location, besides: known)).dumps.compactMap {
                dump(from: $0, run: run.run, labels: labels, log: "")
            }
        }
    }

    func dump(
        from logged: RunLogSummary.Dump, run: Datestamp, labels: Set<String>, log: String
    ) -> CatalogDump? {
        let there = logged.parts.filter { labels.contains($0.label) }
        var status = logged.status
        let isOverwritten = status == .done && there.count < logged.parts.count
        if isOverwritten { status = .partial(reason: "a volume of it was overwritten") }
        let parts = there.sorted { $0.number < $1.number }.map {
            PartPlace(
                label: $0.label, fileNumber: $0.fileNumber, byteCount: $0.statistics.byteCount)
        }
        return CatalogDump(
            name: logged.name, run: run, parts: parts, checksums: logged.checksums,
            originalKiB: logged.originalKiB, status: status, isOverwritten: isOverwritten,
            isStrange: logged.isStrange, log: log)
    }
}
