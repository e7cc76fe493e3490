// SPDX-License-Identifier: Apache-2.0

/// What Amanda remembers of a DLE for planning: `curinfo/HOST/DISK/info`.
///
/// Source: Amanda 3.5.1 `server-src/infofile.c`, `read_txinfofile`, `write_txinfofile`.
public struct Info: Equatable, Sendable {
    /// What an administrator asked for with `amadmin force` and the like; one at a time, the last one counts.
    /// Source: seen with Amanda 3.5.1, `amadmin CONF force`, `force-bump`, `force-no-bump`, `force-level-1`.
    public struct Command: OptionSet, Hashable, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        public static let force = Command(rawValue: 1)
        public static let forceBump = Command(rawValue: 2)
        public static let forceNoBump = Command(rawValue: 4)
        public static let forceLevel1 = Command(rawValue: 8)
    }

    /// Rates in KiB/s and ratios of compression, newest first, as written; at most three of each.
    public struct Performance: Equatable, Sendable {
        public var rates: [String] = []
        public var ratios: [String] = []
    }

    /// The newest dump of a level.
    public struct LevelStatistics: Equatable, Sendable {
        public var level: Int
        public var originalKiB: Int64
        public var storedKiB: Int64
        public var seconds: Int64
        /// Seconds since 1970.
        public var date: Int64
        public var fileNumber: Int?
        public var label: String?

        public init(
            level: Int, originalKiB: Int64, storedKiB: Int64, seconds: Int64, date: Int64,
            fileNumber: Int? = nil,
            label: String? = nil
        ) {
            self.level = level
            self.originalKiB = originalKiB
            self.storedKiB = storedKiB
            self.seconds = seconds
            self.date = date
            self.fileNumber = fileNumber
            self.label = label
        }
    }

    /// One line of the history.
    public struct HistoryEntry: Equatable, Sendable {
        public var level: Int
        public var originalKiB: Int64
        var storedKiB: Int64
        var date: Int64
        public var seconds: Int64
    }

    public var command: Command = []
    public var full = Performance()
    public var incremental = Performance()
    /// By level, ascending.
    public var levels: [LevelStatistics] = []
    /// -1 before the first dump.
    public var lastLevel = -1
    public var consecutiveRuns = 0
    /// Newest first, at most 100.
    public var history: [HistoryEntry] = []

    /// A DLE that was never dumped.
    public init() {}

    /// Nil when the text is no info file. Lines of other forms are ignored.
    public init?(parsing text: String) {
        let lines = AmandaLines.split(text)
        guard lines.first?.utf8.starts(with: "version:".utf8) == true else { return nil }
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard let key = words.first else { continue }
            let numbers = words.dropFirst().map { Int64($0).map(Self.bounded) }
            switch key {
            case "command:":
                command = Command(
                    rawValue: numbers.first.flatMap { $0 }.map(Int.init(truncatingIfNeeded:)) ?? 0)
            case "full-rate:": full.rates = Array(words.dropFirst())
            case "full-comp:": full.ratios = Array(words.dropFirst())
            case "incr-rate:": incremental.rates = Array(words.dropFirst())
            case "incr-comp:": incremental.ratios = Array(words.dropFirst())
            case "stats:": addLevel(numbers, words)
            case "last_level:":
                lastLevel = numbers.first.flatMap { $0 }.map { Int(min(max($0, -1), 399)) } ?? -1
                consecutiveRuns =
                    numbers.dropFirst().first.flatMap { $0 }.map(Int.init(truncatingIfNeeded:)) ?? 0
            case "history:": addHistory(numbers)
            case "//": return
            default: break
            }
        }
    }

    /// Nobody's dumps are larger or later: what a damaged file says stays a number that can be reckoned with.
    private static func bounded(_ number: Int64) -> Int64 { min(max(number, -1 << 53), 1 << 53) }

    /// The file's text.
    public var text: String {
        var lines = ["version: 0", "command: \(command.rawValue)"]
        lines.append((["full-rate:"] + full.rates).joined(separator: " "))
        lines.append((["full-comp:"] + full.ratios).joined(separator: " "))
        lines.append((["incr-rate:"] + incremental.rates).joined(separator: " "))
        lines.append((["incr-comp:"] + incremental.ratios).joined(separator: " "))
        for level in levels {
            var line =
                "stats: \(level.level) \(level.originalKiB) \(level.storedKiB) \(level.seconds) \(level.date)"
            if let label = level.label { line += " \(level.fileNumber ?? 0) \(label)" }
            lines.append(line)
        }
        lines.append("last_level: \(lastLevel) \(consecutiveRuns)")
        for entry in history {
            lines.append(
                "history: \(entry.level) \(entry.originalKiB) \(entry.storedKiB) \(entry.date) \(entry.seconds)"
            )
        }
        return lines.joined(separator: "\n") + "\n//\n"
    }

    /// Enters a dump that is stored: its level's statistics, rates, history. Higher levels are forgotten, for they
    /// build on what is no longer the newest. What the administrator asked for is done, and every command is cleared,
    /// as a stored dump clears them all in stock Amanda (seen with 3.5.1).
    public mutating func record(_ dump: LevelStatistics, isCompressed: Bool) {
        levels.removeAll { $0.level >= dump.level }
        levels.append(dump)
        var performance = dump.level == 0 ? full : incremental
        if dump.seconds > 0 {
            let rate = Double(dump.storedKiB) / Double(dump.seconds)
            performance.rates = Array(([LogStatistics.decimal(rate)] + performance.rates).prefix(3))
        }
        if isCompressed, dump.originalKiB > 0 {
            let ratio = Double(dump.storedKiB) / Double(dump.originalKiB)
            performance.ratios = Array(([LogStatistics.decimal(ratio)] + performance.ratios).prefix(3))
        }
        if dump.level == 0 { full = performance } else { incremental = performance }
        consecutiveRuns = dump.level == lastLevel ? consecutiveRuns + 1 : 1
        lastLevel = dump.level
        let entry = HistoryEntry(
            level: dump.level, originalKiB: dump.originalKiB, storedKiB: dump.storedKiB, date: dump.date,
            seconds: dump.seconds)
        history = Array(([entry] + history).prefix(100))
        command = []
    }

    private mutating func addLevel(_ numbers: [Int64?], _ words: [String]) {
        let values = numbers.prefix(5).compactMap { $0 }
        guard values.count == 5, (0...399).contains(values[0]) else { return }
        var level = LevelStatistics(
            level: Int(values[0]), originalKiB: values[1], storedKiB: values[2], seconds: values[3],
            date: values[4])
        if words.count >= 8 {
            level.fileNumber = Int(words[6])
            level.label = words[7]
        }
        levels.append(level)
    }

    private mutating func addHistory(_ numbers: [Int64?]) {
        let values = numbers.prefix(5).compactMap { $0 }
        guard values.count == 5 else { return }
        history.append(
            HistoryEntry(
                level: Int(truncatingIfNeeded: values[0]), originalKiB: values[1], storedKiB: values[2],
                date: values[3], seconds: values[4]))
    }
}
