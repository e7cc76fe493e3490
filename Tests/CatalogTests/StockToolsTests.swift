// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Faults
import Files
import Planning
import Testing

/// Amanda's own programs on a catalog that we wrote.
@Suite(.serialized, .enabled(if: canRunAmanda))
struct StockToolsTests {
    private let stock: StockConfiguration
    private let run = Datestamp("20261201030000")
    private let second = Datestamp("20261202030000")

    private var directory: ConfigurationDirectory { stock.directory }

    init() throws {
        stock = try StockConfiguration()
    }

    private func amanda(_ program: String, _ arguments: String...) throws -> String {
        try stock.amanda(program, arguments)
    }

    private func write(
        _ loaded: LoadedConfiguration, _ run: Datestamp, slot: Int, _ records: (String) -> [LoggedDump]
    ) throws -> VolumeChoice {
        let catalog = try RunCatalog(
            beginning: run, location: loaded.location,
            disks: [("localhost", "/srv/data"), ("localhost", "/srv/a b")],
            hostName: "node01")
        let slots = (1...3).map { SlotContents(slot: "slot-0\($0)", volume: .unlabelled) }
        let chooser = VolumeChooser(
            policy: loaded.volumePolicy, tapelist: try CatalogReader(loaded.location).tapelist())
        let choice = try chooser.choose(run: run, slots: slots, current: "slot-0\(slot)")
        try catalog.reserve(device: "s3:bucket/path/\(choice.slot)")
        try catalog.prepare(choice)
        try catalog.volumeWritten(choice, on: testDevice("s3:bucket/path/\(choice.slot)"), blockKiB: 10_240)
        for record in records(choice.label) { try catalog.record(record) }
        try catalog.finish()
        return choice
    }

    @Test(.timeLimit(.minutes(5)))
    func `amadmin and amreport understand what we wrote`() throws {
        let (run, second) = (try #require(run), try #require(second))
        let loaded = try directory.load()
        #expect(loaded.remarks.allSatisfy { !$0.text.isEmpty })
        let lines = directory.path + "/lines"
        try FileSystem.writeAtomically(lines, Array("/b\n/\n/a/\n".utf8))
        let first = try write(
            loaded, run, slot: 1
        ) { label in
            [
                dumpRecord(
                    run: run, disk: "/srv/data", files: [1, 2], on: label, indexLinesFile: lines),
                dumpRecord(
                    run: run, disk: "/srv/a b", files: [3], on: label, status: .strange,
                    messages: ["tar: odd"]),
            ]
        }
        #expect(first.label == directory.name + "-0001")
        _ = try write(
            loaded, second, slot: 2
        ) { label in
            [
                dumpRecord(run: second, disk: "/srv/data", files: [1], on: label),
                dumpRecord(
                    run: second, disk: "/srv/a b", files: [2], on: label,
                    status: .failed(reason: "read error")),
            ]
        }
        try listsDumps(first.label)
        try reports()
        try hasOwnersAndModes()
        try forgetsAnOverwrittenVolume(loaded, first)
    }

    private func listsDumps(_ label: String) throws {
        let found = try amanda("amadmin", "find").split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
        let name = directory.name
        #expect(found.contains("2026-12-01 03:00:00 localhost /srv/data 0 \(name) \(name) \(label) 1 1/2 OK"))
        #expect(found.contains("2026-12-01 03:00:00 localhost /srv/data 0 \(name) \(name) \(label) 2 2/2 OK"))
        #expect(
            found.contains("2026-12-01 03:00:00 localhost \"/srv/a b\" 0 \(name) \(name) \(label) 3 1/1 OK"))
        #expect(
            found.contains("2026-12-02 03:00:00 localhost /srv/data 0 \(name) \(name) \(name)-0002 1 1/1 OK"))
        #expect(
            found.contains {
                $0.hasPrefix("2026-12-02 03:00:00 localhost \"/srv/a b\"") && $0.contains("PARTIAL")
            },
            "\(found)")
        #expect(!found.contains { $0.contains("strange log line") || $0.contains("Bogus") })
        #expect(try amanda("amadmin", "info", "localhost", "^/srv/data$").contains("\(name)-0002"))
        #expect(try amanda("amadmin", "tape").contains("new tape"))
        #expect(try amanda("amadmin", "due").contains("/srv/data"))
    }

    private func reports() throws {
        let log = "\(directory.path)/logs/log.20261201030000.0"
        let report = try amanda("amreport", "--log=\(log)")
        #expect(report.contains("\(directory.name)-0001"), "\(report)")
        #expect(report.contains("STRANGE") && report.contains("tar: odd"), "\(report)")
        #expect(!report.contains("RESULTS MISSING") && !report.lowercased().contains("bogus"), "\(report)")
        let failed = try amanda("amreport", "--log=\(directory.path)/logs/log.20261202030000.0")
        #expect(failed.contains("read error"), "\(failed)")
    }

    private func hasOwnersAndModes() throws {
        let owner = try #require(UserAccount(named: "backup")).owner
        for name in [
            "tapelist", "tapelist.lock", "tapelist.last_write", "s3-statefile", "logs", "logs/log",
            "logs/log.20261201030000.0",
            "index/localhost", "index/localhost/_srv_data", "index/localhost/_srv_data/20261201030000_0.gz",
            "index/localhost/_srv_data/20261201030000_0.header", "curinfo/localhost/_srv_data/info",
        ] {
            let status = try #require(try FileSystem.status("\(directory.path)/\(name)"), "\(name)")
            #expect(status.owner == owner, "\(name)")
            if status.kind == .regular { #expect(status.mode == 0o600, "\(name)") }
        }
    }

    private func forgetsAnOverwrittenVolume(_ loaded: LoadedConfiguration, _ first: VolumeChoice) throws {
        let third = try #require(Datestamp("20261203030000"))
        let catalog = try RunCatalog(
            beginning: third, location: loaded.location, disks: [], hostName: "node01")
        try catalog.prepare(VolumeChoice(slot: first.slot, label: first.label, kind: .reusing(third)))
        let found = try amanda("amadmin", "find")
        #expect(!found.contains("2026-12-01"), "\(found)")
        #expect(found.contains("2026-12-02"), "\(found)")
        try catalog.finish()
    }
}
