// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension PlanReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var nodes: [Node]
        var protection: ProtectionSummary
    }

    public func document(command: String) throws -> [UInt8] {
        try document(command, Body(run: run, nodes: nodes, protection: protection))
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
        let remarks = notes + protection.lines + nodes.flatMap(faults)
        return table.lines + (remarks.isEmpty ? [] : [""] + remarks)
            + ["", "plan: nothing was written; a backup now would be run \(run)"]
    }

    /// What concerns several nodes or configurations alike is said once.
    private var notes: [String] {
        let findings = nodes.flatMap { node in
            (node.record?.configurations ?? []).flatMap { configuration in
                configuration.remarks.map {
                    Finding($0, node: node.node, configuration: configuration.name)
                }
            }
        }
        return RemarkGroups(findings, nodes: nodes.map(\.node)).groups.map(\.text)
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
                ?? (dump.error == nil ? "-" : "cannot be dumped"),
        ]
    }

    /// Those of the node's record, or why there is none: a job's own are the record's once more.
    private func faults(of node: Node) -> [String] {
        let recorded = (node.record?.configurations ?? []).flatMap { configuration in
            configuration.faults.map { $0.within(configuration: configuration.name) }
                + configuration.dumps.compactMap { dump in
                    dump.error?.within(configuration: configuration.name, disk: dump.disk)
                }
        }
        return RunText.faults(recorded.isEmpty ? node.faults : recorded, on: node.node)
    }
}
