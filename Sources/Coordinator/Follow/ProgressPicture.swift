// SPDX-License-Identifier: Apache-2.0

import Files
import HiddenCharacters

/// What must be written to bring what is on the screen up to date.
struct ProgressPicture {
    /// As they stand on the screen.
    private var shown: [String] = []

    /// On a terminal the notes scroll away above the redrawn lines; elsewhere only changed lines are written.
    ///
    /// - Parameter terminal: its size now; nil: not a terminal.
    mutating func text(lines: [String], notes: [String], on terminal: TerminalSize?) -> String {
        let notes = notes.map(\.shownOnOneLine)
        guard let terminal else {
            let lines = lines.map(\.shownOnOneLine)
            defer { shown = lines }
            return (notes + lines.filter { !shown.contains($0) }).map { $0 + "\n" }.joined()
        }
        // A line that fills its row to the end makes some terminals begin another.
        let lines = lines.map { TerminalText.visible($0, columns: terminal.columns - 1) }
        guard lines != shown || !notes.isEmpty else { return "" }
        defer { shown = lines }
        return back(on: terminal) + (notes + lines).map { $0 + "\n" }.joined()
    }

    /// To the beginning of what is shown, and all of it erased: a note may be longer than the line it is written over.
    ///
    /// A window that has become narrower has broken the lines into several rows. The column is not known: the
    /// terminal has echoed a Ctrl-C.
    private func back(on terminal: TerminalSize) -> String {
        let rows = shown.map { max(1, (TerminalText.width($0) + terminal.columns - 1) / terminal.columns) }
            .reduce(0, +)
        return rows == 0 ? "" : "\r\u{1B}[\(rows)A\u{1B}[J"
    }
}

/// Text as terminals show it.
enum TerminalText {
    /// On one line, cut so that it fits, without what a terminal would obey or nobody would see: names of files may hold anything.
    static func visible(_ text: String, columns: Int) -> String {
        var rest = columns
        let line = text.shownOnOneLine.replacing("\t", with: " ")
        return String(
            line.prefix { character in
                rest -= width(character)
                return rest >= 0
            })
    }

    static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

    /// 2 for what East Asian scripts and emoji take (Unicode Standard Annex 11, roughly), 1 otherwise.
    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
