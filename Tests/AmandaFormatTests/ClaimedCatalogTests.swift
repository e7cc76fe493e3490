// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmandaFormat

/// What a catalog or a holding disk claims that cannot be: it is passed over, and costs no more than its length.
@Suite struct ClaimedCatalogTests {
    @Test(arguments: ["-1", "400", "9223372036854775807", "-9223372036854775808"])
    func `a level that no dump has makes no line of a dump`(level: String) {
        let statistics = "[sec 1.0 bytes 5 kps 1.0 orig-kb 5]"
        let lines = [
            "PART taper V-01 1 localhost /data 20261123030600 1/-1 \(level) \(statistics)",
            "DONE taper localhost /data 20261123030600 1 \(level) \(statistics)",
            "PARTIAL taper localhost /data 20261123030600 \(level) \(statistics) \"no room\"",
            "SUCCESS dumper localhost /data 20261123030600 \(level) \(statistics)",
            "FAIL planner localhost /data 20261123030600 \(level) \"no\"",
            "STRANGE dumper localhost /data \(level) \(statistics)",
        ]
        for line in lines {
            #expect(LogLine(parsing: line) == .other(line))
            let possible = line.replacing(" \(level) ", with: " 3 ")
            if case .other = LogLine(parsing: possible) { Issue.record("'\(possible)' is no line") }
        }
        #expect(RunLogSummary(parsing: Array(lines.joined(separator: "\n").utf8)).dumps.isEmpty)
    }

    @Test func `volumes of one run stay in the order of the file`() throws {
        let lines = [
            "20261122 c reuse", "20261124 a reuse", "0 n reuse", "20261122 b reuse", "20261124 z reuse",
        ]
        let list = try Tapelist(parsing: lines.joined(separator: "\n"))
        #expect(list.entries.map(\.label) == ["a", "z", "c", "b", "n"])
        var built = Tapelist()
        for entry in list.entries.reversed() { built.set(entry) }
        #expect(Set(built.entries.map(\.label)) == Set(list.entries.map(\.label)))
    }

    @Test(.timeLimit(.minutes(5))) func `a tapelist costs as much as it is long`() throws {
        let lines = (0..<100_000).map { "\(20_991_231_235_959 - $0) V-\($0) reuse\n" }
        #expect(try Tapelist(parsing: lines.joined()).entries.count == lines.count)
    }

    private func chunk(
        _ path: String, next: String?, kind: DumpHeader.Kind, byteCount: Int64
    ) throws -> HeldFile {
        var header = DumpHeader(
            kind: kind, datestamp: try #require(Datestamp("20261123030600")), host: "localhost",
            disk: "/data",
            level: 0, program: "GNUTAR")
        header.continuationFileName = next
        return HeldFile(path: path, header: header, byteCount: byteCount)
    }

    @Test func `lengths beyond all numbers are as long as can be said`() throws {
        let files = [
            try chunk("/h/20261123030600/a", next: "/h/20261123030600/a.1", kind: .file, byteCount: .max),
            try chunk("/h/20261123030600/a.1", next: nil, kind: .continuation, byteCount: .max),
        ]
        let dump = try #require(HoldingContents(files).dumps.first)
        #expect(dump.chunks.count == 2 && dump.storedByteCount == .max)
    }

    @Test(.timeLimit(.minutes(5))) func `a chain of very many chunks costs as much as it is long`() throws {
        let count = 20_000
        let files = try (0..<count).map { index in
            try chunk(
                "/h/20261123030600/a.\(index)",
                next: "/h/20261123030600/a.\((index + 1) % count)", kind: index == 0 ? .file : .continuation,
                byteCount: 65_536)
        }
        let dump = try #require(HoldingContents(files).dumps.first)
        #expect(dump.chunks.count == count)
        #expect(dump.fault?.hasSuffix("is no chunk of this dump") == true)
    }
}
