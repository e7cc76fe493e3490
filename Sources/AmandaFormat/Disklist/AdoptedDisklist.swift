// SPDX-License-Identifier: Apache-2.0

/// One file of a disklist in which disks of a host name that a machine has lost go on as `localhost`'s.
///
/// The old entries stay, with `ignore yes`: Amanda's catalog knows dumps by the host of their time, as their headers do, and its
/// programs (`amadmin find`, `amrecover`) and a restore in place find only what the disklist names. Comments and every other line stay
/// as they are. Source: disklist(5), amanda.conf(5) `ignore`; Amanda 3.5.1 `server-src/find.c`, `search_logfile`.
public struct AdoptedDisklist: Sendable, Equatable {
    public static let host = "localhost"

    /// The file's new text.
    public let bytes: [UInt8]
    /// Those that go on under `localhost`.
    public let adopted: [DiskName]

    /// - Parameters:
    ///   - bytes: of the file, which could be read as a disklist.
    ///   - entries: of that file, of lost names; those that are ignored already are none.
    ///   - taken: disks that `localhost` has already, in whatever file.
    public init(_ bytes: [UInt8], entries: [DisklistEntry], taken: Set<String>) {
        var texts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(amandaBytes: $0)
        }
        var taken = taken
        var additions: [(range: ClosedRange<Int>, lines: [String])] = []
        var adopted: [DiskName] = []
        for entry in entries.sorted(by: { ($0.place.line ?? 0) < ($1.place.line ?? 0) }) {
            guard let line = entry.place.line, texts.indices.contains(line - 1),
                let range = Self.extent(from: line - 1, in: texts)
            else { continue }
            let isNew = taken.insert(entry.diskName).inserted
            let old = Array(texts[range])
            var lines = [
                "# '\(entry.host)' is no name of this machine any more: what was dumped under it stays known."
            ]
            lines += Self.ignored(old)
            if isNew {
                lines += Self.renamed(old)
                adopted.append(entry.name)
            }
            additions.append((range, lines))
        }
        for (range, lines) in additions.reversed() { texts.replaceSubrange(range, with: lines) }
        self.bytes = Array(texts.map(\.amandaBytes).joined(separator: [UInt8(ascii: "\n")]))
        self.adopted = adopted
    }

    /// From the line that begins an entry to the one that closes its braces; nil: none does.
    private static func extent(from start: Int, in texts: [String]) -> ClosedRange<Int>? {
        guard DisklistLine(texts[start], number: start + 1).opens else { return start...start }
        var depth = 1
        for index in (start + 1)..<max(start + 1, texts.count) {
            let line = DisklistLine(texts[index], number: index + 1)
            if line.closes { depth -= 1 }
            if line.opens { depth += 1 }
            if depth == 0 { return start...index }
        }
        return nil
    }

    private static func ignored(_ lines: [String]) -> [String] {
        if lines.count > 1 { return Array(lines.dropLast()) + ["    ignore yes"] + lines.suffix(1) }
        let words = DisklistLine(lines[0], number: 1).words
        // Host and disk, maybe a device, a dumptype, maybe a spindle and an interface: the spindle alone is a number.
        let spindle = words.indices.dropFirst(3).first { Int(words[$0]) != nil } ?? words.endIndex
        let rest = words[spindle...].joined(separator: " ")
        return [
            words[..<(spindle - 1)].joined(separator: " ") + " {", "    \(words[spindle - 1])",
            "    ignore yes", rest.isEmpty ? "}" : "} \(rest)",
        ]
    }

    private static func renamed(_ lines: [String]) -> [String] {
        let first = lines[0]
        let blanks = first.prefix { $0 == " " || $0 == "\t" }
        let rest = first.dropFirst(blanks.count).drop { $0 != " " && $0 != "\t" }
        return ["\(blanks)\(host)\(rest)"] + lines.dropFirst()
    }
}
