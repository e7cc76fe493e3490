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
                reason(verdict.faults),
            ])
        }
        return table.lines
    }

    /// The first of a node's faults, and how many there are.
    private static func reason(_ faults: [WireError]) -> String {
        guard let first = faults.first else { return "" }
        return oneLine(first.message) + (faults.count > 1 ? " (and \(faults.count - 1) more)" : "")
    }

    /// Each fault that has no room in the table, with what to do about it.
    private static func advice(_ verdict: NodeVerdict) -> [String] {
        guard verdict.faults.count > 1 else {
            return verdict.faults.compactMap(\.hint).map { "\(verdict.node): hint: \($0)" }
        }
        return faults(verdict.faults, on: verdict.node)
    }

    /// Faults of a node or one of its configurations, in full.
    static func faults(_ faults: [WireError], on node: String, of configuration: String? = nil) -> [String] {
        faults.flatMap { fault in
            var fault = fault
            if let configuration { fault.message = "\(configuration): \(fault.message)" }
            return [fault.on(node).headline] + [fault.hint].compactMap(\.self).map { "hint: \($0)" }
        }
    }

    /// Faults of failed nodes, then every node's notes.
    static func notes(_ verdicts: [NodeVerdict]) -> [String] {
        let hints = verdicts.flatMap { advice($0) + faults($0.unsealed ?? [], on: $0.node) }
        let notes = RemarkGroups(
            verdicts.flatMap { verdict in
                verdict.remarks.map { Finding($0, ofRun: verdict.node) }
            }, nodes: verdicts.map(\.node)
        ).groups.map { "note: \($0.text)" }
        return hints.isEmpty && notes.isEmpty ? [] : [""] + hints + notes
    }

    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
