// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import CivilCalendar
import Foundation
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Years of runs of which a line each is left, and lines that cannot be read.
@Suite(.serialized, .enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(3)))
struct HistoryTests {
    private func line(_ digits: String) -> HistoryLine {
        var manifest = Sample.manifest([Sample.verdict("node1", .complete)], .complete)
        manifest.run = Sample.name(digits)
        return HistoryLine(manifest, overwrittenBy: Sample.time, hadVolumes: true)
    }

    private func key(_ many: ManyRuns, _ year: String) -> String { many.direct.layout.history(ofYear: year) }

    private func text(_ many: ManyRuns, _ year: String) async throws -> String {
        let (bytes, _) = try await many.direct.client.get(key(many, year), limit: 1 << 20)
        return String(decoding: bytes, as: UTF8.self)
    }

    private let years = ["20251230030600", "20251231030600", "20260101030600", "20260102030600"]

    private func write(_ many: ManyRuns) async throws {
        let writer = HistoryWriter(bucket: many.direct) { true }
        _ = try await writer.condense(years.shuffled().map(line))
    }

    @Test func `two years are two objects, read as far back as is asked`() async throws {
        let many = try await ManyRuns(runs: 2, nodes: 1)
        try await write(many)
        #expect(try await text(many, "2025").split(separator: "\n").count == 2)
        let all = try await RunListing(many.cluster, ListOptions(isAll: true))
        #expect(all.rows.map(\.run.digits) == (years + many.runs.map(\.digits)).sorted(by: >))

        let (few, asked) = try await many.requests {
            try await RunListing(many.cluster, ListOptions(limit: 4))
        }
        #expect(few.rows.count == 4 && few.isCut)
        let (since, askedSince) = try await many.requests {
            try await RunListing(many.cluster, ListOptions(since: "2026-01-02"))
        }
        #expect(since.rows.map(\.run.digits) == ([years[3]] + many.runs.map(\.digits)).sorted(by: >))
        // Three runs of 2026 besides, and 2025 is older than the day.
        for (what, requests) in [("since", askedSince)] {
            #expect(
                !requests.contains { $0.hasPrefix("GET") && $0.contains("history/2025") },
                "\(what): \(requests)")
        }
        #expect(asked.contains { $0.hasPrefix("GET") && $0.contains("history/2026") }, "\(asked)")
        for digits in years {
            let shown = try await ShowCommand(many.cluster).run(Sample.name(digits))
            #expect(shown.lines.first?.contains("run \(digits)") == true, "\(shown.lines)")
        }
        await many.end()
    }

    /// Beyond its limit the whole of it was read no more, and no run became history.
    @Test func `a year that is long goes on in another part, and a part that is too long costs no other`()
        async throws
    {
        let many = try await ManyRuns(runs: 1, nodes: 1)
        var writer = HistoryWriter(bucket: many.direct) { true }
        writer.reader.fullByteCount = 1_000
        let days = (1...9).map { "2026010\($0)030600" }
        for day in days { _ = try await writer.condense([line(day)]) }
        let parts = try await many.direct.client.list(prefix: many.direct.layout.history).objects
        #expect(parts.count > 2 && parts.allSatisfy { $0.byteCount < 2_000 }, "\(parts.map(\.byteCount))")
        #expect(parts.allSatisfy { many.direct.layout.historyPart(ofKey: $0.key)?.year == "2026" })

        let listing = try await RunListing(many.cluster, ListOptions(isAll: true))
        #expect(listing.rows.map(\.run.digits) == (days + many.runs.map(\.digits)).sorted(by: >))
        for day in days {
            #expect(try await writer.reader.line(of: Sample.name(day))?.run.digits == day)
        }
        // Again: nothing is there twice, and a run that was changed since is changed where it stands.
        _ = try await writer.condense(days.map(line))
        var changed = line(days[0])
        changed.revision += 1
        _ = try await writer.condense([changed])
        #expect(try await writer.reader.year("2026")?.lines.map(\.run.digits) == days)
        #expect(try await writer.reader.line(of: Sample.name(days[0]))?.revision == changed.revision)
        #expect(
            try await many.direct.client.list(prefix: many.direct.layout.history).objects.count == parts.count
        )

        // Somebody has made the first one longer than anybody reads.
        var strict = writer
        strict.reader.documentLimit = 4_000
        _ = try await many.direct.client.put(key(many, "2026"), [UInt8](repeating: 0x41, count: 5_000))
        _ = try await strict.condense([line("20260110030600")])
        let year = try #require(try await strict.reader.year("2026"))
        #expect(year.lines.last?.run.digits == "20260110030600" && year.lines.count > 5)
        let newest = try await strict.reader.newest(nil, since: nil)
        #expect(newest.unread.count == 1 && newest.unread[0].facts.contains("2026.jsonl"), "\(newest.unread)")
        #expect(newest.lines.map(\.run).first?.digits == "20260110030600")
        await many.end()
    }

    @Test func `names that are no runs, in whichever number, hide none`() async throws {
        let many = try await ManyRuns(runs: 3, nodes: 1)
        let names = (0..<300).compactMap { RunName(CivilTime(secondsSince1970: 4_000_000_000 + Int64($0))) }
        _ = try await onEvery(names, width: 16) { name in
            try await many.direct.client.put(many.direct.layout.nodeRecord(name, node: "node1"), [1])
        }
        let listing = try await RunListing(many.cluster, ListOptions())
        let real = listing.rows.filter { $0.state != .unknown }
        #expect(real.map(\.run) == many.runs.reversed())
        #expect(listing.rows.count == 3 + 20 && listing.isCut && listing.runCount == 303)
        let all = try await RunListing(many.cluster, ListOptions(isAll: true))
        #expect(all.rows.count == 303)
        await many.end()
    }

    @Test func `a damaged line is named, costs no other, and stays as it is`() async throws {
        let many = try await ManyRuns(runs: 2, nodes: 1)
        try await write(many)
        let damaged = "{\"format\": 1, \"run\": \"20260101"
        let later = "{\"format\": 2, \"run\": \"20260103030600\"}"
        let lines = try await text(many, "2026").split(separator: "\n").map(String.init)
        let broken = [lines[0], damaged, later, lines[1]].joined(separator: "\n") + "\n"
        _ = try await many.direct.client.put(key(many, "2026"), Array(broken.utf8))

        let listing = try await RunListing(many.cluster, ListOptions(isAll: true))
        #expect(listing.rows.map(\.run.digits) == (years + many.runs.map(\.digits)).sorted(by: >))
        #expect(listing.ending == .problem)
        let said = listing.lines.joined(separator: "\n")
        #expect(said.contains("history/2026.jsonl', line 2 cannot be read"), "\(said)")
        #expect(said.contains("history/2026.jsonl', line 3 cannot be read: it has format 2"), "\(said)")
        #expect(said.contains("hint: put the line right in the object"), "\(said)")
        let json = String(decoding: try listing.document(command: "list"), as: UTF8.self)
        #expect(json.contains("\"unreadHistory\""), "\(json)")

        // One that is there is found; of one that is not nobody knows.
        let shown = try await ShowCommand(many.cluster).run(Sample.name(years[3]))
        #expect(shown.ending == .complete)
        let unknown = await #expect(throws: CoordinatorError.self) {
            try await ShowCommand(many.cluster).run(Sample.name("20260103030600"))
        }
        #expect("\(unknown.map { "\($0)" } ?? "")".contains("whether the history has it is unknown"))
        // A year that is whole says so.
        let gone = await #expect(throws: CoordinatorError.self) {
            try await ShowCommand(many.cluster).run(Sample.name("20250601030600"))
        }
        guard case .unknownRun? = gone else {
            Issue.record("\(gone.map { "\($0)" } ?? "nothing")")
            return
        }

        // Another line goes in, and they stay, byte for byte.
        _ = try await HistoryWriter(bucket: many.direct) { true }.condense([line("20260104030600")])
        let after = try await text(many, "2026").split(separator: "\n").map(String.init)
        #expect(after.count == 5 && after.suffix(2) == [damaged, later], "\(after)")
        #expect(after[2].contains("20260104030600"))
        await many.end()
    }
}
