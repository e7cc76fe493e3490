// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Dump
import Files
import Planning
import S3
import TestSupport
import Testing

@testable import Agent

/// Held dumps between amfleet and stock Amanda, on one holding disk and one catalog.
@Suite(.enabled(if: StockHolding.isUsable), .serialized, .timeLimit(.minutes(5)))
struct HeldDumpFlushTests {
    private static let files = ["./", "./random", "./small"]

    private func begin(_ stock: StockHolding, _ run: Datestamp) throws -> RunCatalog {
        let catalog = try RunCatalog(
            beginning: run, location: stock.loaded.location, disks: [("localhost", stock.data)],
            hostName: "node01")
        try catalog.planned(PlannedRun(dumps: []))
        return catalog
    }

    /// What a run does whose store is away.
    private func hold(_ stock: StockHolding, _ run: Datestamp) async throws -> HeldDump {
        let catalog = try begin(stock, run)
        let area = HoldingArea(
            stock.loaded.configuration.holdingDisks, run: run, owner: stock.loaded.location.owner)
        let entry = try #require(stock.loaded.disklist.activeEntries.first)
        let target = try area.target(expected: nil, level: 0, readFrom: entry.directory)
        let outcome = try await DumpEngine().dump(
            DumpPlan(
                host: "localhost", datestamp: run, dle: DLEDescription(entry), target: target,
                indexPath: stock.work.path("index")))
        let held = try #require(target.held, "\(outcome.status)")
        try catalog.record(LoggedDump(outcome, heldAs: held))
        try catalog.finish()
        area.close()
        return held
    }

    @Test func `stock Amanda finds, fetches and flushes what we held`() async throws {
        let stock = try await StockHolding(server: .shared())
        let run = try #require(Datestamp("20261120030600"))
        let held = try await hold(stock, run)
        #expect(held.chunks.count == 4)

        let line = try #require(
            try stock.amanda("amadmin", [stock.name, "find"]).split(separator: "\n").first {
                $0.contains(stock.data)
            })
        #expect(line.contains("HOLDING") && line.contains(held.path) && line.hasSuffix("OK "))
        #expect(try stock.amanda("amadmin", [stock.name, "holding", "list"]).contains(stock.data))
        #expect(try stock.fetched(run) == Self.files)

        try stock.amanda("amflush", ["-b", "-f", stock.name])
        #expect(try stock.disks.contents() == HoldingContents([]))
        let after = try stock.amanda("amadmin", [stock.name, "find"])
        #expect(try stock.flushCommands() == [])
        #expect(after.contains("\(stock.name)-0001") && !after.contains("HOLDING"))
        #expect(try stock.fetched(run) == Self.files)
        let dump = try #require(try CatalogReader(stock.loaded.location).dumps().first)
        #expect(dump.isWhole && dump.name.datestamp == run.description && dump.run > run)
        #expect(dump.checksums?.server == held.header.serverCRC)
    }

    @Test(arguments: [true, false])
    func `we flush what stock Amanda or we held, and stock Amanda restores it`(isStocks: Bool) async throws {
        let stock = try await StockHolding(server: .shared())
        if isStocks {
            try stock.amanda("amdump", [stock.name, "--no-taper"])
        } else {
            _ = try await hold(stock, try #require(Datestamp("20261120030600")))
        }
        #expect(try stock.flushCommands().count == (isStocks ? 1 : 0))
        let contents = try stock.disks.contents()
        let disk = [(host: "localhost", disk: stock.data)]
        #expect(DueDumps.of(contents, autoflush: "NO", disks: disk).isEmpty)
        #expect(DueDumps.of(contents, autoflush: "YES", disks: []).isEmpty)
        let due = DueDumps.of(contents, autoflush: "YES", disks: disk)
        #expect(due == DueDumps.of(contents, autoflush: "ALL", disks: []) && due.count == 1)
        let held = try #require(due.first)
        #expect(held.isWhole)

        let run = held.header.datestamp.nextSecond
        let catalog = try begin(stock, run)
        let label = "\(stock.name)-0001"
        let device = try #require(try stock.loaded.configuration.changer().devices.first)
        let choice = VolumeChoice(slot: device.description, label: label, kind: .new)
        try catalog.reserve(device: choice.slot)
        try catalog.prepare(choice)
        let header = VolumeHeader(datestamp: run, label: label)
        _ = try await stock.client.put(stock.keys.volumeLabel, header.bytes)
        try catalog.volumeWritten(choice, on: device, blockKiB: 10_240)
        let volume = try BucketVolume(
            label: label, client: stock.client, journal: stock.journal, keys: stock.keys,
            layout: StoragePlan())
        try await HeldDumpFlush(disks: stock.disks, catalog: catalog, order: .first).flush(
            due, into: volume, isHopeless: { _ in false }
        ) { flushed in #expect(flushed.outcome.isUsable, "\(flushed.outcome.status)") }
        try catalog.finish()

        #expect(try stock.disks.contents() == HoldingContents([]))
        #expect(try stock.flushCommands() == [])
        let find = try stock.amanda("amadmin", [stock.name, "find"])
        #expect(find.contains(label) && !find.contains("HOLDING"))
        #expect(try stock.fetched(held.header.datestamp) == Self.files)
    }
}
