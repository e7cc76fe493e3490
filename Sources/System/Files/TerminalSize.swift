// SPDX-License-Identifier: Apache-2.0

import CLinux

/// How many characters a terminal shows side by side and below each other.
public struct TerminalSize: Sendable, Hashable {
    /// At least 1.
    public let columns: Int
    /// At least 1.
    public let rows: Int

    /// A size by numbers, which the environment may say: smaller ones than 1 become 1, larger ones than 10,000 that.
    public init(columns: Int, rows: Int) {
        self.columns = min(max(1, columns), 10_000)
        self.rows = min(max(1, rows), 10_000)
    }

    /// What the terminal behind `descriptor` has now.
    ///
    /// - Returns: nil where there is none, or one that does not know its size, as a serial line.
    public init?(of descriptor: Int32) {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard amfleet_terminal_size(descriptor, &columns, &rows) == 0, columns > 0, rows > 0 else {
            return nil
        }
        self.init(columns: Int(columns), rows: Int(rows))
    }
}
