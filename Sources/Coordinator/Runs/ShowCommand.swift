// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import FoundationEssentials

/// `amfleet show RUN`: what there is of the run, or the line that is left of it.
public struct ShowCommand: Sendable {
    let cluster: Cluster

    public init(_ cluster: Cluster) {
        self.cluster = cluster
    }

    /// - Throws: `CoordinatorError.unknownRun` where neither bucket nor history has it.
    public func run(_ run: RunName) async throws -> any CommandReport {
        do {
            return try await RunDetails(cluster, run: run)
        } catch CoordinatorError.runOverwritten(let line) {
            return HistoryDetails(line: line)
        }
    }
}

/// A run of which nothing is left but its line in the history.
struct HistoryDetails: CommandReport {
    private struct Body: Encodable {
        var state: RunState = .overwritten
        var history: HistoryLine
    }

    let line: HistoryLine

    var ending: CommandEnding { .complete }

    func document(command: String) throws -> [UInt8] {
        try document(command, Body(history: line))
    }

    var lines: [String] {
        let end = line.finishedAt.map { ", ended \(LocalTime($0).text)" } ?? ""
        let flags = line.flags.map { $0.isEmpty ? [] : ["with \($0.joined(separator: " "))"] } ?? []
        var table = TextTable([
            ("NODE", .left), ("STATE", .left), ("DUMPED", .right), ("STORED", .right), ("REASON", .left),
        ])
        for node in line.nodes {
            table.add([
                node.node, node.state.rawValue, Quantity.bytes(node.dumpedBytes),
                Quantity.bytes(node.storedBytes), node.reason.map(RunText.oneLine) ?? "",
            ])
        }
        return [
            "run \(line.run) of cluster \(line.cluster): overwritten (it ended as \(line.verdict.rawValue))",
            "began \(LocalTime(line.startedAt).text)\(end), by \(line.coordinator)",
        ] + flags + [
            "configurations \(line.configurations.map(\.name).joined(separator: ", "))"
                + "; manifest revision \(line.revision), fence \(line.fence)",
            "every volume of it bears another run since \(LocalTime(line.overwrittenBy).text) at the latest: "
                + "its records are gone, this is kept of it",
            "",
        ] + table.lines
    }
}
