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
        /// Nil: each could be read.
        var unreadHistory: [String]?
        var unreadHistoryCount: Int?
    }

    /// What could not be read is what is to be told.
    public var ending: CommandEnding {
        rows.allSatisfy { $0.unknown == nil } && unreadHistory.isEmpty ? .complete : .problem
    }

    public func document(command: String) throws -> [UInt8] {
        try document(
            command,
            Body(
                runs: rows, runCount: runCount, isCut: isCut,
                unreadHistory: unreadHistory.isEmpty ? nil : unreadHistory,
                unreadHistoryCount: unreadHistory.isEmpty ? nil : unreadHistoryCount))
    }

    public var lines: [String] {
        guard !rows.isEmpty else {
            return [runCount == 0 ? "no run in the bucket yet" : "no such run"] + unreadLines
        }
        var table = TextTable([
            ("RUN", .left), ("STATE", .left), ("NODES", .right), ("STARTED", .left), ("TOOK", .right),
            ("DUMPED", .right), ("STORED", .right), ("LEVELS", .left), ("PIN", .left),
        ])
        for row in rows {
            table.add([
                row.run.digits, row.state.rawValue, "\(row.completeNodes)/\(row.totalNodes)",
                row.startedAt.map { LocalTime($0).text } ?? "-", took(row), Quantity.bytes(row.dumpedBytes),
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
            + unreadLines
    }

    /// A dash where an end is not recorded, or lies before the beginning: a clock was set meanwhile.
    private func took(_ row: Row) -> String {
        guard let start = row.startedAt, let end = row.finishedAt, end >= start else { return "-" }
        return Quantity.duration(seconds: end.timeIntervalSince(start))
    }

    /// The first of them: an object may be damaged from end to end.
    private var unreadLines: [String] {
        guard !unreadHistory.isEmpty else { return [] }
        let count = unreadHistoryCount
        return unreadHistory.prefix(3).map { "a run of the history is not shown: \(RunText.oneLine($0))" }
            + (count > 3 ? ["\(count - 3) more lines of the history could not be read"] : [])
            + ["hint: \(CoordinatorError.unreadHistoryHint)"]
    }
}
