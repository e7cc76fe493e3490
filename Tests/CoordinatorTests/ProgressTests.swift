// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Coordinator

@Suite struct ProgressTests {
    static let mebibyte: Int64 = 1 << 20

    @Test func `the rate is that of the last minute`() throws {
        var window = RateWindow()
        for second in 0...200 { window.take(Int64(second) * 100, at: .seconds(second)) }
        #expect(try #require(window.bytesPerSecond(at: .seconds(200))) == 100)
        window.take(20_000, at: .seconds(260))
        #expect(try #require(window.bytesPerSecond(at: .seconds(260))) == 0)
    }

    @Test func `a total that falls begins the window anew`() {
        var window = RateWindow()
        window.take(1000, at: .zero)
        window.take(10, at: .seconds(1))
        #expect(window.bytesPerSecond(at: .seconds(2)) == nil)
    }

    @Test func `a line says bytes, percent, rate, time left, disks, resource and disk`() {
        var row = ProgressRow(node: "node01")
        row.take(progress(0), at: .zero)
        row.take(progress(30 * Self.mebibyte), at: .seconds(10))
        #expect(
            ProgressText.state(of: row, at: .seconds(10))
                == "30.0 MiB of 90.0 MiB  33 %  3.0 MiB/s  ETA 20 s  disks 1/2  limited by S3  vertica: /data"
        )
    }

    @Test func `what a node calls its disk is told as far as a name can be`() {
        var row = ProgressRow(node: "node01")
        row.take(
            JobProgress(dumpedBytes: 1, current: String(repeating: "x", count: 1 << 20)), at: .zero)
        let text = ProgressText.state(of: row, at: .zero)
        #expect(text.contains("xxx") && text.utf8.count < 400, "\(text.utf8.count)")
    }

    @Test func `the set's line sums the nodes, and an unknown expectation hides percent and time left`() {
        var first = ProgressRow(node: "node01")
        first.take(progress(0), at: .zero)
        first.take(progress(30 * Self.mebibyte), at: .seconds(10))
        var second = ProgressRow(node: "longer-name")
        second.take(JobProgress(dumpedBytes: 90 * Self.mebibyte), at: .seconds(10))
        let unknown = ProgressText.lines([first, second], at: .seconds(10))
        #expect(unknown.last == "all          120.0 MiB  3.0 MiB/s  nodes 0/2")
        second.ending = .complete
        let known = ProgressText.lines([first, second], at: .seconds(10))
        #expect(known[1] == "longer-name  complete  90.0 MiB")
        #expect(known.last == "all          120.0 MiB of 180.0 MiB  66 %  3.0 MiB/s  ETA 20 s  nodes 1/2")
    }

    @Test func `a single node needs no line for the set, and a failed one says why`() {
        var row = ProgressRow(node: "node01")
        #expect(ProgressText.lines([row], at: .zero) == ["node01  waiting for the agent"])
        row.ending = .failed("no word")
        #expect(ProgressText.lines([row], at: .zero) == ["node01  failed: no word"])
    }

    @Test func `where there is little room, nodes that still run go first`() {
        var rows = (1...9).map { ProgressRow(node: "node0\($0)") }
        for index in [0, 1, 3, 4] { rows[index].ending = .complete }
        rows[2].ending = .failed("no word")
        let lines = ProgressText.lines(rows, at: .zero, atMost: 7)
        #expect(
            lines.map { String($0.prefix(6)) } == [
                "node03", "node06", "node07", "node08", "node09", "… and ", "all   ",
            ])
        #expect(lines[5] == "… and 4 more")
        #expect(lines.last == "all     0 B  nodes 5/9")
        #expect(ProgressText.lines(rows, at: .zero, atMost: 10).count == 10)
    }

    @Test func `the same note of a node is told once`() async {
        let board = ProgressBoard(nodes: ["node01"])
        await board.note("node01", "no answer")
        await board.note("node01", "no answer")
        await board.note("node01", "begins again, attempt 2")
        let news = await board.takeNews()
        #expect(news.notes == ["node01: no answer", "node01: begins again, attempt 2"])
        #expect(await board.takeNews().notes.isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func `the printer shows the last state before it lets go`() async throws {
        let shown = Shown()
        let board = ProgressBoard(nodes: ["node01"])
        let result = try await ProgressPrinter(board: board, console: Console { shown.add($0) }).whileRunning
        {
            await board.note("all is said")
            return 7
        }
        #expect(result == 7)
        #expect(shown.text.contains("all is said\n"))
    }

    @Test func `a job that another coordinator carries shows its state, and may begin again`() async {
        let board = ProgressBoard(nodes: ["node01"])
        func state(_ state: JobState, _ error: WireError? = nil) async -> ProgressRow? {
            await board.show(
                "node01",
                JobSnapshot(
                    id: "x", run: Sample.run, kind: .backup, attempt: 1, state: state,
                    startedAt: Sample.time, progress: progress(Self.mebibyte), error: error))
            return await board.takeNews().rows.first
        }
        #expect(await state(.running)?.ending == nil)
        let lost = WireError(.interrupted, "the agent stopped in the middle")
        #expect(await state(.interrupted, lost)?.ending == .failed("the agent stopped in the middle"))
        #expect(await state(.running)?.ending == nil)
        let done = await state(.succeeded)
        #expect(done?.ending == .complete)
        #expect(done?.progress?.dumpedBytes == Self.mebibyte)
    }

    private func progress(_ done: Int64) -> JobProgress {
        JobProgress(
            dumpedBytes: done, expectedBytes: 90 * Self.mebibyte, finishedDisks: 1, totalDisks: 2,
            current: "vertica: /data", limitedBy: .storage)
    }
}
