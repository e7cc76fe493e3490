// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

extension FlushSetReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var nodes: [Node]
    }

    public func document(command: String) throws -> [UInt8] {
        try document(command, Body(run: run, nodes: nodes))
    }

    public var lines: [String] {
        var table = TextTable([
            ("NODE", .left), ("CONFIGURATION", .left), ("DISK", .left), ("LEVEL", .right), ("RUN", .left),
            ("STORED", .right), ("STATE", .left),
        ])
        for (node, configuration, dump) in dumps {
            let held = dump.held
            table.add([
                node, configuration, held.disk, "\(held.level)", held.run.digits,
                Quantity.bytes(held.storedBytes),
                Self.state(dump),
            ])
        }
        return table.lines + remarks + ["", verdict]
    }

    private static func state(_ dump: FlushReport.Dump) -> String {
        guard !dump.labels.isEmpty else { return "held" }
        let sent = "sent to \(dump.labels.joined(separator: ", "))"
        return dump.error == nil ? sent : sent + ", held until its record is written"
    }

    private var dumps: [(node: String, configuration: String, dump: FlushReport.Dump)] {
        nodes.flatMap { node in
            (node.report?.configurations ?? []).flatMap { configuration in
                configuration.dumps.map { (node.node, configuration.name, $0) }
            }
        }
    }

    private var remarks: [String] {
        let errors = nodes.flatMap { RunText.faults($0.faults, on: $0.node) }
        let notes = nodes.flatMap { node in
            (node.report?.configurations ?? []).flatMap { configuration in
                configuration.notes.map {
                    "\(node.node): note: \(configuration.name): \(RunText.oneLine($0))"
                }
            }
        }
        return errors.isEmpty && notes.isEmpty ? [] : [""] + errors + notes
    }

    private var verdict: String {
        let sent = dumps.filter { !$0.dump.labels.isEmpty && $0.dump.error == nil }
        let bytes = sent.map(\.dump.held.storedBytes).byteSum
        let left = dumps.count - sent.count
        return "flush \(run): \(Quantity.count(sent.count, "dump")) sent, \(Quantity.bytes(bytes))"
            + (left == 0 ? "" : "; \(Quantity.count(left, "dump")) still held")
    }
}
