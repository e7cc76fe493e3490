// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Testing

@testable import Catalog

/// What a run takes away at its end, and what it must leave.
@Suite struct TrimmingTests {
    private let day: Int64 = 86_400
    private let current = Datestamp("20261201030000")

    private func age(_ scratch: ScratchCatalog, _ name: String, days: Int) throws {
        let date = "@\(try #require(current).secondsOfLocalTime - Int64(days) * day)"
        #expect(try output(of: "/usr/bin/touch", ["-d", date, scratch.path(name)]).status == 0)
    }

    private func file(_ scratch: ScratchCatalog, _ name: String, days: Int, _ text: String = "x\n") throws {
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: scratch.path(name)))
        try scratch.write(name, Array(text.utf8))
        try age(scratch, name, days: days)
    }

    private func trim(_ scratch: ScratchCatalog) throws -> CatalogTrimming.Result {
        let current = try #require(current)
        return try CatalogTrimming(
            location: scratch.location, dumpcycleDays: 7, now: current.secondsOfLocalTime, current: current
        ).run()
    }

    @Test func `moves logs of no volume, and nothing that is young, listed or foreign`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        try age(scratch, "log.20261123081039.0", days: 400)
        try file(scratch, "log.20261001030000.0", days: 60)
        try file(scratch, "log.20261001030000.1", days: 60)
        try file(scratch, "amdump.20261001030000", days: 60)
        try file(scratch, "log.20261125030000.0", days: 6)
        try file(scratch, "log.20261201030000.0", days: 60)
        try file(scratch, "log.mine", days: 60)
        let result = try trim(scratch)
        #expect(result.movedLogs == ["log.20261001030000.0", "log.20261001030000.1"])
        #expect(try FileSystem.list(scratch.path("oldlog")) == result.movedLogs)
        #expect(!FileSystem.exists(scratch.path("amdump.20261001030000")))
        for name in ["log.20261123081039.0", "log.20261125030000.0", "log.20261201030000.0", "log.mine"] {
            #expect(FileSystem.exists(scratch.path(name)), "\(name)")
        }
        #expect(try CatalogReader(scratch.location).dumps().map(\.isWhole) == [true, true])
        #expect(try trim(scratch) == .init())
    }

    @Test func `removes the index of a dump that is gone, and of no other`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let dump = try #require(try CatalogReader(scratch.location).dumps().last).name
        let directory = "index/localhost/" + sanitisedDiskName(dump.disk)
        try age(scratch, "log.20261123081039.0", days: 400)
        let gone = [".gz", "-unsorted.gz", ".header", ".state.gz", ".gz.tmp"].map {
            "\(directory)/20261001030000_1" + $0
        }
        for name in gone { try file(scratch, name, days: 60) }
        let left = [
            "\(directory)/\(dump.datestamp)_0.gz", "\(directory)/\(dump.datestamp)_0.header",
            "\(directory)/notes", "\(directory)/20261001030000_x",
        ]
        for name in left { try file(scratch, name, days: 60) }
        try file(scratch, "\(directory)/20261129030000_0.gz", days: 2)
        try file(scratch, "log.20261128030000.0", days: 3)
        try file(scratch, "\(directory)/20261128030000_0.gz", days: 60)
        let result = try trim(scratch)
        #expect(Set(result.removedIndexFiles.map { "index/" + $0 }) == Set(gone))
        for name in left + ["\(directory)/20261129030000_0.gz", "\(directory)/20261128030000_0.gz"] {
            #expect(FileSystem.exists(scratch.path(name)), "\(name)")
        }
    }

    @Test func `keeps what a holding disk or a command still needs`() throws {
        var scratch = try ScratchCatalog()
        scratch.location.holdingDirectories = [scratch.path("holding"), scratch.path("absent")]
        try file(scratch, "holding/20261001030000/localhost._a.0", days: 60)
        try file(scratch, "log.20261001030000.0", days: 60)
        try file(scratch, "index/localhost/_a/20261001030000_0.gz", days: 60)
        try file(scratch, "log.20261002030000.0", days: 60)
        try file(scratch, "index/localhost/_a/20261002030000_0.gz", days: 60)
        let command =
            "2 FLUSH amcat /h/20261002030000/localhost._a.0 localhost /a 20261002030000 0 amcat WORKING:0"
        try scratch.write("command_file", Array("VERSION 1\nID 2\n\(command) TODO\n".utf8))
        #expect(try trim(scratch) == .init())
        try FileSystem.removeTree(scratch.path("holding"))
        try scratch.write("command_file", Array("VERSION 1\nID 2\n\(command) DONE\n".utf8))
        let result = try trim(scratch)
        #expect(result.movedLogs.count == 2 && result.removedIndexFiles.count == 2)
    }
}
