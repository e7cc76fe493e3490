// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Planning
import Testing

@testable import Catalog

/// Runs with several volumes, dumps side by side, levels, and a holding disk.
@Suite struct RunCatalogVolumesTests {
    private let run = Datestamp("20261201030000")

    private func volume(_ catalog: RunCatalog, _ number: Int) throws {
        let slot = "s3:b/p/slot-0\(number)"
        let choice = VolumeChoice(slot: slot, label: "amcat-000\(number)", kind: .new)
        try catalog.reserve(device: slot)
        try catalog.prepare(choice)
        try catalog.volumeWritten(choice, on: testDevice("s3:b/p/slot-0\(number)"), blockKiB: 10_240)
    }

    private func held(_ scratch: ScratchCatalog) throws -> [String] {
        try ChangerStateFile(scratch.path("s3-statefile"), location: scratch.location).read().reservations
            .map(\.device)
    }

    @Test func `a dump spans two volumes while another goes to the second`() throws {
        let scratch = try ScratchCatalog()
        let run = try #require(run)
        let catalog = try RunCatalog(
            beginning: run, location: scratch.location, disks: [("localhost", "/a"), ("localhost", "/b")],
            hostName: "node01")
        try catalog.planned(PlannedRun(dumps: []))
        try volume(catalog, 1)
        try volume(catalog, 2)
        #expect(try held(scratch) == ["s3:b/p/slot-01", "s3:b/p/slot-02"])
        try catalog.record(dumpRecord(run: run, disk: "/b", files: [1], on: "amcat-0002", level: 1))
        var spanning = dumpRecord(run: run, disk: "/a", files: [1, 2], on: "amcat-0001")
        spanning.parts.append(dumpPart("amcat-0002", 2))
        try catalog.record(spanning)
        try catalog.finish()
        #expect(try held(scratch).isEmpty)
        let changer = try ChangerStateFile(scratch.path("s3-statefile"), location: scratch.location).read()
        #expect(changer.label(of: "s3:b/p/slot-01") == "amcat-0001")
        #expect(changer.label(of: "s3:b/p/slot-02") == "amcat-0002")

        let dumps = try CatalogReader(scratch.location).dumps()
        #expect(dumps.map(\.name.disk) == ["/b", "/a"])
        #expect(dumps.map(\.name.level) == [1, 0])
        #expect(dumps.allSatisfy { $0.isWhole })
        #expect(dumps[1].parts.map(\.label) == ["amcat-0001", "amcat-0001", "amcat-0002"])
        #expect(dumps[1].parts.map(\.fileNumber) == [1, 2, 2])
        let text = try scratch.text("log.20261201030000.0")
        #expect(text.contains("label amcat-0001 tape 1\n") && text.contains("label amcat-0002 tape 2\n"))
        #expect(text.contains("INFO taper tape amcat-0001 kb 2048 fm 2 [OK]\n"))
        #expect(text.contains("INFO taper tape amcat-0002 kb 2048 fm 2 [OK]\n"))
    }

