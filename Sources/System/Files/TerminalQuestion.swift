// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// A question at the terminal that this process was started from, answered unseen.
public enum TerminalQuestion {
    /// How it ended.
    public enum Answer: Sendable, Equatable {
        /// Without its line end.
        case line([UInt8])
        /// There is nobody to ask.
        case noTerminal
        /// The terminal was closed, the time was over, or the caller gave up.
        case unanswered
    }

    private static let longestByteCount = 4_096
    private static let lookEveryMilliseconds: Int32 = 200

    /// Asks on `/dev/tty`, whatever standard input and output are, and shows nothing of what is typed. Blocks for as long as `limit`.
    ///
    /// - Parameter isGivenUp: looked at a few times a second; the terminal is as it was when this returns.
    public static func secret(
        _ prompt: String, within limit: Duration, isGivenUp: () -> Bool
    ) throws(FilesError) -> Answer {
        let path = "/dev/tty"
        BlockingThread.require("ask at", path)
        let terminal = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            guard errno == ENXIO || errno == ENOENT || errno == ENODEV || errno == EIO else {
                throw FilesError("open", path, errorNumber: errno)
            }
            return .noTerminal
        }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return .noTerminal }
        var unseen = before
        unseen.c_lflag &= ~tcflag_t(ECHO)
        unseen.c_lflag |= tcflag_t(ICANON | ECHONL)
        guard tcsetattr(terminal, TCSAFLUSH, &unseen) == 0 else {
            throw FilesError("hide what is typed at", path, errorNumber: errno)
        }
        defer { tcsetattr(terminal, TCSAFLUSH, &before) }
        _ = Array(prompt.utf8).withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
        return line(from: terminal, until: .now + limit, isGivenUp: isGivenUp)
    }

    private static func line(
        from terminal: Int32, until end: ContinuousClock.Instant, isGivenUp: () -> Bool
    ) -> Answer {
        var typed: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 256)
        while !isGivenUp(), ContinuousClock.now < end, typed.count <= longestByteCount {
            var waiting = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, lookEveryMilliseconds) > 0 else { continue }
            let count = read(terminal, &piece, piece.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return .unanswered }
            typed += piece[..<count]
            if let newline = typed.firstIndex(of: 10) { return .line(Array(typed[..<newline])) }
        }
        return .unanswered
    }
}
