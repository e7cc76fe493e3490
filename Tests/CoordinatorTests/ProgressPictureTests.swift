// SPDX-License-Identifier: Apache-2.0

import Files
import Testing

@testable import Coordinator

@Suite struct ProgressPictureTests {
    private let terminal = TerminalSize(columns: 24, rows: 10)

    @Test func `elsewhere than on a terminal only changed lines are written`() {
        var picture = ProgressPicture()
        expect(&picture, ["a 1", "b 1"], [], on: nil, "a 1\nb 1\n")
        expect(&picture, ["a 1", "b 2"], ["note"], on: nil, "note\nb 2\n")
        expect(&picture, ["a 1", "b 2"], [], on: nil, "")
    }

    @Test func `on a terminal lines are drawn over, and notes scroll away above them`() {
        var picture = ProgressPicture()
        expect(&picture, ["a 1", "b 1"], [], on: terminal, "a 1\nb 1\n")
        expect(&picture, ["a 1", "b 1"], [], on: terminal, "")
        expect(
            &picture, ["a 2", "b 1"], ["note"], on: terminal, "\r\u{1B}[2A\u{1B}[Jnote\na 2\nb 1\n")
    }

    @Test func `a line is cut where the row ends, wide characters counted twice`() {
        var picture = ProgressPicture()
        let x = String(repeating: "x", count: 23)
        let wide = String(repeating: "漢", count: 11)
        expect(&picture, [x + "yz", wide + "字"], [], on: terminal, "\(x)\n\(wide)\n")
    }

    @Test func `a window that became narrower has broken the lines, and all their rows are erased`() {
        var picture = ProgressPicture()
        expect(&picture, ["a 1", "0123456789abcdef"], [], on: terminal, "a 1\n0123456789abcdef\n")
        expect(
            &picture, ["a 1", "0123456789abcdef"], [], on: TerminalSize(columns: 8, rows: 10),
            "\r\u{1B}[3A\u{1B}[Ja 1\n0123456\n")
    }

    @Test func `names that hold line ends and escapes cannot tear the picture`() {
        var picture = ProgressPicture()
        expect(&picture, ["a\nb\u{1B}[2J"], ["n\u{9B}\r"], on: terminal, "n<U+009B>\na; b<U+001B>[2J\n")
    }

    private func expect(
        _ picture: inout ProgressPicture, _ lines: [String], _ notes: [String], on terminal: TerminalSize?,
        _ text: String
    ) {
        let written = picture.text(lines: lines, notes: notes, on: terminal)
        #expect(written == text)
    }
}
