// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Coordinator
import Descriptors
import Faults
import Files
import Glibc
import HiddenCharacters

/// One of the process's two outputs, unbuffered.
struct Terminal: Sendable {
    static let standardOutput = Terminal(descriptor: 1)
    static let standardError = Terminal(descriptor: 2)

    let descriptor: Int32

    /// Lines of text. Here everything that people read leaves the program, and here it is made harmless: names, and what other
    /// machines say, may hold anything.
    ///
    /// - Returns: why not all of it could be written.
    @discardableResult
    func write(lines: [String]) -> OutputFault? {
        write(lines.map { $0.shownOnOneLine + "\n" }.joined())
    }

    /// A JSON document.
    ///
    /// - Returns: why not all of it could be written.
    @discardableResult
    func write(document: [UInt8]) -> OutputFault? {
        write(ShownJSON.escaped(document))
    }

    /// What is harmless already.
    @discardableResult
    private func write(_ text: String) -> OutputFault? {
        write(Array(text.utf8))
    }

    /// Writes everything; a reader that went away is no reason to stop the work, and no fault.
    private func write(_ bytes: [UInt8]) -> OutputFault? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR where count < 0: continue
            case EAGAIN where count < 0:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            case EPIPE where count < 0: return nil
            default: return OutputFault(number: count < 0 ? errno : EIO)
            }
        }
        return nil
    }

    /// Standard error, as long as there is a run to go on with: whoever does not read it, a pager or a terminal that was stopped, must
    /// not keep a run from its end, and the cluster with it.
    private static let running = OutputQueue(descriptor: standardError.descriptor)
    /// For a reader who takes nothing.
    private static let patience: Duration = .seconds(5)

    /// Progress is redrawn where somebody looks on, and written line by line elsewhere.
    static var console: Console {
        let isRedrawable = isatty(standardError.descriptor) == 1 && environment("TERM") != "dumb"
        guard isRedrawable else { return plainConsole }
        return Console(terminal: { standardError.size }) { running.write($0) }
    }

    /// Line by line, also on a terminal: other lines come between, which redrawing would overwrite.
    static var plainConsole: Console {
        Console { running.write($0) }
    }

    /// Lines behind all that the console was told; waited for as `finishConsole` does.
    static func conclude(_ lines: [String]) async {
        await finishConsole()
        running.write(lines.map { $0.shownOnOneLine + "\n" }.joined())
        await finishConsole()
    }

    /// Waits until what the console was told has been taken, or nobody takes anything.
    static func finishConsole() async {
        _ = try? await runBlocking("output") { running.finish(patience: patience) }
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

/// What a command has to tell could not be written where it should go.
struct OutputFault: Fault {
    /// The kernel's.
    let number: Int32

    var facts: String { "standard output cannot be written: \(SystemReason.text(number))" }
    var hint: String? {
        "whatever was done is done; make room where the output goes, then ask with 'amfleet list' or 'amfleet status'."
    }
}
