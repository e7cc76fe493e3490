// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import TestSupport
import Testing

@testable import Catalog

/// An index that a few bytes blow up: its names are not known, and the agent has its memory.
@Suite(.timeLimit(.minutes(9)))
struct IndexBombTests {
    private let scratch: ScratchCatalog

    init() throws {
        scratch = try ScratchCatalog()
        try FileSystem.makeDirectories(scratch.path("index/localhost/_a"))
    }

    /// - Parameter script: writes the index's text.
    private func names(_ script: String) throws -> [String]? {
        let path = scratch.path("index/localhost/_a/20261201030000_0.gz")
        let made = try output(of: "/bin/sh", ["-c", "\(script) | gzip -c >\(path)"])
        #expect(made.status == 0)
        let run = try #require(Datestamp("20261201030000"))
        let dump = CatalogDump(
            name: LogDumpName(host: "localhost", disk: "/a", datestamp: run.description, level: 0), run: run,
            parts: [], originalKiB: nil)
        return try CatalogReader(scratch.location).indexedNames(of: dump, depth: 1).map { names in
            names.map { String(amandaBytes: $0) }.sorted()
        }
    }

    @Test func `an index is read`() throws {
        #expect(try names("printf '/\\n/a/\\n/a/x\\n/b\\n/c'") == ["a", "b", "c"])
        // The same letter put together in two ways is two names.
        #expect(try names("printf '/\\303\\251\\n/e\\314\\201\\n'")?.count == 2)
    }

    @Test(.long) func `a line without end is no name`() throws {
        let before = try residentBytes()
        #expect(try names("head -c 600000000 /dev/zero | tr '\\0' x") == nil)
        #expect(try residentBytes() - before < 128 << 20)
    }

    @Test(.long) func `very long names are not all held`() throws {
        let before = try residentBytes()
        #expect(
            try names(
                "seq 1 400 | while read n; do printf \"/$n\"; head -c 900000 /dev/zero | tr '\\0' x; echo; done"
            )
                == nil)
        #expect(try residentBytes() - before < 128 << 20)
    }

    /// Of this process.
    private func residentBytes() throws -> Int {
        let text = String(decoding: try FileSystem.readAll("/proc/self/statm"), as: UTF8.self)
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4096
    }
}
