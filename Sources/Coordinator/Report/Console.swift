// SPDX-License-Identifier: Apache-2.0

public import Files
import HiddenCharacters

/// Where progress is shown: a terminal, or a file or pipe that wants whole lines.
public struct Console: Sendable {
    /// The terminal's size now; nil where it is none, and nothing can be redrawn.
    public var terminal: (@Sendable () -> TerminalSize)?
    /// Text that is harmless already: what redraws a terminal is of ours.
    public var write: @Sendable (String) -> Void

    public init(
        terminal: (@Sendable () -> TerminalSize)? = nil, write: @escaping @Sendable (String) -> Void
    ) {
        self.terminal = terminal
        self.write = write
    }

    /// Shows nothing.
    public static let silent = Console { _ in }

    /// Something to tell, on a line of its own.
    func say(_ text: String) {
        write(text.shownOnOneLine + "\n")
    }
}
