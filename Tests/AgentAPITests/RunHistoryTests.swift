// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import Testing

@testable import AgentAPI

/// A year of the history in which much cannot be read.
struct RunHistoryTests {
    private func line(_ digits: String) throws -> HistoryLine {
        let run = try #require(RunName(digits))
        let manifest = RunManifest(
            cluster: "demo", run: run, fence: 1, coordinator: "me@here, pid 1",
            startedAt: Date(timeIntervalSince1970: 1_795_392_360), verdict: .complete, configurations: [],
            nodes: []
        )
        return HistoryLine(
            manifest, overwrittenBy: Date(timeIntervalSince1970: 1_795_392_360), hadVolumes: true)
    }

    /// Each scrap had a text of its own, an error and its reason: 48 MiB of them came to gigabytes.
    @Test func `of many lines that cannot be read the first are named, and all of them stay`() throws {
        let lines = try ["20260101030600", "20260102030600"].map(line)
        let scraps = [String](repeating: "x", count: 5_000).joined(separator: "\n") + "\n"
        let long = "{\"format\": 2, \"run\": \"" + String(repeating: "9", count: 200) + "\"}\n"
        let bytes = try WireJSON.line(lines[0]) + Array((scraps + long).utf8) + WireJSON.line(lines[1])
        var history = RunHistory(parsing: bytes, what: "'2026.jsonl'")
        #expect(history.lines == lines)
        #expect(history.unread.count == 5_001)
        #expect(history.unread.reasons.count == RunHistory.Unread.reasonLimit)
        #expect(history.unread.reasons.first?.facts.contains("'2026.jsonl', line 2 cannot be read") == true)
        #expect(history.unread.reasons.allSatisfy { !$0.reason.isEmpty })

        // Written again they are there to a byte, behind all others.
        history.add(try line("20260103030600"))
        let again = try history.bytes()
        #expect(again.suffix((scraps + long).utf8.count) == Array((scraps + long).utf8)[...])
        let back = RunHistory(parsing: again, what: "'2026.jsonl'")
        #expect(back.lines.count == 3 && back.unread.count == 5_001)
        let joined = history.joined(with: back)
        #expect(joined.unread.count == 10_002 && joined.unread.reasons.count == RunHistory.Unread.reasonLimit)
        #expect(try joined.lines == ["20260101030600", "20260102030600", "20260103030600"].map(line))
    }

    /// What is tried to be read at all must be shorter than every line of ours.
    @Test func `the shortest line there can be is read behind any number of scraps`() throws {
        let run = try #require(RunName("20260101000000"))
        let manifest = RunManifest(
            cluster: "", run: run, revision: 0, fence: 0, coordinator: "",
            startedAt: Date(timeIntervalSince1970: 0),
            verdict: .held, configurations: [], nodes: [])
        let shortest = HistoryLine(manifest, overwrittenBy: Date(timeIntervalSince1970: 0), hadVolumes: true)
        let scraps = Array(String(repeating: "x\n", count: 100).utf8)
        let history = RunHistory(parsing: scraps + (try WireJSON.line(shortest)), what: "'2026.jsonl'")
        #expect(history.lines == [shortest] && history.unread.count == 100)
    }
}
