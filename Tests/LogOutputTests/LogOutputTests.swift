// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import LogOutput

@Suite struct LogOutputTests {
    @Test func `a line has one time, its level, its module, its text and what it is about`() throws {
        let lines = try written { output in
            var logger = output.logger("test", level: .info)
            logger[metadataKey: "node"] = "node01"
            logger.info("part sent", metadata: ["disk": "/srv/my data", "bytes": "0"])
            logger.debug("not asked for")
        }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        let form = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} info LogOutputTests: part sent (.*)/
        let match = try #require(line.wholeMatch(of: form))
        #expect(match.1 == #"bytes=0 disk="/srv/my data" node=node01"#)
    }

    @Test func `no value ends its own quotes`() throws {
        let lines = try written { output in
            output.logger("test", level: .info).info(
                "x", metadata: ["disk": #"a\" admin="yes"#, "path": #"C:\x"#])
        }
        #expect(lines.first?.hasSuffix(#" x disk="a\\\" admin=\"yes" path=C:\x"#) == true, "\(lines)")
    }

    @Test func `the journal gets a priority and no time of ours`() throws {
        let lines = try written(journal: true) { output in
            let logger = output.logger("test", level: .trace)
            for level in Logger.Level.allCases { logger.log(level: level, "x") }
        }
        #expect(
            lines == [
                "<7>trace LogOutputTests: x", "<7>debug LogOutputTests: x", "<6>info LogOutputTests: x",
                "<5>notice LogOutputTests: x", "<4>warning LogOutputTests: x", "<3>error LogOutputTests: x",
                "<2>critical LogOutputTests: x",
            ])
    }

    @Test func `a stream that is not the journal's keeps its times`() throws {
        let lines = try written(journal: false) { $0.logger("test", level: .info).info("x") }
        #expect(lines.first?.hasSuffix(" info LogOutputTests: x") == true)
        #expect(lines.first?.hasPrefix("<") == false)
    }

    @Test func `what comes from elsewhere stays on its line, is obeyed by no terminal and has an end`() throws
    {
        let hostile = "a\nb\r\u{1B}[2Jc\u{202E}d\u{85}e\u{2028}f"
        let lines = try written { output in
            let logger = output.logger("test", level: .info)
            logger.info("\(hostile)", metadata: ["reason": "say \"hi\"\n"])
            logger.info(
                "\(String(repeating: "x", count: 100_000))",
                metadata: ["y": "\(String(repeating: "y", count: 100_000))"])
        }
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix(#": a | b??[2Jc?d?e?f reason="say \"hi\" | ""#) == true)
        let long = try #require(lines.last)
        #expect(
            long.contains(
                String(repeating: "x", count: 1000) + "… y=" + String(repeating: "y", count: 300) + "…"))
        #expect(long.count < 1400)
    }

    @Test func `lines because of one party are limited, and the next one says how many were left out`() throws
    {
        let lines = try written { output in
            let logger = output.logger("test", level: .info)
            for number in 0..<500 { logger.info("heard \(number)", metadata: ["peer": "node01"]) }
            for number in 0..<100 { logger.info("own work \(number)") }
        }
        #expect(lines.count { $0.contains("heard") } == 60)
        #expect(lines.count { $0.contains("own work") } == 100)
    }

    /// What `body` has written, by lines.
    ///
    /// - Parameter journal: whether `JOURNAL_STREAM` names the very stream; nil: it is not set.
    private func written(journal: Bool? = nil, _ body: (LogOutput) -> Void) throws -> [String] {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        var facts = stat()
        fstat(ends[1], &facts)
        let stream = journal.map { "\(facts.st_dev):\($0 ? facts.st_ino : facts.st_ino + 1)" }
        body(LogOutput(descriptor: ends[1], limitedBy: "peer", journal: stream))
        close(ends[1])
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(ends[0], &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
