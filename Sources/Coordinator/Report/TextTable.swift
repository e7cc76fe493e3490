// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

/// Rows of text in aligned columns, two blanks apart.
struct TextTable {
    enum Alignment {
        case left
        case right
    }

    /// A longer cell stands out of its column, and moves no other row: nodes name what stands in some.
    static let greatestWidth = 200
    /// Of a cell, in characters: longer than any sentence or path.
    static let cellLimit = 16 << 10

    private let alignments: [Alignment]
    private var rows: [[String]]

    /// - Parameter columns: the headings; a column of numbers is aligned to the right.
    init(_ columns: [(heading: String, alignment: Alignment)]) {
        alignments = columns.map(\.alignment)
        rows = [columns.map(\.heading)]
    }

    /// Left-aligned columns.
    init(_ headings: [String]) {
        self.init(headings.map { ($0, .left) })
    }

    mutating func add(_ row: [String]) {
        precondition(row.count == alignments.count)
        rows.append(
            row.map { cell in
                let shown = String(cell.prefix(Self.cellLimit))
                return (shown.utf8.count < cell.utf8.count ? shown + "…" : shown).shownOnOneLine
            })
    }

    var lines: [String] {
        let widths = alignments.indices.map { column in
            min(rows.map { $0[column].count }.max() ?? 0, Self.greatestWidth)
        }
        return rows.map { row in
            let cells = row.indices.map { column in
                let blanks = String(repeating: " ", count: max(0, widths[column] - row[column].count))
                return alignments[column] == .left ? row[column] + blanks : blanks + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }
}
