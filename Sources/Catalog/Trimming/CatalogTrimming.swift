// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files
import Saturation

/// Takes away what no listing reads any longer, as stock `amdump` does after a run; without it, logs and indexes grow
/// for ever.
///
/// A log goes to `oldlog` when no volume of the tapelist bears its run; its trace is removed. An index goes when no
/// listing knows its dump and its run has no log left. Both only when they are older than a dumpcycle, and never while a
/// command or a file of a holding disk names their run.
/// Source: `amtrmlog` and `amtrmidx` of Amanda 3.5.1, run on aged files (it moves any name that begins with `log.` and then
/// crashes, and knows no holding disk; both not done here).
struct CatalogTrimming {
    /// What was taken away.
    struct Result: Equatable, Sendable {
        var movedLogs: [String] = []
        var removedIndexFiles: [String] = []
    }

    let location: CatalogLocation
    let dumpcycleDays: Int
    /// Seconds since 1970.
    let now: Int64
    /// Never touched: the run that goes on.
    let current: Datestamp

    func run() throws -> Result {
        let reader = CatalogReader(location)
        var kept = Set(try reader.tapelist().entries.map(\.datestampText))
        kept.insert(current.description)
        kept.formUnion(try reader.commands().datestamps)
        kept.formUnion(try heldRuns())
        var result = Result()
        let names = try entries(of: location.logDirectory)
        for name in names where try isOldLog(name, kept) {
            try moveLog(name)
            result.movedLogs.append(name)
        }
        let left = Set(try entries(of: location.logDirectory).compactMap(Self.run(ofLog:)))
        let known = Set(try reader.dumps().map { Self.key($0.name) })
        try removeIndexFiles(keeping: kept.union(left), known, &result)
        return result
    }

    private func isOldLog(_ name: String, _ kept: Set<String>) throws -> Bool {
        guard let run = Self.run(ofLog: name), !kept.contains(run) else { return false }
        return try isOld("\(location.logDirectory)/\(name)")
    }

    private func moveLog(_ name: String) throws {
        let old = location.logDirectory + "/oldlog"
        try FileSystem.makeDirectories(old, mode: 0o700, by: location.owner)
        try FileSystem.rename("\(location.logDirectory)/\(name)", to: "\(old)/\(name)", by: location.owner)
        if let run = Self.run(ofLog: name) {
            try FileSystem.remove("\(location.logDirectory)/amdump.\(run)", by: location.owner)
        }
    }

    private func removeIndexFiles(
        keeping kept: Set<String>, _ known: Set<[String]>, _ result: inout Result
    ) throws {
        for host in try directories(of: location.indexDirectory) {
            for disk in try directories(of: "\(location.indexDirectory)/\(host)") {
                let directory = "\(location.indexDirectory)/\(host)/\(disk)"
                for name in try entries(of: directory) {
                    guard let dump = Self.dump(ofIndexFile: name), !kept.contains(dump.run),
                        !known.contains([host, disk, dump.run, String(dump.level)]),
                        try isOld("\(directory)/\(name)")
                    else { continue }
                    try FileSystem.remove("\(directory)/\(name)", by: location.owner)
                    result.removedIndexFiles.append("\(host)/\(disk)/\(name)")
                }
            }
        }
    }

    /// Runs whose dumps wait on a holding disk: it has a directory for each.
    ///
    /// - Throws: `HangFault` where one does not answer: then nobody knows which runs are still wanted.
    private func heldRuns() throws -> [String] {
        let directories = location.holdingDirectories
        let answers = PatientLook.all(directories, what: "holding-look", limit: .seconds(3)) {
            FileSystem.isDirectory($0)
        }
        if let silent = directories.first(where: { answers[$0] == nil }) {
            throw HangFault(silent, within: .seconds(3))
        }
        return try directories.flatMap { try entries(of: $0) }.filter { Datestamp($0) != nil }
    }

    private func isOld(_ path: String) throws -> Bool {
        guard let status = try FileSystem.status(path), status.kind == .regular else { return false }
        return now.saturatingMinus(status.modifiedAt) > Int64(max(1, dumpcycleDays)) * 86_400
    }

    private func entries(of directory: String) throws -> [String] {
        try FileSystem.isPresentDirectory(directory) ? FileSystem.list(directory) : []
    }

    private func directories(of directory: String) throws -> [String] {
        try entries(of: directory).filter { try FileSystem.isPresentDirectory("\(directory)/\($0)") }
    }

    private static func key(_ dump: LogDumpName) -> [String] {
        [sanitisedDiskName(dump.host), sanitisedDiskName(dump.disk), dump.datestamp, String(dump.level)]
    }

    /// `log.<14 digits>.<n>`
    static func run(ofLog name: String) -> String? {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "log", Int(words[2]) != nil,
            let run = Datestamp(String(words[1]))
        else { return nil }
        return run.description
    }

    /// `<14 digits>_<level>`, alone or before `.` or `-`.
    static func dump(ofIndexFile name: String) -> (run: String, level: Int)? {
        guard let mark = name.firstIndex(of: "_"), let run = Datestamp(String(name[..<mark])) else {
            return nil
        }
        let digits = name[name.index(after: mark)...].prefix { $0.isASCII && $0.isNumber }
        guard let level = Int(digits),
            digits.endIndex == name.endIndex || ".-".contains(name[digits.endIndex])
        else { return nil }
        return (run.description, level)
    }
}
