// SPDX-License-Identifier: Apache-2.0

extension LogLine {
    /// Reads one line, without its newline. What is not understood becomes `.other`: a log is never refused.
    init(parsing line: String) {
        self.init(parsing: line.amandaBytes[...])
    }

    /// The same of a line's bytes.
    init(parsing line: ArraySlice<UInt8>) {
        self = Self.typed(line) ?? .other(String(amandaBytes: line))
    }

    private static func typed(_ line: ArraySlice<UInt8>) -> LogLine? {
        var reader = LogReader(line)
        // What begins with a blank is another program's message, whatever it says.
        guard line.first != UInt8(ascii: " "), let kind = reader.word(), let program = reader.word() else {
            return nil
        }
        switch kind {
        case "START" where program == "taper": return startTaper(&reader)
        case "START":
            guard reader.word() == "date", let datestamp = reader.word(), reader.isAtEnd else { return nil }
            return .start(program: program, datestamp: datestamp)
        case "DISK":
            guard let host = reader.name(), let disk = reader.name(), reader.isAtEnd else { return nil }
            return .disk(program: program, host: host, disk: disk)
        case "PART", "PARTPARTIAL": return program == "taper" ? part(&reader, isWhole: kind == "PART") : nil
        case "DONE": return program == "taper" ? dump(&reader, isWhole: true) : nil
        case "PARTIAL": return program == "taper" ? dump(&reader, isWhole: false) : nil
        case "SUCCESS": return success(program, &reader)
        case "STRANGE": return program == "dumper" ? strange(&reader) : nil
        case "FAIL": return fail(program, &reader)
        case "FINISH":
            guard reader.word() == "date", let datestamp = reader.word(), reader.word() == "time",
                let seconds = reader.word()
            else { return nil }
            return .finish(program: program, datestamp: datestamp, seconds: seconds)
        case "INFO", "STATS", "WARNING", "ERROR", "SUMMARY", "FATAL":
            return .note(kind: kind, program: program, text: reader.rest)
        default: return nil
        }
    }

    private static func startTaper(_ reader: inout LogReader) -> LogLine? {
        guard reader.word() == "datestamp", let datestamp = reader.word() else { return nil }
        let (storage, pool) = reader.place()
        guard reader.word() == "label", let label = reader.name(), reader.word() == "tape",
            let number = reader.word().flatMap({ Int($0) })
        else { return nil }
        return .startTaper(
            LogVolume(datestamp: datestamp, storage: storage, pool: pool, label: label, number: number))
    }

    private static func part(_ reader: inout LogReader, isWhole: Bool) -> LogLine? {
        let (storage, pool) = reader.place()
        guard let label = reader.name(), let file = reader.number(), let host = reader.name(),
            let disk = reader.name(), let datestamp = reader.word(), let part = reader.partNumber(),
            let level = reader.level(), let statistics = reader.statistics()
        else { return nil }
        let reason = reader.rest
        return .part(
            LogPart(
                storage: storage, pool: pool, label: label, fileNumber: file,
                dump: LogDumpName(host: host, disk: disk, datestamp: datestamp, level: level),
                number: part.number,
                total: part.total, statistics: statistics,
                failure: isWhole ? nil : AmandaQuotedString.unquote(reason)))
    }

    private static func dump(_ reader: inout LogReader, isWhole: Bool) -> LogLine? {
        let (storage, pool) = reader.place()
        guard let host = reader.name(), let disk = reader.name(), let datestamp = reader.word(),
            let first = reader.number()
        else { return nil }
        // Old PARTIAL lines have no number of parts: the level stands in its place.
        let level = reader.isAtStatistics ? LogReader.level(first) : reader.level()
        let checksums = reader.checksums()
        guard let level, let statistics = reader.statistics() else { return nil }
        let sums =
            checksums.count == 3
            ? LogChecksums(native: checksums[0], client: checksums[1], server: checksums[2]) : nil
        return .dump(
            LogDump(
                storage: storage, pool: pool,
                dump: LogDumpName(host: host, disk: disk, datestamp: datestamp, level: level),
                partCount: first,
                checksums: sums, statistics: statistics,
                failure: isWhole ? nil : AmandaQuotedString.unquote(reader.rest)))
    }

    private static func success(_ program: String, _ reader: inout LogReader) -> LogLine? {
        guard let dump = reader.dump() else { return nil }
        if program == "planner", reader.rest.hasPrefix(skippedStart), reader.rest.hasSuffix("]") {
            return .skipped(dump, reason: String(reader.rest.dropFirst(skippedStart.count).dropLast()))
        }
        let checksums = reader.checksums()
        guard let statistics = reader.statistics() else { return nil }
        return .success(
            LogSuccess(program: program, dump: dump, checksums: checksums, statistics: statistics))
    }

