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
        var table = TextTable(["NODE", "CONFIGURATION", "VOLUME", "LEVEL", "DISK"])
        var remarks: [String] = []
        for node in nodes {
            for configuration in node.record?.configurations ?? [] {
                let volume = configuration.volumes.map { "\($0.label) at \($0.prefix)" }.joined(
                    separator: ", ")
                for dump in configuration.dumps {
                    table.add([node.node, configuration.name, volume, "\(dump.level)", dump.disk])
                }
                remarks += configuration.notes.map {
                    "\(node.node): \(configuration.name): \(RunText.oneLine($0))"
                }
                remarks += [configuration.error].compactMap { $0 }.map {
                    "\(node.node): \(configuration.name): \($0)"
                }
            }
            remarks += [node.error].compactMap { $0 }.map { "\($0.on(node.node))" }
        }
        return table.lines + (remarks.isEmpty ? [] : [""] + remarks)
            + ["", "dry run: nothing was written; a backup now would be run \(run)"]
    }
}
