// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials

extension RunListing: CommandReport {
    private struct Body: Encodable {
        var runs: [Row]
        /// Nobody has looked at the volumes.
        var asRecorded = true
        var runCount: Int
        var isCut: Bool
    }

    /// What could not be read is what is to be told.
    public var ending: CommandEnding { rows.allSatisfy { $0.unknown == nil } ? .complete : .problem }

    public func document(command: String) throws -> [UInt8] {
        try document(command, Body(runs: rows, runCount: runCount, isCut: isCut))
    }

    public var lines: [String] {
        guard !rows.isEmpty else { return [runCount == 0 ? "no run in the bucket yet" : "no such run"] }
        var table = TextTable([
            ("RUN", .left), ("STATE", .left), ("NODES", .right), ("STARTED", .left), ("TOOK", .right),
            ("DUMPED", .right), ("STORED", .right), ("LEVELS", .left), ("PIN", .left),
        ])
        for row in rows {
            let took = row.finishedAt.flatMap { end in
                row.startedAt.map { Quantity.duration(seconds: end.timeIntervalSince($0)) }
            }
            table.add([
                row.run.digits, row.state.rawValue, "\(row.completeNodes)/\(row.totalNodes)",
                row.startedAt.map { LocalTime($0).text } ?? "-", took ?? "-", Quantity.bytes(row.dumpedBytes),
                Quantity.bytes(row.storedBytes),
                row.levels.isEmpty ? "-" : row.levels.map(String.init).joined(separator: ","),
                row.pin == nil ? "" : "pinned",
            ])
        }
        let remarks = rows.flatMap { row in row.remarks.map { "\(row.run): \(RunText.oneLine($0))" } }
        return table.lines + (remarks.isEmpty ? [] : [""] + remarks)
            + ["", "as recorded; 'amfleet show RUN' looks at a run's volumes"]
            + (isCut
                ? ["\(Quantity.count(rows.count, "run")) shown; --all, --since or --limit shows more"] : [])
    }
}
