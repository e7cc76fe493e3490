// SPDX-License-Identifier: Apache-2.0

internal import AgentAPI

extension PlanReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var nodes: [Node]
    }

    public func document(command: String) throws -> [UInt8] {
        try WireJSON.document(
            CommandDocument(command: command, result: ending, body: Body(run: run, nodes: nodes)))
    }

    public var lines: [String] {
        var table = TextTable([
            ("NODE", .left), ("CONFIGURATION", .left), ("DISK", .left), ("LEVEL", .right), ("DUMPED", .right),
            ("STORED", .right), ("VOLUME", .left), ("WHY", .left),
        ])
        for node in nodes {
            for configuration in node.record?.configurations ?? [] {
                for dump in configuration.dumps { table.add(row(node.node, configuration, dump)) }
            }
        }
        let remarks = nodes.flatMap(remarks)
        return table.lines + (remarks.isEmpty ? [] : [""] + remarks)
            + ["", "plan: nothing was written; a backup now would be run \(run)"]
    }

    private func row(
        _ node: String, _ configuration: ConfigurationRecord, _ dump: DumpRecord
    ) -> [String] {
        let isPlanned = dump.status == .planned
        let figures = dump.expectation.flatMap { isPlanned ? $0 : nil }
        return [
            node, configuration.name, dump.disk, isPlanned ? "\(dump.level)" : "-",
            figures.map { Quantity.bytes($0.dumpedBytes) } ?? "-",
            figures.map { Quantity.bytes($0.storedBytes) } ?? "-",
            isPlanned ? configuration.volumes.map(\.label).joined(separator: ", ") : "-",
            dump.expectation.map { RunText.oneLine($0.reason) }
                ?? dump.error.map { RunText.oneLine($0.message) } ?? "-",
        ]
    }

    private func remarks(on node: Node) -> [String] {
        let configurations = node.record?.configurations ?? []
        let places = configurations.flatMap { configuration in
            configuration.volumes.map { "\(configuration.name): volume '\($0.label)' lies at '\($0.prefix)'" }
        }
        let notes = configurations.flatMap { configuration in
            configuration.notes.map { "\(configuration.name): \(RunText.oneLine($0))" }
        }
        let errors = configurations.flatMap { configuration in
            ([configuration.error] + configuration.dumps.map(\.error)).compactMap { $0 }.map {
                "\(configuration.name): \($0)"
            }
        }
        return (places + notes + errors).map { "\(node.node): \($0)" }
            + [node.error].compactMap { $0 }.map { "\($0.on(node.node))" }
    }
}
