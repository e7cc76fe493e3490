// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

extension VolumesReport: CommandReport {
    private struct Body: Encodable {
        var cluster: String
        var nodes: [Node]
        var protection: ProtectionSummary?
        var errors: [WireError]?
    }

    /// What could not be looked at is what is to be told: a node, a configuration, a slot, or what is not overwritten.
    public var ending: CommandEnding {
        let isUnknown = nodes.contains {
            $0.configurations.contains { $0.slots.contains { $0.state == .unreadable } }
        }
        let faults = faults + nodes.flatMap { $0.faults + $0.configurations.flatMap(\.faults) }
        return faults.isEmpty && !isUnknown ? .complete : .problem
    }

    public func document(command: String) throws -> [UInt8] {
        try document(
            command,
            Body(
                cluster: cluster, nodes: nodes, protection: protection,
                errors: faults.isEmpty ? nil : faults))
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
        let remarks = nodes.flatMap(Self.remarks) + (protection?.lines ?? []) + unknownProtection
        return table.lines + (remarks.isEmpty ? [] : [""] + remarks)
    }

    private var unknownProtection: [String] {
        faults.flatMap { fault in
            ["which runs are not overwritten is unknown: \(RunText.oneLine(fault.message))"]
                + [fault.hint].compactMap(\.self).map { "hint: \($0)" }
        }
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
        case .unreadable:
            return "unknown" + (slot.unreadableReason.map { ": \(RunText.oneLine($0))" } ?? "")
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
            let isEverySlotKnown = !configuration.slots.contains { $0.state == .unreadable }
            let place = isEverySlotKnown ? "in no slot" : "in no slot whose label could be read"
            return configuration.lostLabels.map {
                "\(node.node): \(configuration.name): volume '\($0)' is in the tapelist and \(place)"
            }
        }
        let next = node.configurations.flatMap { configuration in
            ([configuration.shortfall?.text] + [configuration.refusal?.message]).compactMap(\.self).map {
                "\(node.node): \(configuration.name): \(RunText.oneLine($0))"
            }
        }
        let errors = node.configurations.flatMap { configuration in
            RunText.faults(configuration.faults, on: node.node, of: configuration.name)
        }
        return lost + next + errors + RunText.faults(node.faults, on: node.node)
    }
}
