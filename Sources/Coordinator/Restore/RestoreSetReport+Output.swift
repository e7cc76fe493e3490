// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension RestoreSetReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var nodes: [Node]
        var recoveryPoints: [NodeRecoveryPoints]
        var suspects: [WireError]?
    }

    public func document(command: String) throws -> [UInt8] {
        try document(
            command,
            Body(
                run: run, nodes: nodes, recoveryPoints: recoveryPoints,
                suspects: suspects.isEmpty ? nil : suspects))
    }

    public var lines: [String] {
        var table = TextTable([
            ("NODE", .left), ("CONFIGURATION", .left), ("DISK", .left), ("TARGET", .left),
            ("RESTORED", .right),
            ("STATE", .left),
        ])
        for node in nodes {
            for disk in node.report?.disks ?? [] {
                table.add([
                    node.node, disk.configuration, disk.disk, disk.target, Quantity.bytes(disk.restoredBytes),
                    disk.error == nil ? "restored" : "failed",
                ])
            }
        }
        let isAnything = nodes.contains { $0.report?.disks.isEmpty == false }
        return (isAnything ? table.lines : []) + remarks + ["", verdict]
    }

    private var remarks: [String] {
        let errors = nodes.flatMap { RunText.faults($0.faults, on: $0.node) }
        let notes = nodes.flatMap { node in
            (node.report?.disks ?? []).flatMap { disk in
                disk.notes.map { "\(node.node): note: \(disk.disk): \(RunText.oneLine($0))" }
            }
        }
        let doubts = suspects.map { "\($0.node ?? ""): note: \($0.message)" }
        let all = errors + doubts + notes + recoveryPoints.warnings
        return all.isEmpty ? [] : [""] + all
    }

    private var verdict: String {
        let complete = nodes.filter(\.isComplete)
        let rest = nodes.filter { !$0.isComplete }.map(\.node)
        let bytes = nodes.compactMap(\.report).flatMap(\.disks).map(\.restoredBytes).byteSum
        return "run \(run): restored on \(complete.count)/\(nodes.count) nodes, \(Quantity.bytes(bytes))"
            + (rest.isEmpty ? "" : "; not: \(rest.joined(separator: ", "))")
    }
}
