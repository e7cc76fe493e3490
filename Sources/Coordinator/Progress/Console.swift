// SPDX-License-Identifier: Apache-2.0

/// Where progress is shown: a terminal, or a file or pipe that wants whole lines.
public struct Console: Sendable {
    /// Columns of the terminal; nil where it is none, and nothing can be redrawn.
    public var terminalWidth: Int?
    public var write: @Sendable (String) -> Void

    public init(terminalWidth: Int? = nil, write: @escaping @Sendable (String) -> Void) {
        self.terminalWidth = terminalWidth
        self.write = write
    }

    /// Shows nothing.
    public static let silent = Console { _ in }

    /// Something to tell, on lines of its own.
    func say(_ text: String) {
        write(text + "\n")
    }
}
