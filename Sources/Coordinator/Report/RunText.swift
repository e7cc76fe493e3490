// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Verdicts of nodes in words.
enum RunText {
    static func table(_ verdicts: [NodeVerdict]) -> [String] {
        var table = TextTable([
            ("NODE", .left), ("STATE", .left), ("DUMPED", .right), ("STORED", .right), ("ATTEMPT", .right),
            ("REASON", .left),
        ])
        for verdict in verdicts {
            table.add([
                verdict.node, verdict.state.rawValue, Quantity.bytes(verdict.dumpedBytes),
                Quantity.bytes(verdict.storedBytes), verdict.attempt == 0 ? "-" : "\(verdict.attempt)",
                verdict.error.map { oneLine($0.message) } ?? "",
            ])
        }
        return table.lines
    }

    /// Hints of failed nodes, then every node's notes.
    static func notes(_ verdicts: [NodeVerdict]) -> [String] {
        let hints = verdicts.compactMap { verdict in
            verdict.error?.hint.map { "\(verdict.node): hint: \($0)" }
        }
        let notes = RemarkGroups(
            verdicts.flatMap { verdict in
                verdict.notes.map { Finding(.remark, node: verdict.node, $0) }
            }, nodes: verdicts.map(\.node)
        ).groups.map { "note: \($0.text)" }
        return hints.isEmpty && notes.isEmpty ? [] : [""] + hints + notes
    }

    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
