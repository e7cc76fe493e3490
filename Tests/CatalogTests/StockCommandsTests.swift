// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Files
import Planning
import Testing

@testable import Catalog

/// What the administrator says with the real `amadmin` is read by us, and done with after the run that obeyed.
@Suite(.serialized, .enabled(if: canRunAmanda))
struct StockCommandsTests {
    private let stock: StockConfiguration

    init() throws {
        stock = try StockConfiguration()
    }

    private func loaded() throws -> LoadedConfiguration { try stock.directory.load() }

    private func command(_ disk: String) throws -> Info.Command? {
        try CatalogReader(loaded().location).info(host: "localhost", disk: disk)?.command
    }

    /// A run that dumps one disk to a volume of its own.
    private func dump(_ disk: String, level: Int, _ datestamp: String, slot: Int) throws {
        let run = try #require(Datestamp(datestamp))
        let label = "\(stock.name)-000\(slot)"
        let catalog = try RunCatalog(
            beginning: run, location: loaded().location, disks: [("localhost", disk)], hostName: "node01")
        try catalog.planned(PlannedRun(dumps: [.init(host: "localhost", disk: disk, level: level)]))
        try catalog.volumeWritten(
            VolumeChoice(slot: "slot-0\(slot)", label: label, kind: .new),
            on: testDevice("s3:bucket/path/slot-0\(slot)"), blockKiB: 10_240)
        try catalog.record(dumpRecord(run: run, disk: disk, files: [1], on: label, level: level))
        try catalog.finish()
    }

    @Test(.timeLimit(.minutes(5))) func `a forced level is read, and forgotten when it has been made`() throws
    {
        try dump("/srv/data", level: 0, "20261201030000", slot: 1)
        try dump("/srv/a b", level: 0, "20261202030000", slot: 2)
        let words: [(String, Info.Command, Int)] = [
            ("force", .force, 0), ("force-level-1", .forceLevel1, 1), ("force-bump", .forceBump, 2),
            ("force-no-bump", .forceNoBump, 2),
        ]
        for (number, (word, command, level)) in words.enumerated() {
            let said = try stock.amanda("amadmin", [word, "localhost", "^/srv/data$"])
            #expect(try self.command("/srv/data") == command, "\(said)")
            #expect(try self.command("/srv/a b") == [], "\(word)")
            try dump("/srv/data", level: level, "2026120\(number + 3)030000", slot: number + 3)
            #expect(try self.command("/srv/data") == [], "\(word)")
        }
        let due = try stock.amanda("amadmin", ["due"])
        #expect(!due.contains("orce"), "\(due)")
        _ = try stock.amanda("amadmin", ["force", "localhost", "^/srv/data$"])
        _ = try stock.amanda("amadmin", ["unforce", "localhost", "^/srv/data$"])
        #expect(try command("/srv/data") == [])
    }

    @Test(.timeLimit(.minutes(5))) func `a volume marked no-reuse is left alone until it is freed`() throws {
        for number in 1...3 {
            try dump("/srv/data", level: 0, "2026120\(number)030000", slot: number)
        }
        let oldest = "\(stock.name)-0001"
        let slots = (1...3).map { number in
            SlotContents(
                slot: "slot-0\(number)",
                volume: .labelled(
                    VolumeHeader(
                        datestamp: Datestamp("2026120\(number)030000"),
                        label: "\(stock.name)-000\(number)")))
        }
        func choose() throws -> VolumeChoice {
            let chooser = VolumeChooser(
                policy: try loaded().volumePolicy,
                tapelist: try CatalogReader(loaded().location).tapelist())
            return try chooser.choose(run: try #require(Datestamp("20261204030000")), slots: slots)
        }
        #expect(try choose().label == oldest)
        _ = try stock.amanda("amadmin", ["no-reuse", oldest])
        let error = #expect(throws: VolumeChoiceError.self) { try choose() }
        #expect(error?.description.contains("volume '\(oldest)' is marked no-reuse") == true)
        try dump("/srv/a b", level: 0, "20261204030000", slot: 4)
        let list = try CatalogReader(loaded().location).tapelist()
        #expect(list.entry(label: oldest)?.isReusable == false, "our run's rewriting keeps the mark")
        _ = try stock.amanda("amadmin", ["reuse", oldest])
        #expect(try choose().label == oldest)
    }
}
