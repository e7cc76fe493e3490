// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import Testing

@testable import Coordinator

/// Which runs `list` shows, and how long each took.
@Suite struct ListOptionsTests {
    @Test func `twenty where nothing is said, all since a day, a number where one is given`() throws {
        #expect(try ListOptions().limit == 20)
        #expect(try ListOptions().since == nil)
        #expect(try ListOptions(isAll: true).limit == nil)
        let since = try ListOptions(since: "2026-11-23")
        #expect(since.limit == nil && since.since == Sample.name("20261123000000"))
        let both = try ListOptions(since: "20261123030600", limit: 3)
        #expect(both.limit == 3 && both.since == Sample.name("20261123030600"))
        #expect(try ListOptions(since: "2026112303").since == Sample.name("20261123030000"))
    }

    @Test(arguments: [
        "yesterday", "2026-11", "2026-13-01", "2026-02-30", "202611230306001", "", "2026-11-2x",
    ])
    func `what is no day is refused with what was typed`(text: String) throws {
        let error = #expect(throws: CoordinatorError.self) { try ListOptions(since: text) }
        let said = error.map { "\($0)" } ?? ""
        #expect(
            said.contains("--since") && said.contains("must be a date such as 2026-11-23, found '\(text)'"))
        #expect(error?.ending == .unusable)
    }

    @Test func `a limit below one, and all beside another option, are refused`() {
        for limit in [0, -1, Int.min] {
            let error = #expect(throws: CoordinatorError.self) { try ListOptions(limit: limit) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("--limit must be at least 1, found \(limit)"))
        }
        #expect(throws: CoordinatorError.self) { try ListOptions(isAll: true, limit: 5) }
        #expect(throws: CoordinatorError.self) { try ListOptions(isAll: true, since: "2026-11-23") }
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (3_725, "1 h 02 min"), (100_000, "1 d 3 h"), (-5, "-"),
        (nil, "-"),
    ])
    func `TOOK is from the beginning to the end, and a dash where that is not known`(
        seconds: Int?, text: String
    ) throws {
        var manifest = Sample.manifest([Sample.verdict("node01", .complete)], .complete)
        manifest.finishedAt = seconds.map { manifest.startedAt.addingTimeInterval(Double($0)) }
        let row = RunListing.row(manifest, RunOutlook(recorded: manifest, VolumeClaims()), holder: nil)
        #expect(took(row) == text)
        let line = HistoryLine(manifest, overwrittenBy: Sample.time, hadVolumes: true)
        #expect(took(RunListing.row(line)) == text)
    }

    /// What stands below the heading, which is aligned to the right.
    private func took(_ row: RunListing.Row) -> String? {
        let lines = RunListing(rows: [row]).lines
        guard let end = lines.first?.range(of: "TOOK")?.upperBound, lines.count > 1 else { return nil }
        let column = lines[1].prefix(lines[0].distance(from: lines[0].startIndex, to: end))
        return column.components(separatedBy: "  ").last?.trimmingCharacters(in: .whitespaces)
    }
}
