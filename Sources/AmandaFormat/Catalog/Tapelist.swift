// SPDX-License-Identifier: Apache-2.0

public import Faults
import HiddenCharacters

/// One volume that a configuration knows.
public struct TapelistEntry: Hashable, Sendable {
    /// The run that wrote it, as text: 14 digits, 8 in very old lists, `0` when labelled and never written.
    public var datestampText: String
    public var label: String
    /// False: never to be overwritten (`no-reuse`).
    public var isReusable: Bool
    var barcode: String?
    var meta: String?
    /// KiB of the volume's blocks.
    public var blockKiB: Int?
    public var pool: String?
    public var storage: String?
    /// The configuration that wrote it.
    public var configuration: String?
    /// What follows `#`.
    public var comment: String?

    public init(datestamp: Datestamp?, label: String, isReusable: Bool = true) {
        datestampText = datestamp?.description ?? "0"
        self.label = label
        self.isReusable = isReusable
    }

    /// Nil when the volume was never written.
    public var datestamp: Datestamp? { Datestamp(datestampText) }

    /// Whether it is `no-reuse` because its run is pinned, and not because an operator said so: the word in its comment tells the
    /// two apart. Amanda's own programs keep comments.
    public var bearsPinMark: Bool { commentWords.contains(Self.pinMark) }

    private static let pinMark = "amfleet-pin"
    private var commentWords: [String] { (comment ?? "").split(separator: " ").map(String.init) }

    /// Marks it `no-reuse` for a pin; a volume that is so already is left as it is, and is not ours to free.
    public mutating func setPinMark() {
        guard isReusable else { return }
        isReusable = false
        if !bearsPinMark { comment = (commentWords + [Self.pinMark]).joined(separator: " ") }
    }

    /// Takes our mark away, and nobody else's.
    public mutating func removePinMark() {
        guard bearsPinMark else { return }
        isReusable = true
        let rest = commentWords.filter { $0 != Self.pinMark }
        comment = rest.isEmpty ? nil : rest.joined(separator: " ")
    }

    /// Labelled, but no run has written it.
    public var isNeverWritten: Bool { datestampText == "0" }
}

/// The volumes of a configuration, newest first: the file `tapelist`.
///
/// A dump exists for Amanda only as long as its volume stands here with the dump's datestamp.
/// Source: Amanda 3.5.1 `server-src/tapefile.c`, `parse_tapeline`, `write_tapelist`, `insert`.
public struct Tapelist: Equatable, Sendable {
    /// Newest first; of one datestamp, in the order of the file.
    public private(set) var entries: [TapelistEntry]

    public init() {
        entries = []
    }

    /// - Parameter file: the path, for the error's text.
    public init(parsing text: String, file: String = "tapelist") throws(TapelistError) {
        var read: [TapelistEntry] = []
        for (index, line) in AmandaLines.split(text).enumerated() {
            guard let entry = try Self.entry(line, file: file, lineNumber: index + 1) else { continue }
            read.append(entry)
        }
        entries = read.enumerated().sorted {
            ($1.element.datestampText, $0.offset) < ($0.element.datestampText, $1.offset)
        }.map(\.element)
    }

    /// The file's text, one line a volume.
    public var text: String {
        entries.map { Self.line($0) + "\n" }.joined()
    }

    /// The newest run that wrote a volume.
    public var newestDatestamp: Datestamp? {
        entries.compactMap(\.datestamp).max()
    }

    public func entry(label: String) -> TapelistEntry? {
        entries.first { $0.label == label }
    }

    /// Takes the volume out: none of its dumps is listed any longer.
    public mutating func remove(label: String) {
        entries.removeAll { $0.label == label }
    }

    /// Puts a volume in its place by datestamp, replacing what the label stood for.
    public mutating func set(_ entry: TapelistEntry) {
        remove(label: entry.label)
        insert(entry)
    }

    private mutating func insert(_ entry: TapelistEntry) {
        let place = entries.firstIndex { $0.datestampText < entry.datestampText } ?? entries.endIndex
        entries.insert(entry, at: place)
    }

