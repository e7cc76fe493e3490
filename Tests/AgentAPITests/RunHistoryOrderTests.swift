// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import Testing

@testable import AgentAPI

@Suite struct RunHistoryOrderTests {
    private static func line(_ digits: String, revision: Int = 1) throws -> HistoryLine {
        let time = Date(timeIntervalSince1970: 1_795_000_000)
        let run = try #require(RunName(digits))
        let manifest = RunManifest(
            cluster: "demo", run: run, revision: revision, fence: 1, coordinator: "me@here", startedAt: time,
            verdict: .complete, configurations: [], nodes: [])
        return HistoryLine(manifest, overwrittenBy: time, hadVolumes: true)
    }

    private static func read(_ lines: [HistoryLine], end: String = "\n") throws -> RunHistory {
        let bytes = try lines.flatMap { try WireJSON.line($0) }
        return RunHistory(parsing: bytes + Array(end.utf8), what: "'2026.jsonl'")
    }

    private let days = ["20260101030600", "20260102030600", "20260103030600"]

    @Test func `lines in another order are put into that of their runs`() throws {
        let history = try Self.read([days[2], days[0], days[1]].map { try Self.line($0) })
        #expect(history.lines.map(\.run.digits) == days)
        #expect(history.unread.count == 0)
        var more = history
        more.add(try Self.line("20260102120000"))
        #expect(more.lines.map(\.run.digits) == [days[0], days[1], "20260102120000", days[2]])
    }

    @Test func `a run that stands twice is one, as it was written last`() throws {
        let twice = try [
            Self.line(days[0]), Self.line(days[1], revision: 3), Self.line(days[0], revision: 2),
            Self.line(days[1], revision: 1),
        ]
        let history = try Self.read(twice)
        #expect(history.lines.map(\.run.digits) == [days[0], days[1]])
        #expect(history.lines.map(\.revision) == [2, 3])
        let again = RunHistory(parsing: try history.bytes(), what: "'2026.jsonl'")
        #expect(again == history)
    }

    @Test func `a last line that was cut costs itself alone`() throws {
        let history = try Self.read([Self.line(days[0])], end: "{\"format\": 1, \"run\": \"2026")
        #expect(history.lines.map(\.run.digits) == [days[0]])
        #expect(history.unread.reasons.first?.facts.contains("line 2 cannot be read") == true)
    }
}
