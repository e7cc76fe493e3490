// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Files
import Glibc

/// One of the process's two outputs, unbuffered.
struct Terminal: Sendable {
    static let standardOutput = Terminal(descriptor: 1)
    static let standardError = Terminal(descriptor: 2)

    let descriptor: Int32

    func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// Writes everything; a reader that went away is no reason to stop the work.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Progress is redrawn where somebody looks on, and written line by line elsewhere.
    var console: Console {
        let isRedrawable = isatty(descriptor) == 1 && Self.environment("TERM") != "dumb"
        guard isRedrawable else { return plainConsole }
        return Console(terminal: { size }) { write($0) }
    }

    /// Line by line, also on a terminal: other lines come between, which redrawing would overwrite.
    var plainConsole: Console {
        Console { write($0) }
    }

    /// What the terminal says now, since its window may change; else the environment; else what terminals once had.
    private var size: TerminalSize {
        TerminalSize(of: descriptor)
            ?? TerminalSize(
                columns: Self.environment("COLUMNS").flatMap { Int($0) } ?? 80,
                rows: Self.environment("LINES").flatMap { Int($0) } ?? 24)
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
