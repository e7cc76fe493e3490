// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension RestorePlanReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var nodes: [Node]
    }

    public func document(command: String) throws -> [UInt8] {
        try document(command, Body(run: run, nodes: nodes))
    }

    public var lines: [String] {
        var table = TextTable([
            ("NODE", .left), ("CONFIGURATION", .left), ("DISK", .left), ("LEVELS", .left),
            ("TO READ", .right),
            ("OBJECTS", .right), ("TO WRITE", .right), ("TARGET", .left),
        ])
        for node in nodes {
            for disk in node.restorePlan?.disks ?? [] { table.add(row(node.node, disk)) }
        }
        let isAnything = nodes.contains { $0.restorePlan?.disks.isEmpty == false }
        return (isAnything ? table.lines : []) + remarks + ["", verdict]
    }

    private func row(_ node: String, _ disk: NodeRestorePlan.Disk) -> [String] {
        let isBack = disk.error == nil
        let expected = disk.isTargetExpected == true ? " (its disklist decides)" : ""
        return [
            node, disk.configuration, disk.disk,
            disk.levels.isEmpty ? "-" : disk.levels.map { "\($0.level)" }.joined(separator: "+"),
            isBack ? Quantity.bytes(disk.storedBytes) : "-", isBack ? "\(disk.objects)" : "-",
            isBack ? disk.dumpedBytes.map { Quantity.bytes($0) } ?? "?" : "-",
            isBack ? disk.target + expected : "does not come back",
        ]
    }

    private var remarks: [String] {
        let faults = nodes.flatMap { RunText.faults($0.faults, on: $0.node) }
        let notes = nodes.flatMap { node -> [String] in
            guard let plan = node.restorePlan else { return [] }
            let ofDisks = plan.disks.flatMap { disk in
                (disk.notes ?? []).map { "note: \(disk.disk): \($0)" }
            }
            return (plan.details + plan.notes.map { "note: \($0)" } + ofDisks).map {
                "\(node.node): \(RunText.oneLine($0))"
            }
        }
        let all = faults + notes
        return all.isEmpty ? [] : [""] + all
    }

    /// The whole cluster takes as long as its slowest node.
    private var verdict: String {
        let plans = nodes.compactMap(\.restorePlan)
        let whole = nodes.filter { $0.error == nil }
        let rest = nodes.filter { $0.error != nil }.map(\.node)
        let bytes = plans.map(\.storedBytes).byteSum
        let seconds = plans.compactMap(\.expectedSeconds)
        let time =
            seconds.count == plans.count
            ? seconds.max().map { ", about \(Quantity.duration(seconds: $0))" } ?? "" : ""
        return
            "plan: nothing was written; run \(run) would come back whole on \(whole.count)/\(nodes.count) nodes, "
            + "\(Quantity.bytes(bytes)) to read\(time)"
            + (rest.isEmpty ? "" : "; not: \(rest.joined(separator: ", "))")
    }
}
