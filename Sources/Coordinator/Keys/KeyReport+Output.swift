// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension KeyReport: CommandReport {
    public var ending: CommandEnding {
        CommandEnding(
            completeNodes: nodes.count { $0.error == nil }, failures: nodes.compactMap(\.error))
    }

    public var lines: [String] {
        var table = TextTable([
            ("NODE", .left), ("USER", .left), ("KEY", .left), ("PASSPHRASE", .left), ("PROVED", .left),
        ])
        for node in nodes {
            for key in node.keys {
                table.add([node.node, key.user, key.keyPath, key.passphrasePath, "by a round trip"])
            }
        }
        let made = nodes.contains { !$0.keys.isEmpty } ? table.lines + ["", Self.warning] : []
        let errors = nodes.flatMap { RunText.faults($0.faults, on: $0.node) }
        return made + (made.isEmpty || errors.isEmpty ? [] : [""]) + errors
    }

    private static let warning =
        "The next 'amfleet backup' seals them to the recovery key. A cluster without one ('amfleet recovery add' makes it) needs a copy of both files of every node in a safe place: without both no dump made with them comes back."
}