    @Test func `a dump on a volume that the run has not written is refused`() throws {
        let scratch = try ScratchCatalog()
        let run = try #require(run)
        let catalog = try RunCatalog(
            beginning: run, location: scratch.location, disks: [], hostName: "node01")
        try volume(catalog, 1)
        let record = dumpRecord(run: run, disk: "/a", files: [1], on: "amcat-0009")
        let error = #expect(throws: CatalogError.self) { try catalog.record(record) }
        #expect(
            error?.description
                == "the dump of localhost:/a names volume 'amcat-0009', which this run has not written")
        #expect(!(try scratch.text("log.20261201030000.0")).contains("DONE"))
        try catalog.finish()
    }

    @Test func `a held dump is on no volume until a later run has flushed it`() throws {
        let scratch = try ScratchCatalog()
        let (run, later) = (try #require(run), try #require(Datestamp("20261202030000")))
        try scratch.write("lines", Array("/\n".utf8))
        let first = try RunCatalog(
            beginning: run, location: scratch.location, disks: [("localhost", "/a")], hostName: "node01")
        try first.volumeRefused("the store is away")
        var record = dumpRecord(
            run: run, disk: "/a", files: [], on: "", way: .held(file: "/h/a.0", storedByteCount: 3 << 20),
            indexLinesFile: scratch.path("lines"))
        try first.record(record)
        try first.finish()
        #expect(try CatalogReader(scratch.location).dumps().isEmpty)
        let base = scratch.path("index/localhost/_a/20261201030000_0")
        #expect(FileSystem.exists(base + ".gz") && FileSystem.exists(base + ".header"))
        #expect(try info(scratch).levels.first?.label == nil)

        let second = try RunCatalog(
            beginning: later, location: scratch.location, disks: [], hostName: "node01")
        try volume(second, 1)
        record.way = .flushed
        record.parts = [dumpPart("amcat-0001", 1, byteCount: 3 << 20)]
        try second.record(record)
        try second.finish()
        let dump = try #require(try CatalogReader(scratch.location).dumps().first)
        #expect(dump.isWhole && dump.run == later && dump.name.datestamp == run.description)
        #expect(try CatalogReader(scratch.location).storedDumps().map(\.run) == [run])
        let level = try #require(try info(scratch).levels.first)
        #expect(level.label == "amcat-0001" && level.fileNumber == 1 && level.storedKiB == 3072)
        #expect(level.date == run.secondsOfLocalTime)
        let text = try scratch.text("log.20261202030000.0")
        #expect(!text.contains("SUCCESS dumper"))
    }

    private func info(_ scratch: ScratchCatalog) throws -> Info {
        try #require(Info(parsing: try scratch.text("curinfo/localhost/_a/info")))
    }

    @Test func `a disk that keeps no record leaves no info`() throws {
        let scratch = try ScratchCatalog()
        let run = try #require(run)
        let catalog = try RunCatalog(
            beginning: run, location: scratch.location, disks: [], hostName: "node01")
        try volume(catalog, 1)
        var dle = DLEDescription(program: "APPLICATION", disk: "/a", level: 0, plugin: "amgtar")
        dle.isRecorded = false
        var record = dumpRecord(run: run, disk: "/a", files: [1], on: "amcat-0001")
        record.header.dleText = dle.text
        try catalog.record(record)
        #expect(!FileSystem.exists(scratch.path("curinfo/localhost/_a/info")))
        try catalog.finish()
    }

    @Test func `says what was planned, left out and expected`() throws {
        let scratch = try ScratchCatalog()
        let run = try #require(run)
        let catalog = try RunCatalog(
            beginning: run, location: scratch.location,
            disks: [("localhost", "/a"), ("localhost", "/b"), ("localhost", "/c d")], hostName: "node01")
        try catalog.planned(
            PlannedRun(
                dumps: [
                    .init(
                        host: "localhost", disk: "/a", level: 1, priority: 3,
                        estimate: .init(originalKiB: 8832, storedKiB: 4448))
                ],
                leftOut: [
                    .init(host: "localhost", disk: "/b", level: 1, cause: .wish, reason: "skip-incr"),
                    .init(
                        host: "localhost", disk: "/c d", level: 0, cause: .failure,
                        reason: "no such directory"),
                ],
                notes: ["Adding new disk localhost:/a."], warnings: ["Last full dump overwritten in 2 runs."])
        )
        try volume(catalog, 1)
        try catalog.record(dumpRecord(run: run, disk: "/a", files: [1], on: "amcat-0001", level: 1))
        try catalog.finish()
        let text = try scratch.text("log.20261201030000.0")
        for line in [
            "INFO planner Adding new disk localhost:/a.",
            "WARNING planner Last full dump overwritten in 2 runs.",
            "SUCCESS planner localhost /b 20261201030000 1 [skipped: skip-incr]",
            "FAIL planner localhost \"/c d\" 20261201030000 0 [no such directory]",
            "STATS driver estimate localhost /a 20261201030000 1 [sec 4 nkb 8832 ckb 4448 kps 1024]",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        #expect(text.matches(of: /FINISH planner date 20261201030000 time [0-9]+\.[0-9]{3}\n/).count == 1)
    }
}