    private static func entry(
        _ line: String, file: String, lineNumber: Int
    ) throws(TapelistError) -> TapelistEntry? {
        let (fields, comment) = split(line)
        var words = fields[...]
        guard let datestamp = words.popFirst() else { return nil }
        guard datestamp.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let label = words.popFirst() else {
            throw TapelistError.bogusLine(file: file, lineNumber: lineNumber, line: line)
        }
        var entry = TapelistEntry(datestamp: nil, label: label)
        entry.datestampText = datestamp
        if words.first == "reuse" || words.first == "no-reuse" {
            entry.isReusable = words.popFirst() == "reuse"
        }
        entry.barcode = take("BARCODE:", from: &words)
        entry.meta = take("META:", from: &words)
        if let size = take("BLOCKSIZE:", from: &words) {
            guard let number = Int(size) else {
                throw TapelistError.bogusLine(file: file, lineNumber: lineNumber, line: line)
            }
            entry.blockKiB = number
        }
        entry.pool = take("POOL:", from: &words)
        entry.storage = take("STORAGE:", from: &words)
        entry.configuration = take("CONFIG:", from: &words)
        entry.comment = comment
        guard words.isEmpty else {
            throw TapelistError.bogusLine(file: file, lineNumber: lineNumber, line: line)
        }
        return entry
    }

    /// The words of a line, and the comment that begins with the first word that begins with `#`.
    private static func split(_ line: String) -> (words: [String], comment: String?) {
        let bytes = line.amandaBytes
        var words: [String] = []
        var index = 0
        while index < bytes.count {
            if AmandaLines.isBlank(bytes[index]) {
                index += 1
                continue
            }
            if bytes[index] == UInt8(ascii: "#"), words.count >= 2 {
                return (words, String(amandaBytes: bytes[(index + 1)...]))
            }
            let end = bytes[index...].firstIndex(where: AmandaLines.isBlank) ?? bytes.count
            words.append(String(amandaBytes: bytes[index..<end]))
            index = end
        }
        return (words, nil)
    }

    private static func take(_ name: String, from words: inout ArraySlice<String>) -> String? {
        guard let word = words.first, word.utf8.starts(with: name.utf8) else { return nil }
        words.removeFirst()
        return String(amandaBytes: word.amandaBytes.dropFirst(name.utf8.count))
    }

    private static func line(_ entry: TapelistEntry) -> String {
        var words = [entry.datestampText, entry.label, entry.isReusable ? "reuse" : "no-reuse"]
        if let barcode = entry.barcode { words.append("BARCODE:" + barcode) }
        if let meta = entry.meta { words.append("META:" + meta) }
        if let size = entry.blockKiB, size != 0 { words.append("BLOCKSIZE:\(size)") }
        if let pool = entry.pool { words.append("POOL:" + pool) }
        if let storage = entry.storage { words.append("STORAGE:" + storage) }
        if let configuration = entry.configuration { words.append("CONFIG:" + configuration) }
        if let comment = entry.comment { words.append("#" + comment) }
        return words.joined(separator: " ")
    }
}

/// Why a tapelist cannot be read; Amanda stops at such a line, and so do we, for every volume counts.
public enum TapelistError: Fault, Equatable {
    case bogusLine(file: String, lineNumber: Int, line: String)

    public var kind: FaultKind { .configuration }
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    public var place: FaultPlace? {
        switch self {
        case .bogusLine(let file, let lineNumber, _): FaultPlace(file: file, line: lineNumber)
        }
    }

    private var text: FaultText {
        switch self {
        case .bogusLine(_, _, let line):
            FaultText(
                "Bogus line in the tapelist file: '\(line.showingHidden)'"
                    + (HiddenCharacter(firstIn: line).map { ", with \($0.name) in column \($0.column)" } ?? ""),
                hint:
                    "the form is 'DATESTAMP LABEL reuse|no-reuse [BLOCKSIZE:n] [POOL:p] [STORAGE:s] [CONFIG:c]'; Amanda's own tools stop at this line too."
            )
        }
    }
}

/// Lines of Amanda's text files, by bytes: a Swift newline may be more than the byte 0x0A.
enum AmandaLines {
    static func split(_ text: String) -> [String] {
        text.amandaBytes.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(amandaBytes: $0)
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }
}
