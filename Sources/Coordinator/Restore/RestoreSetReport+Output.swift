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
        let commands = nodes.flatMap { node in
            (node.report?.commands ?? []).map { command in
                let end = command.error.map(\.message) ?? "ended well"
                let last = command.text.split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
                return
                    "\(node.node): note: command '\(command.moment.rawValue)' (\(command.command)): \(RunText.oneLine(end + last))"
            }
        }
        let ofNodes = nodes.flatMap { node in
            (node.report?.notes ?? []).map { "\(node.node): note: \(RunText.oneLine($0))" }
        }
        let keys = nodes.flatMap { node in Self.text(node.report?.secrets ?? [], on: node.node) }
        let doubts = suspects.map { "\($0.node ?? ""): note: \($0.message)" }
        let all = errors + keys + doubts + commands + notes + ofNodes + recoveryPoints.warnings
        return all.isEmpty ? [] : [""] + all
    }

    /// Sealed files: how many are back, and each that is not.
    private static func text(_ secrets: [RestoredSecret], on node: String) -> [String] {
        let secrets = secrets.prefix(1_000).filter { $0.kind != .settings }
        let back = secrets.filter { $0.state == .restored || $0.state == .replaced }
        let first = back.isEmpty ? [] : ["\(node): \(Quantity.count(back.count, "sealed file")) put back"]
        let copies = back.compactMap { secret in secret.reason.map { "\(node): '\(secret.path)': \($0)" } }
        let open = secrets.filter { $0.state == .kept || $0.state == .leftOut }.flatMap { secret in
            ["\(node): '\(secret.path)' is not put back: \(RunText.oneLine(secret.reason ?? ""))"]
                + [secret.hint].compactMap(\.self).map { "hint: \($0)" }
        }
        let unknown = secrets.filter { $0.state == .other }.map { secret in
            "\(node): '\(secret.path)': what became of it this version does not know"
                + (secret.reason.map { ": \(RunText.oneLine($0))" } ?? "")
        }
        return first + copies + open + unknown
    }

    private var verdict: String {
        let complete = nodes.filter(\.isComplete)
        let rest = nodes.filter { !$0.isComplete }.map(\.node)
        let bytes = nodes.compactMap(\.report).flatMap(\.disks).map(\.restoredBytes).byteSum
        return "run \(run): restored on \(complete.count)/\(nodes.count) nodes, \(Quantity.bytes(bytes))"
            + (rest.isEmpty ? "" : "; not: \(rest.joined(separator: ", "))")
    }
}
