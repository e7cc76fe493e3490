// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Synchronization
import Testing

@testable import Coordinator

@Suite struct TextTests {
    @Test func `aligns columns and leaves no blanks at the end`() {
        var table = TextTable([("NODE", .left), ("SIZE", .right), ("WHY", .left)])
        table.add(["node01", "1.0 GiB", ""])
        table.add(["n2", "512 B", "x"])
        #expect(table.lines == ["NODE       SIZE  WHY", "node01  1.0 GiB", "n2        512 B  x"])
    }

    @Test func `what is said on the way is one line, and harmless`() {
        let said = Mutex("")
        Console { text in said.withLock { $0 += text } }.say(
            "node02: \u{1B}]0;owned\u{7}\nnode01: complete\u{202E}")
        #expect(said.withLock { $0 } == "node02: <U+001B>]0;owned<U+0007>; node01: complete<U+202E>\n")
    }

    /// `retry` knows no --node.
    @Test func `a run of nodes that are gone is led on by what there is`() {
        let hint = CoordinatorError.nodesGone(["node02"], run: Sample.run).hint
        #expect(hint == "add them with 'amfleet node add'; without them 'amfleet backup' makes a new run.")
    }

    @Test func `one long cell costs its own row alone`() {
        var table = TextTable([("NODE", .left), ("SIZE", .right)])
        for number in 1...1_000 { table.add(["node\(number)", "\(number) B"]) }
        table.add([String(repeating: "x", count: 4 << 20), "1 B"])
        let lines = table.lines
        let byteCount = lines.reduce(0) { $0 + $1.utf8.count }
        #expect(byteCount < 300_000, "\(byteCount)")
        #expect(lines[1].hasPrefix("node1 ") && lines[1].hasSuffix("   1 B"))
        #expect(lines[1001].hasPrefix("xxx") && lines[1001].hasSuffix("x…     1 B"))
    }

    @Test func `what nobody sees moves no column`() {
        var table = TextTable(["NODE", "WHY"])
        table.add(["n\u{202E}2", "x"])
        table.add(["node01", "two\nlines \u{1B}[2J"])
        #expect(
            table.lines == [
                "NODE        WHY", "n<U+202E>2  x", "node01      two; lines <U+001B>[2J",
            ])
    }

    @Test func `cuts a stream into lines wherever the pieces end`() {
        let text = Array("{\"a\":1}\n\n{\"b\":2}\n{\"c\"".utf8)
        for cut in text.indices {
            var splitter = LineSplitter()
            let pieces = [Array(text[..<cut]), Array(text[cut...]), Array(":3}\n".utf8)].map {
                splitter.take($0)
            }
            let lines = pieces.flatMap { $0 ?? [] }.map { String(decoding: $0, as: UTF8.self) }
            #expect(lines == ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"])
        }
    }

    @Test func `gives up on a stream without lines`() {
        var splitter = LineSplitter()
        let lines = splitter.take([UInt8](repeating: 0x61, count: LineSplitter.longestLine + 1))
        #expect(lines == nil)
    }

    @Test func `a run's report ends with its verdict and names what is not complete`() {
        let manifest = Sample.manifest(
            [Sample.verdict("node01", .complete), Sample.verdict("node02", .failed, .agentLost)], .partial)
        let report = RunReport(manifest, asked: ["node01", "node02"])
        #expect(report.ending == .partial)
        #expect(
            report.lines.last
                == "run 20261123030600: partial, 1/2 nodes complete in 1 min 35 s; not complete: node02")
        #expect(report.lines[0] == "NODE    STATE     DUMPED  STORED  ATTEMPT  REASON")
        #expect(report.lines[2] == "node02  failed       0 B     0 B        1  reason of node02")
    }
}
