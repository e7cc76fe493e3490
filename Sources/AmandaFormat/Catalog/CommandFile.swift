// SPDX-License-Identifier: Apache-2.0

/// Commands that Amanda has still to carry out (file `command_file`): the volumes they need must not be overwritten.
///
/// Shape: `VERSION 1`, `ID <n>`, then one command a line, `<id> RESTORE|FLUSH|COPY|ARCHIVE <configuration> …`, its
/// status last (`TODO`, `DONE`, `PARTIAL …`). Source: amanda-command-file(5).
public struct CommandFile: Equatable, Sendable {
    private let pending: [[String]]

    /// Never fails: what is not understood keeps nothing.
    public init(parsing text: String) {
        pending = AmandaLines.split(text).compactMap { line in
            guard let words = AmandaQuotedString.words(of: line), words.count > 3, Int(words[0]) != nil,
                words.last != "DONE"
            else { return nil }
            return words.map(AmandaQuotedString.unquote)
        }
    }

    /// The text without the commands to flush a held dump; every other line stays as it is.
    ///
    /// - Parameter path: the dump's first chunk.
    public static func removing(flushesOf path: String, from text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { line in
            guard let words = AmandaQuotedString.words(of: String(line)), words.count > 3,
                words[1] == "FLUSH"
            else {
                return true
            }
            return !words.map(AmandaQuotedString.unquote).contains(path)
        }
        .joined(separator: "\n")
    }

    /// Every run that a command that is not done yet names.
    public var datestamps: Set<String> {
        Set(pending.joined().filter { Datestamp($0) != nil })
    }

    /// Whether a command that is not done yet names the volume.
    public func needs(label: String) -> Bool {
        pending.contains { words in
            words.contains { $0.split(separator: ";").contains { $0.trimmingBlanks == label } }
        }
    }
}
