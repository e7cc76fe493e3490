// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Planning
import Testing

@testable import Catalog

/// Runs that only the bucket knew, entered.
@Suite struct CatalogRecoveryTests {
    private func run(_ day: Int) throws -> Datestamp {
        try #require(Datestamp(year: 2026, month: 12, day: day, hour: 3, minute: 0, second: 0))
    }

    /// Run `day` with a dump on `label`.
    private func recovered(
        _ day: Int, _ label: String, level: Int, isReusable: Bool = true
    ) throws -> RecoveredRun {
        let dump = dumpRecord(run: try run(day), disk: "/a", files: [1], on: label, level: level)
        return RecoveredRun(
            run: try run(day), volumes: [.init(label: label, isReusable: isReusable)],
            dumps: [.init(dump, madeWithin: nil)])
    }

    private func scratch() throws -> ScratchCatalog {
        let scratch = try ScratchCatalog()
        let day = try run(1)
        let catalog = try RunCatalog(
            beginning: day, location: scratch.location, disks: [("localhost", "/a")], hostName: "node01")
        try catalog.planned(PlannedRun(dumps: []))
        let choice = VolumeChoice(slot: "s3:b/p/slot-01", label: "amcat-0001", kind: .new)
        try catalog.prepare(choice)
        try catalog.volumeWritten(choice, on: testDevice(choice.slot), blockKiB: 10_240)
        try catalog.record(dumpRecord(run: day, disk: "/a", files: [1], on: "amcat-0001"))
        try catalog.finish()
        return scratch
    }

    @Test func `a dry run is told what an earnest one enters`() throws {
        let scratch = try scratch()
        let runs = [
            try recovered(3, "amcat-0001", level: 1, isReusable: false),
            try recovered(2, "amcat-0002", level: 0),
        ]
        var foreseen = scratch.location
        foreseen.recovered = runs
        let told = CatalogReader(foreseen)
        let (list, dumps) = (try told.tapelist(), try told.storedDumps())
        let info = try told.info(host: "localhost", disk: "/a")
        #expect(try CatalogReader(scratch.location).storedDumps().count == 1)

        try CatalogRecovery(scratch.location).enter(runs)
        let reader = CatalogReader(scratch.location)
        #expect(try reader.tapelist() == list)
        #expect(try reader.storedDumps() == dumps)
        #expect(try reader.info(host: "localhost", disk: "/a") == info)
        #expect(info?.levels.map(\.level) == [0, 1] && info?.lastLevel == 1)
        #expect(dumps.map(\.labels) == [["amcat-0001"], ["amcat-0002"]])
        #expect(list.entry(label: "amcat-0001")?.isReusable == false)
        #expect(try scratch.text("log.\(try run(2)).0").contains("DONE taper "))
        #expect(try reader.newestRun() == run(3))
    }

    @Test func `what was cut short is made good by doing it again, and nothing stands there twice`() throws {
        let scratch = try scratch()
        let before = try scratch.text("tapelist")
        let runs = [try recovered(2, "amcat-0002", level: 0)]
        try CatalogRecovery(scratch.location).enter(runs)
        let after = try scratch.text("tapelist")
        let info = try CatalogReader(scratch.location).info(host: "localhost", disk: "/a")
        // As if it had died before the tapelist.
        try scratch.write("tapelist", Array(before.utf8))
        try CatalogRecovery(scratch.location).enter(runs)
        #expect(try scratch.text("tapelist") == after)
        #expect(try CatalogReader(scratch.location).storedDumps().count == 2)
        #expect(try CatalogReader(scratch.location).info(host: "localhost", disk: "/a") == info)
    }

    @Test func `a volume whose taking was cut short is told from one that the catalog never knew`() throws {
        let scratch = try scratch()
        let day = try run(2)
        let catalog = try RunCatalog(
            beginning: day, location: scratch.location, disks: [], hostName: "node01")
        let old = VolumeHeader(datestamp: try run(1), label: "amcat-0001")
        try catalog.prepare(
            VolumeChoice(slot: "s3:b/p/slot-01", label: "amcat-0001", kind: .reusing(try run(1))))
        let reader = CatalogReader(scratch.location)
        #expect(try reader.givenUpVolumes() == [old, VolumeHeader(datestamp: day, label: "amcat-0001")])
        try catalog.volumeWritten(
            VolumeChoice(slot: "s3:b/p/slot-01", label: "amcat-0001", kind: .reusing(try run(1))),
            on: testDevice("s3:b/p/slot-01"), blockKiB: nil)
        #expect(try reader.givenUpVolumes().isEmpty)
        try catalog.finish()
    }
}
