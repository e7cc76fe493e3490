// SPDX-License-Identifier: Apache-2.0

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
        var picture = ProgressPicture(terminalWidth: console.terminalWidth)
        let interval = console.terminalWidth == nil ? Self.lineEvery : Self.redrawEvery
        while !Task.isCancelled {
            await draw(&picture)
            try? await Task.sleep(for: interval)
        }
        await draw(&picture)
    }

    private func draw(_ picture: inout ProgressPicture) async {
        let news = await board.takeNews()
        let lines = ProgressText.lines(news.rows, at: MonotonicTime.now)
        let text = picture.text(lines: lines, notes: news.notes)
        if !text.isEmpty { console.write(text) }
    }
}

/// What must be written to bring what is on the screen up to date.
struct ProgressPicture {
    let terminalWidth: Int?
    private var shown: [String] = []

    init(terminalWidth: Int?) {
        self.terminalWidth = terminalWidth
    }

    /// On a terminal the notes scroll away above the redrawn lines; elsewhere only changed lines are written.
    mutating func text(lines: [String], notes: [String]) -> String {
        defer { shown = lines }
        guard let terminalWidth else {
            let changed = lines.filter { !shown.contains($0) }
            return (notes + changed).map { $0 + "\n" }.joined()
        }
        guard lines != shown || !notes.isEmpty else { return "" }
        let back = shown.isEmpty ? "" : "\u{1B}[\(shown.count)A"
        let all = notes + lines.map { String($0.prefix(max(20, terminalWidth - 1))) }
        return back + all.map { "\u{1B}[2K\($0)\n" }.joined()
    }
}
