// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Planning
import Testing

@testable import Catalog

/// `amstatus` on a run of ours: while it goes on, when it has ended, and when it was killed.
@Suite(.serialized, .enabled(if: canRunAmanda))
struct StockStatusTests {
    private let stock: StockConfiguration
    private let run = Datestamp("20261201030000")

    init() throws {
        stock = try StockConfiguration(inparallel: 2)
    }

    private func status(_ arguments: String...) throws -> String {
        let text = try stock.amanda("amstatus", arguments)
        #expect(!text.contains("uninitialized") && !text.contains("bad status"), "\(text)")
        return text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            .joined(separator: "\n")
    }

    private func begin(_ loaded: LoadedConfiguration) throws -> RunCatalog {
        try RunCatalog(
            beginning: try #require(run), location: loaded.location,
            disks: ["/srv/data", "/srv/a b", "/srv/c", "/srv/d"].map { ("localhost", $0) },
            hostName: "node01", capacity: RunCapacity(inparallel: 2, netusage: 8000, volumeKiB: 500 << 20))
    }

    private func planned(_ disk: String, _ kib: Int64) -> PlannedRun.Dump {
        .init(
            host: "localhost", disk: disk, level: 0, priority: 1,
            estimate: .init(originalKiB: kib * 2, storedKiB: kib))
    }

    private func volume(_ catalog: RunCatalog, _ number: Int) throws {
        let choice = VolumeChoice(slot: "slot-0\(number)", label: "\(stock.name)-000\(number)", kind: .new)
        try catalog.volumeWritten(
            choice, on: testDevice("s3:bucket/path/slot-0\(number)"), blockKiB: 10_240)
    }

    @Test(.timeLimit(.minutes(5))) func `amstatus follows a run from its plan to its end`() throws {
        let run = try #require(run)
        let catalog = try begin(try stock.directory.load())
        let label = stock.name + "-0001"
        try catalog.planned(
            PlannedRun(
                dumps: [planned("/srv/data", 5000), planned("/srv/a b", 3000), planned("/srv/d", 2000)],
                leftOut: [
                    .init(host: "localhost", disk: "/srv/c", level: 0, cause: .failure, reason: "it is gone")
                ]))
        try volume(catalog, 1)
        var text = try status()
        #expect(text.contains("localhost:/srv/data 20261201030000 0 5000k wait for dumping"), "\(text)")
        #expect(text.contains("localhost:/srv/c 20261201030000 0 0k estimate failed"), "\(text)")

        try catalog.began(host: "localhost", disk: "/srv/data", level: 0, to: .volume(label: label))
        try catalog.began(host: "localhost", disk: "/srv/a b", level: 0, to: .volume(label: label))
        catalog.progress(host: "localhost", disk: "/srv/a b", level: 0, storedByteCount: 1_536_000)
        text = try status()
        #expect(text.contains("localhost:/srv/data 20261201030000 0 5000k dumping to tape"), "\(text)")
        #expect(
            text.contains(
                "localhost:\"/srv/a b\" 20261201030000 0 3000k dumping to tape (1500k done (50.00%))"),
            "\(text)")
        #expect(text.contains("network free kps: 5952"), "\(text)")

        try catalog.record(
            dumpRecord(
                run: run, disk: "/srv/a b", files: [1], on: label, status: .failed(reason: "read error")))
        try volume(catalog, 2)
        var spanning = dumpRecord(run: run, disk: "/srv/data", files: [2, 3], on: label)
        spanning.parts.append(dumpPart(stock.name + "-0002", 1))
        try catalog.record(spanning)
        try catalog.record(dumpRecord(run: run, disk: "/srv/d", files: [2], on: stock.name + "-0002"))
        #expect(try FileSystem.list(stock.directory.path + "/logs").filter { $0.contains("bytes") }.isEmpty)
        try catalog.finish()
        try ended(try status())
        try ended(try status("--file", "amdump.\(run)"))
    }

    private func ended(_ text: String) throws {
        let name = stock.name
        for line in [
            "localhost:/srv/data 20261201030000 0 3072k dump to tape done (",
            "localhost:/srv/d 20261201030000 0 1024k dump to tape done (",
            "localhost:\"/srv/a b\" 20261201030000 0 0k dump to tape failed: read error, dump to tape failed (",
            "localhost:/srv/c 20261201030000 0 0k estimate failed", "taped : 2 4096k",
            "tape 1 : 0 2048k 2048k ( 0.00%) \(name)-0001 (2 parts)",
            "tape 2 : 2 2048k 2048k ( 0.00%) \(name)-0002 (2 parts)",
        ] { #expect(text.contains(line), "\(line)\n\(text)") }
        let logs = stock.directory.path + "/logs"
        #expect(FileSystem.symbolicLinkTarget(logs + "/amdump.1") == "amdump.20261201030000")
        #expect(FileSystem.symbolicLinkTarget(logs + "/amdump") == nil)
    }

    @Test(.timeLimit(.minutes(5))) func `amstatus shows a dump on the holding disk and its flush`() throws {
        let run = try #require(run)
        let location = try stock.directory.load().location
        let file = stock.directory.path + "/held.0"
        try FileSystem.writeAtomically(file, [UInt8](repeating: 0x20, count: 32_768 + 1_048_576))
        let catalog = try begin(try stock.directory.load())
        try catalog.planned(PlannedRun(dumps: [planned("/srv/data", 2048)]))
        try catalog.began(host: "localhost", disk: "/srv/data", level: 0, to: .holding(file: file))
        var text = try status()
        #expect(
            text.contains("localhost:/srv/data 20261201030000 0 2048k dumping (1024k done (50.00%))"),
            "\(text)")
        var record = dumpRecord(
            run: run, disk: "/srv/data", files: [], on: "", way: .held(file: file, storedByteCount: 1 << 20))
        try catalog.record(record)
        try catalog.volumeRefused("the store is away")
        try catalog.finish()
        text = try status()
        #expect(text.contains("localhost:/srv/data 20261201030000 0 1024k dump done ("), "\(text)")

        let later = try #require(Datestamp("20261202030000"))
        let second = try RunCatalog(
            beginning: later, location: location, disks: [], hostName: "node01")
        try second.planned(PlannedRun(dumps: []))
        let label = stock.name + "-0001"
        try volume(second, 1)
        try second.began(
            host: "localhost", disk: "/srv/data", level: 0, datestamp: run.description,
            to: .flush(file: file, label: label))
        text = try status()
        #expect(text.contains("localhost:/srv/data 20261201030000 0 1024k flushing"), "\(text)")
        record.way = .flushed
        record.parts = [dumpPart(label, 1)]
        try second.record(record)
        try second.finish()
        text = try status()
        #expect(text.contains("localhost:/srv/data 20261201030000 0 1024k flushed ("), "\(text)")
        let found = try stock.amanda("amadmin", ["find"])
        #expect(found.contains("2026-12-01 03:00:00 localhost /srv/data") && found.contains("OK"), "\(found)")
        let report = try stock.amanda("amreport", [])
        #expect(report.contains("\(label)") && !report.contains("RESULTS MISSING"), "\(report)")
    }
}
