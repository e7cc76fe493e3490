// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

extension VolumesReport: CommandReport {
    private struct Body: Encodable {
        var cluster: String
        var nodes: [Node]
    }

    /// A node or a configuration that does not answer is what is to be told; that all fail for one cause is a failure.
    public var ending: CommandEnding {
        nodes.flatMap { $0.faults + $0.configurations.flatMap(\.faults) }.isEmpty ? .complete : .problem
    }

    public func document(command: String) throws -> [UInt8] {
        try WireJSON.document(
            CommandDocument(command: command, result: ending, body: Body(cluster: cluster, nodes: nodes)))
    }

    public var lines: [String] {
        var table = TextTable([
            ("NODE", .left), ("CONFIGURATION", .left), ("SLOT", .right), ("LABEL", .left), ("RUN", .left),
            ("HOLDS", .left), ("STORED", .right), ("WRITTEN NEXT", .left),
        ])
        for node in nodes {
            for configuration in node.configurations {
                for slot in configuration.slots {
                    table.add([node.node, configuration.name] + Self.row(slot))
                }
            }
        }
        let remarks = nodes.flatMap(Self.remarks)
        return table.lines + (remarks.isEmpty ? [] : [""] + remarks)
    }

    private static func row(_ slot: SlotVolume) -> [String] {
        let isWritten = !slot.dumps.isEmpty
        return [
            "\(slot.slot)", slot.label ?? "-", slot.run?.digits ?? "-", holds(slot),
            isWritten ? Quantity.bytes(slot.storedBytes) : "-", next(slot),
        ]
    }

    /// `/data 0, /logs 1 (partial)`.
    private static func holds(_ slot: SlotVolume) -> String {
        switch slot.state {
        case .unlabelled: return "unlabelled"
        case .foreign: return "no Amanda volume"
        case .unreadable: return "not readable"
        case .unknown: return "a run unknown to the catalog"
        case .known: break
        }
        let dumps = slot.dumps.map { "\($0.disk) \($0.level)" + ($0.isWhole ? "" : " (partial)") }
        return dumps.isEmpty ? "nothing" : dumps.joined(separator: ", ")
    }

    private static func next(_ slot: SlotVolume) -> String {
        switch slot.writtenByRun {
        case 1: return "by the next run"
        case let number?: return "in \(number) runs"
        case nil where slot.isSpare == true: return "spare: when no other may be overwritten"
        case nil: return "kept: " + RunText.oneLine(slot.keptReason ?? "for no known reason")
        }
    }

    private static func remarks(_ node: Node) -> [String] {
        let lost = node.configurations.flatMap { configuration in
            configuration.lostLabels.map {
                "\(node.node): \(configuration.name): volume '\($0)' is in the tapelist and in no slot"
            }
        }
        let errors = node.configurations.flatMap { configuration in
            RunText.faults(configuration.faults, on: node.node, of: configuration.name)
        }
        return lost + errors + RunText.faults(node.faults, on: node.node)
    }
}
