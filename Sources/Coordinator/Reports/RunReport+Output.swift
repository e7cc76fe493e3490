// SPDX-License-Identifier: Apache-2.0

internal import AgentAPI
internal import FoundationEssentials

extension RunReport: CommandReport {
    private struct Body: Encodable {
        var run: RunName
        var startedAtUTC: Date
        var manifest: RunManifest
        var asked: [String]
    }

    public func document(command: String) throws -> [UInt8] {
        let body = Body(run: manifest.run, startedAtUTC: manifest.startedAt, manifest: manifest, asked: asked)
        return try WireJSON.document(CommandDocument(command: command, result: ending, body: body))
    }

    public var lines: [String] {
        RunText.table(manifest.nodes) + RunText.notes(manifest.nodes) + [""] + [verdict]
    }

    /// The last line: what the set is now.
    private var verdict: String {
        let complete = manifest.nodes.filter { $0.state == .complete }.count
        let time = manifest.finishedAt.map {
            " in " + Quantity.duration(seconds: $0.timeIntervalSince(manifest.startedAt))
        }
        let incomplete = manifest.nodes.filter { $0.state != .complete }.map(\.node)
        let rest = incomplete.isEmpty ? "" : "; not complete: \(incomplete.joined(separator: ", "))"
        return
            "run \(manifest.run): \(manifest.verdict.rawValue), \(complete)/\(manifest.nodes.count) nodes complete\(time ?? "")\(rest)"
    }
}

/// Verdicts of nodes in words.
enum RunText {
    static func table(_ verdicts: [NodeVerdict]) -> [String] {
        var table = TextTable([
            ("NODE", .left), ("STATE", .left), ("DUMPED", .right), ("STORED", .right), ("ATTEMPT", .right),
            ("REASON", .left),
        ])
        for verdict in verdicts {
            table.add([
                verdict.node, verdict.state.rawValue, Quantity.bytes(verdict.dumpedBytes),
                Quantity.bytes(verdict.storedBytes), verdict.attempt == 0 ? "-" : "\(verdict.attempt)",
                verdict.error.map { oneLine($0.message) } ?? "",
            ])
        }
        return table.lines
    }

    /// Hints of failed nodes, then every node's notes.
    static func notes(_ verdicts: [NodeVerdict]) -> [String] {
        let hints = verdicts.compactMap { verdict in
            verdict.error?.hint.map { "\(verdict.node): hint: \($0)" }
        }
        let notes = RemarkGroups(
            verdicts.flatMap { verdict in
                verdict.notes.map { StatusReport.Finding(.remark, node: verdict.node, $0) }
            }, nodes: verdicts.map(\.node)
        ).groups.map { "note: \($0.text)" }
        return hints.isEmpty && notes.isEmpty ? [] : [""] + hints + notes
    }

    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
