// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Planning
import Testing

@testable import Catalog

@Suite struct RunCatalogTests {
    private let device = "s3:ambucket/path/slot-01"

    private func begin(
        _ scratch: ScratchCatalog, _ run: Datestamp, isFurtherAttempt: Bool = false
    ) throws -> RunCatalog {
        try RunCatalog(
            beginning: run, location: scratch.location, isFurtherAttempt: isFurtherAttempt,
            disks: [("localhost", "/srv/a b")], hostName: "node01")
    }

    @Test func `reads the runs of stock Amanda`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let dumps = try CatalogReader(scratch.location).dumps()
        #expect(dumps.map(\.isWhole) == [true, true])
        #expect(dumps.map(\.name.level) == [1, 0])
        let full = try #require(dumps.last)
        #expect(full.parts == [.init(label: "amcat-0001", fileNumber: 1, byteCount: 672_467)])
        #expect(full.checksums?.native == CRCSize(crc32c: 0x54a2_96d5, byteCount: 1_187_840))
        #expect(full.log == scratch.path("log.20261123081039.0"))
        #expect(try CatalogReader(scratch.location).newestRun() == Datestamp("20261123081045"))
    }

    @Test func `an overwritten volume takes its dumps along at once`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let run = try #require(Datestamp("20261201030000"))
        let catalog = try begin(scratch, run)
        try catalog.reserve(device: device)
        let old = try #require(Datestamp("20261123081039"))
        let choice = VolumeChoice(slot: "slot-01", label: "amcat-0001", kind: .reusing(old))
        try catalog.prepare(choice)
        #expect(try CatalogReader(scratch.location).dumps().map(\.name.level) == [1])
        #expect(
            try CatalogReader(scratch.location).tapelist().entry(label: "amcat-0001")?.isNeverWritten == true)
        try catalog.volumeWritten(choice, on: testDevice("s3:ambucket/path/slot-01"), blockKiB: 10_240)
        let entry = try #require(try CatalogReader(scratch.location).tapelist().entries.first)
        #expect(entry.label == "amcat-0001")
        #expect(entry.datestamp == run)
        #expect(
            try scratch.text("tapelist").hasPrefix(
                "20261201030000 amcat-0001 reuse BLOCKSIZE:10240 POOL:amcat STORAGE:amcat CONFIG:amcat\n"))
    }

    @Test func `a dump is listed once its DONE is written, with index, header and info`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        try FileSystem.makeDirectories(scratch.path("bucket-ambucket"))
        try scratch.write("bucket-ambucket/slot-1", Array("LABEL: old\n".utf8))
        try scratch.write("lines", Array("/b\n/\n/a\\n\n/B/\n".utf8))
        let run = try #require(Datestamp("20261201030000"))
        let catalog = try begin(scratch, run)
        let choice = VolumeChoice(slot: "slot-1", label: "amcat-0003", kind: .new)
        try catalog.reserve(device: device)
        try catalog.prepare(choice)
        try catalog.volumeWritten(choice, on: testDevice("s3:ambucket/slot-1"), blockKiB: 10_240)
        #expect(!FileSystem.exists(scratch.path("bucket-ambucket/slot-1")))
        #expect(try CatalogReader(scratch.location).dumps().filter { $0.run == run }.isEmpty)
        let record = dumpRecord(
            run: run, disk: "/srv/a b", files: [1, 2, 3], on: "amcat-0003", status: .strange,
            messages: ["/usr/bin/tar: x\ny"],
            indexLinesFile: scratch.path("lines"))
        try catalog.record(record)
        let dump = try #require(try CatalogReader(scratch.location).dumps().first)
        #expect(dump.isWhole && dump.isStrange)
        #expect(dump.parts.map(\.fileNumber) == [1, 2, 3])
        #expect(dump.checksums?.server == record.header.serverCRC)
        let base = scratch.path("index/localhost/_srv_a b/20261201030000_0")
        #expect(try output(of: "/bin/gzip", ["-dc", base + ".gz"]).text == "/\n/B/\n/a\\n\n/b\n")
        let header = try DumpHeader(parsing: try FileSystem.readAll(base + ".header"))
        #expect(header.kind == .file && header.part == nil)
        #expect(try FileSystem.status(base + ".gz")?.mode == 0o600)
        let info = try #require(Info(parsing: try scratch.text("curinfo/localhost/_srv_a b/info")))
        #expect(info.levels.first?.label == "amcat-0003")
        try catalog.finish()
        #expect(
            try ChangerStateFile(scratch.path("s3-statefile"), location: scratch.location).read().reservations
                .isEmpty)
        #expect(FileSystem.symbolicLinkTarget(scratch.path("log")) == "log.20261201030000.0")
        let text = try scratch.text("log.20261201030000.0")
        #expect(text.contains("\n  ? /usr/bin/tar: x y\n"))
        let last = text.split(separator: "\n").suffix(2).map(String.init)
        #expect(last.first?.hasPrefix("FINISH driver date 20261201030000 time ") == true)
        #expect(RunLogSummary(parsing: text.amandaBytes).openProcesses.isEmpty)
    }

    @Test func `a second attempt goes on with the numbers in a log of its own`() throws {
        let scratch = try ScratchCatalog()
        let run = try #require(Datestamp("20261201030000"))
        let first = try begin(scratch, run)
        let new = VolumeChoice(slot: "slot-01", label: "amcat-0001", kind: .new)
        try first.reserve(device: device)
        try first.prepare(new)
        try first.volumeWritten(new, on: testDevice("s3:b/p/slot-01"), blockKiB: nil)
        try first.record(dumpRecord(run: run, disk: "/a", files: [1], on: "amcat-0001"))
        try first.record(
            dumpRecord(
                run: run, disk: "/b", files: [2], on: "amcat-0001", status: .failed(reason: "disk full")))
        try first.finish()
        #expect(throws: CatalogError.self) { try begin(scratch, run) }
        let second = try begin(scratch, run, isFurtherAttempt: true)
        #expect(second.attempt == 1)
        let again = VolumeChoice(slot: "slot-01", label: "amcat-0001", kind: .continuing)
        try second.reserve(device: device)
        try second.prepare(again)
        try second.volumeWritten(again, on: testDevice("s3:b/p/slot-01"), blockKiB: nil)
        try second.record(dumpRecord(run: run, disk: "/b", files: [3, 4], on: "amcat-0001"))
        try second.finish()
        let dumps = try CatalogReader(scratch.location).dumps()
        #expect(dumps.filter(\.isWhole).map(\.name.disk) == ["/a", "/b"])
        #expect(dumps.filter { !$0.isWhole }.map(\.status).contains(.partial(reason: "disk full")))
        #expect(dumps.last?.parts.map(\.fileNumber) == [3, 4])
    }

    @Test func `refuses a run that is not the newest and names the newest`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let run = try #require(Datestamp("20261123081044"))
        let error = #expect(throws: CatalogError.self) { try begin(scratch, run) }
        let newest = try #require(Datestamp("20261123081045"))
        #expect(error == .notNewest(run: run, newest: newest, configuration: "amcat"))
        #expect(
            error?.description == """
                run 20261123081044 is not newer than 20261123081045, the newest of configuration 'amcat'
                hint: 'amfleet backup' makes a newer one; if a wrong clock named run 20261123081045, run 'amrmtape amcat LABEL' for the volume that bears it, if any does, then move log.20261123081045.* out of the log directory of 'amcat'.
                """)
        #expect(!FileSystem.exists(scratch.path("log.20261123081044.0")))
    }

    @Test func `refuses while amdump is at work`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        // A process that lives as long as the test, under the name that the log gives.
        let name = try #require(RunningProcess.name(1))
        try scratch.write("log.20261123090000.0", Array("INFO amdump \(name) pid 1\n".utf8))
        let error = #expect(throws: CatalogError.self) {
            try begin(scratch, try #require(Datestamp("20261201030000")))
        }
        #expect(error == .isRunning(program: name, pid: 1, log: scratch.path("log.20261123090000.0")))
        try scratch.write("log.20261123090000.0", Array("INFO amdump amdump pid 1\n".utf8))
        #expect(throws: Never.self) { try CatalogReader(scratch.location).refuseIfRunning() }
    }

    @Test func `a volume that was lost takes only its own parts along`() throws {
        let scratch = try ScratchCatalog()
        try scratch.write("log.20261123081735.0", try fixture("log.20261123081735.0"))
        try scratch.write("tapelist", Array("20261123081735 amcat-0001 reuse\n".utf8))
        let reader = CatalogReader(scratch.location)
        #expect(try reader.dumps().first?.parts.count == 3)
        try scratch.write("tapelist", Array("20261123081735 amcat-0009 reuse\n".utf8))
        #expect(try reader.dumps().first?.status == .partial(reason: "a volume of it was overwritten"))
    }
}
