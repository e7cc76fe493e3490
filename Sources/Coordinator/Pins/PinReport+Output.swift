// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension PinReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var isPinned: Bool
        var wasSo: Bool
        var left: [String]
        var nodes: [Node]
    }

    /// The pin holds as soon as the manifest says so; nodes that have no mark yet, and what is gone already, are named.
    public var ending: CommandEnding {
        nodes.contains { !$0.faults.isEmpty } || !left.isEmpty ? .partial : .complete
    }

    public func document(command: String) throws -> [UInt8] {
        let body = Body(run: run, isPinned: wish == .pin, wasSo: wasSo, left: left, nodes: nodes)
        return try document(command, body)
    }

    public var lines: [String] {
        let changed = nodes.flatMap { node in
            node.configurations.flatMap { configuration in
                configuration.marked.map { "\(node.node): \(configuration.name): volume '\($0)' is no-reuse" }
                    + configuration.freed.map {
                        "\(node.node): \(configuration.name): volume '\($0)' may be reused"
                    }
            }
        }
        let faults = nodes.flatMap { node in
            node.faults.isEmpty
                ? []
                : ["\(node.node): its tapelists are brought into line with its next job"]
                    + RunText.faults(node.faults, on: node.node)
        }
        return changed + left + faults + [verdict]
    }

    private var verdict: String {
        let already = wasSo ? " already" : ""
        return switch wish {
        case .pin: "run \(run) is pinned\(already): it is not overwritten until 'amfleet unpin \(run)'"
        case .unpin: wasSo ? "run \(run) was not pinned" : "run \(run) is no longer pinned"
        }
    }
}