    private static func strange(_ reader: inout LogReader) -> LogLine? {
        guard let host = reader.name(), let disk = reader.name(), let level = reader.level() else {
            return nil
        }
        let checksums = reader.checksums()
        guard let statistics = reader.statistics() else { return nil }
        return .strange(
            LogStrange(host: host, disk: disk, level: level, checksums: checksums, statistics: statistics))
    }

    private static func fail(_ program: String, _ reader: inout LogReader) -> LogLine? {
        let (storage, pool) = reader.place()
        guard let dump = reader.dump() else { return nil }
        return .fail(
            LogFailure(program: program, storage: storage, pool: pool, dump: dump, text: reader.rest))
    }
}

/// Takes the words of a log line one by one; a word may be a quoted string.
struct LogReader {
    private let bytes: ArraySlice<UInt8>
    private var index: Int

    init(_ line: ArraySlice<UInt8>) {
        bytes = line
        index = line.startIndex
    }

    var isAtEnd: Bool { rest.isEmpty }

    var isAtStatistics: Bool {
        var ahead = self
        ahead.skipBlanks()
        return ahead.index < bytes.endIndex && bytes[ahead.index] == UInt8(ascii: "[")
    }

    /// What has not been taken yet, from the next word on.
    var rest: String {
        var ahead = self
        ahead.skipBlanks()
        return String(amandaBytes: bytes[ahead.index...])
    }

    mutating func word() -> String? {
        skipBlanks()
        let start = index
        var isInQuotes = false
        while index < bytes.endIndex, isInQuotes || bytes[index] != UInt8(ascii: " ") {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.endIndex {
                index += 1
            } else if bytes[index] == UInt8(ascii: "\"") {
                isInQuotes.toggle()
            }
            index += 1
        }
        return index == start ? nil : String(amandaBytes: bytes[start..<index])
    }

    mutating func name() -> String? { word().map(AmandaQuotedString.unquote) }

    mutating func number() -> Int? { word().flatMap { Int($0) } }

    /// One that a dump can have.
    mutating func level() -> Int? { number().flatMap(Self.level) }

    static func level(_ number: Int) -> Int? { DumpHeader.levels.contains(number) ? number : nil }

    /// `ST:` and `POOL:` if they stand next.
    mutating func place() -> (storage: String?, pool: String?) {
        (prefixed("ST:"), prefixed("POOL:"))
    }

    /// `1/-1`
    mutating func partNumber() -> (number: Int, total: Int)? {
        guard let halves = word()?.split(separator: "/", omittingEmptySubsequences: false), halves.count == 2,
            let number = Int(halves[0]), let total = Int(halves[1])
        else { return nil }
        return (number, total)
    }

    mutating func dump() -> LogDumpName? {
        guard let host = name(), let disk = name(), let datestamp = word(), let level = level() else {
            return nil
        }
        return LogDumpName(host: host, disk: disk, datestamp: datestamp, level: level)
    }

    /// All checksums that stand next.
    mutating func checksums() -> [CRCSize] {
        var found: [CRCSize] = []
        while true {
            var ahead = self
            guard let word = ahead.word(), let checksum = CRCSize(parsing: word) else { return found }
            found.append(checksum)
            self = ahead
        }
    }

    /// What stands in brackets next, words and all.
    mutating func statistics() -> LogStatistics? {
        guard isAtStatistics else { return nil }
        skipBlanks()
        var words: [String] = []
        while let word = word() {
            words.append(word)
            if word.utf8.last == UInt8(ascii: "]") {
                return LogStatistics(text: words.joined(separator: " "))
            }
        }
        return nil
    }

    private mutating func prefixed(_ prefix: String) -> String? {
        var ahead = self
        ahead.skipBlanks()
        let next = bytes[ahead.index...]
        let isQuoted = next.first == UInt8(ascii: "\"")
        guard (isQuoted ? next.dropFirst() : next).starts(with: prefix.utf8), let name = ahead.name() else {
            return nil
        }
        self = ahead
        return String(amandaBytes: name.amandaBytes.dropFirst(prefix.utf8.count))
    }

    private mutating func skipBlanks() {
        while index < bytes.endIndex, bytes[index] == UInt8(ascii: " ") { index += 1 }
    }
}
