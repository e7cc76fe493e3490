// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Testing

@Suite struct TerminalSizeTests {
    @Test(.enabled(if: access("/dev/pts/ptmx", F_OK) == 0, "no pseudo-terminals here"))
    func `a pseudo-terminal tells its size`() throws {
        let main = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(main >= 0)
        defer { close(main) }
        #expect(TerminalSize(of: main) == nil)  // it has none yet: 0 columns
        var size = winsize(ws_row: 40, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(main, UInt(TIOCSWINSZ), &size) == 0)
        #expect(TerminalSize(of: main) == TerminalSize(columns: 132, rows: 40))
    }

    @Test func `what is no terminal has no size`() {
        #expect(TerminalSize(of: -1) == nil)
    }
}
