// SPDX-License-Identifier: Apache-2.0

import Files

/// Shows the board until it is cancelled: redrawn in place on a terminal, otherwise one line a node at most every 5 s.
struct ProgressPrinter: Sendable {
    static let redrawEvery: Duration = .milliseconds(500)
    static let lineEvery: Duration = .seconds(5)

    let board: ProgressBoard
    let console: Console

    /// Runs `work` with the board shown meanwhile; the last state is shown before it returns.
    func whileRunning<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withCompanion(show, work)
    }

    @Sendable private func show() async {
        var picture = ProgressPicture()
        let interval = console.terminal == nil ? Self.lineEvery : Self.redrawEvery
        while !Task.isCancelled {
            await draw(&picture)
            try? await Task.sleep(for: interval)
        }
        await draw(&picture)
    }

    private func draw(_ picture: inout ProgressPicture) async {
        let news = await board.takeNews()
        let terminal = console.terminal?()
        // The cursor rests on a row of its own below the lines.
        let lines = ProgressText.lines(
            news.rows, at: MonotonicTime.now, atMost: terminal.map { $0.rows - 1 })
        let text = picture.text(lines: lines, notes: news.notes, on: terminal)
        if !text.isEmpty { console.write(text) }
    }
}
