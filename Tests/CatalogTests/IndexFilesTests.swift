// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Files
import Planning
import TestSupport
import Testing

/// What lies under `indexdir` for a dump.
@Suite struct IndexFilesTests {
    private let run = Datestamp("20261201030000")

    private func record(_ scratch: ScratchCatalog, lines: [String]) throws -> String {
        let run = try #require(run)
        try scratch.write("lines", Array(lines.map { $0 + "\n" }.joined().utf8))
        let catalog = try RunCatalog(
            beginning: run, location: scratch.location, disks: [], hostName: "node01")
        try catalog.volumeWritten(
            VolumeChoice(slot: "s", label: "amcat-0001", kind: .new), on: testDevice("s3:b/p/s"),
            blockKiB: nil)
        try catalog.record(
            dumpRecord(
                run: run, disk: "/a", files: [1], on: "amcat-0001", level: 2,
                indexLinesFile: scratch.path("lines")))
        try catalog.finish()
        return scratch.path("index/localhost/_a/20261201030000_2")
    }

    private func unzipped(_ path: String) throws -> String {
        try output(of: "/bin/gzip", ["-dc", path]).text
    }

    @Test func `has the names sorted, and the blocks in tar's order`() throws {
        let scratch = try ScratchCatalog()
        let base = try record(scratch, lines: ["0 /", "3 /b 1/", "6 /b 1/x\\n", "9 /B", "120 /a"])
        #expect(try unzipped(base + ".gz") == "/\n/B\n/a\n/b 1/\n/b 1/x\\n\n")
        #expect(try unzipped(base + ".state.gz") == "0 /\n3 /b 1/\n6 /b 1/x\\n\n9 /B\n120 /a\n")
        #expect(try FileSystem.status(base + ".state.gz")?.mode == 0o600)
        #expect(FileSystem.exists(base + ".header"))
    }

    @Test func `says nothing of blocks where one is missing`() throws {
        let scratch = try ScratchCatalog()
        let base = try record(scratch, lines: ["0 /", "/1 b", "9 /c"])
        #expect(try unzipped(base + ".gz") == "/\n/1 b\n/c\n")
        #expect(!FileSystem.exists(base + ".state.gz"))
    }

    @Test(.long, .timeLimit(.minutes(5))) func `leaves a long index unsorted`() throws {
        let scratch = try ScratchCatalog()
        let names = (0..<400_000).map { "/directory/of/many/files/file-\(999_999 - $0)" }
        let base = try record(scratch, lines: names.enumerated().map { "\($0) \($1)" })
        #expect(!FileSystem.exists(base + ".gz"))
        #expect(try unzipped(base + "-unsorted.gz") == names.map { $0 + "\n" }.joined())
        let state = try unzipped(base + ".state.gz").split(separator: "\n")
        #expect(state.count == names.count && state.last == "399999 \(names[399_999])")
    }
}
