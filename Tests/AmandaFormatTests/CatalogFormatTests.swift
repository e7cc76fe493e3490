// SPDX-License-Identifier: Apache-2.0

import Faults
import TestSupport
import Testing

@testable import AmandaFormat

@Suite struct CatalogFormatTests {
    static let logs = [
        "Catalog/log.20261123081039.0", "Catalog/log.20261123081045.0", "Catalog/log.20261123081735.0",
    ]

    private func text(_ fixture: String) throws -> String {
        String(amandaBytes: try amandaFixture(fixture))
    }

    @Test func `rewrites Amanda's tapelist byte for byte`() throws {
        let text = try text("Catalog/tapelist")
        let list = try Tapelist(parsing: text)
        #expect(list.text == text)
        #expect(list.entries.map(\.label) == ["amcat-0002", "amcat-0001"])
        #expect(list.newestDatestamp == Datestamp("20261123081045"))
        #expect(list.entry(label: "amcat-0001")?.blockKiB == 10240)
    }

    @Test func `keeps every field of a tapelist and orders it newest first`() throws {
        let text = """
            0 new-03 reuse
            20061123 old-01 no-reuse BARCODE:B1 META:M1 BLOCKSIZE:32 POOL:p STORAGE:s CONFIG:c #kept for the audit
            20261123081045 a-02 reuse

            20261123081039 a-01
            """
        var list = try Tapelist(parsing: text)
        #expect(list.entries.map(\.label) == ["a-02", "a-01", "old-01", "new-03"])
        #expect(list.text.contains(text.split(separator: "\n")[1] + "\n"))
        #expect(list.text.contains("20261123081039 a-01 reuse\n"))
        list.set(TapelistEntry(datestamp: Datestamp("20261123090000"), label: "a-01"))
        #expect(list.entries.map(\.label) == ["a-01", "a-02", "old-01", "new-03"])
        list.remove(label: "a-02")
        #expect(list.entry(label: "a-02") == nil)
    }

    @Test(arguments: [
        "20261123081045 a-02 reuse NONSENSE", "x", "20261123081045", "20261123081045 a reuse POOL:p META:m",
    ])
    func `refuses a bogus line with its number`(line: String) {
        let error = #expect(throws: TapelistError.self) {
            try Tapelist(parsing: "0 a-01 reuse\n\(line)\n", file: "/etc/amanda/x/tapelist")
        }
        #expect(
            error?.description.hasPrefix(
                "/etc/amanda/x/tapelist:2: Bogus line in the tapelist file: '\(line)'\n") == true)
    }

    @Test(arguments: logs)
    func `rewrites every line of Amanda's logs`(name: String) throws {
        for line in try text(name).split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            #expect(LogLine(parsing: line).text == line)
            if !line.isEmpty { #expect(LogLine(parsing: line) != .other(line)) }
        }
    }

    @Test func `a log says which dumps are whole and where they lie`() throws {
        let summary = RunLogSummary(parsing: try amandaFixture("Catalog/log.20261123081735.0"))
        let dump = try #require(summary.dumps.first)
        #expect(summary.dumps.count == 1)
        #expect(dump.status == .done)
        #expect(dump.parts.map(\.fileNumber) == [1, 2, 3])
        #expect(dump.parts.map(\.statistics.byteCount) == [1_048_576, 1_048_576, 1_034_286])
        #expect(dump.checksums?.server == CRCSize(crc32c: 0x6809_8a5b, byteCount: 3_131_438))
        #expect(dump.originalKiB == 3560)
        #expect(summary.volumes.map(\.label) == ["amcat-0001"])
        #expect(summary.isFinished)
        #expect(!summary.openProcesses.contains { $0.program == "amdump" })
    }

    @Test func `a dump without its DONE, with a part missing or with FAIL is not whole`() throws {
        let lines = try text("Catalog/log.20261123081735.0").split(separator: "\n").map {
            LogLine(parsing: String($0))
        }
        func isPart(_ line: LogLine, _ number: Int) -> Bool {
            if case .part(let part) = line { part.number == number } else { false }
        }
        let withoutVerdict = lines.filter { if case .dump = $0 { false } else { true } }
        #expect(RunLogSummary(withoutVerdict).dumps.map(\.status) == [.unfinished])
        #expect(
            RunLogSummary(lines.filter { !isPart($0, 2) }).dumps.first?.status
                == .partial(reason: "Missing part"))
        let failed = lines.map { line in
            guard case .dump(let dump) = line else { return line }
            return .fail(LogFailure(program: "dumper", dump: dump.dump, text: "[disk full]"))
        }
        #expect(RunLogSummary(failed).dumps.first?.status == .failed(reason: "[disk full]"))
        let open = RunLogSummary(lines.filter { $0.text != "INFO amdump pid-done 21206" })
        #expect(open.openProcesses.contains { $0.program == "amdump" && $0.pid == 21206 })
    }

    @Test func `reads logs from before storages and checksums`() {
        let summary = RunLogSummary(
            parsing: Array(
                """
                START taper datestamp 20101123030600 label old-01 tape 1
                PART taper old-01 1 node01 "/a b" 20101123030600 1/1 0 [sec 0.1 kb 10 kps 100.0 orig-kb 20]
                DONE taper node01 "/a b" 20101123030600 1 0 [sec 0.1 kb 10 kps 100.0 orig-kb 20]
                PARTIAL taper node01 /c 20101123030600 0 [sec 0.1 kb 10 kps 100.0] "no space"
                """.utf8))
        #expect(summary.dumps.map(\.status) == [.done, .partial(reason: "no space")])
        #expect(summary.dumps.first?.name.disk == "/a b")
        #expect(summary.dumps.first?.parts.first?.statistics.byteCount == 10_240)
        #expect(summary.dumps.first?.checksums == nil)
    }

    @Test(arguments: [
        ("./", "/"), ("./dir/", "/dir/"), ("./na\\303\\257ve file", "/na\\303\\257ve file"),
        ("block 97: ./-rf", "/-rf"), ("block 4: ./a\\nb", "/a\\nb"),
    ])
    func `turns tar's lines into index lines`(line: String, path: String) {
        #expect(IndexPath(tarVerboseLine: line)?.line == path)
    }

    @Test(arguments: ["", "tar: ./x: file changed", "block 4: ", "block x: ./a", "Total bytes written: 10"])
    func `takes nothing else for a path`(line: String) {
        #expect(IndexPath(tarVerboseLine: line) == nil)
    }

    @Test func `sanitises names as Amanda does`() {
        #expect(sanitisedDiskName("/") == "_")
        #expect(sanitisedDiskName("C:\\a/b__") == "C__a_b__")
    }

    @Test func `rewrites Amanda's info file byte for byte`() throws {
        let text = try text("Catalog/info")
        var info = try #require(Info(parsing: text))
        #expect(info.text == text)
        #expect(info.levels.map(\.label) == ["amcat-0001", "amcat-0002"])
        info.record(
            .init(
                level: 0, originalKiB: 100, storedKiB: 50, seconds: 2, date: 1, fileNumber: 1,
                label: "amcat-0003"),
            isCompressed: true)
        #expect(info.levels.map(\.level) == [0])
        #expect(info.full.ratios.first == "0.500000")
        #expect(info.full.rates == ["25.000000"])
        #expect(info.lastLevel == 0)
        #expect(Info(parsing: info.text) == info)
    }

    @Test func `only the command to flush that very dump goes from command_file`() {
        let kept = [
            "VERSION 1", "ID 3", "1 RESTORE c c c c-01 0 0 h /hold/r/h._d.0 20261101030000 0 WORKING:0 TODO",
            "3 FLUSH c /hold/r/h._d.1 h /d 20261101030000 1 c WORKING:0 TODO", "",
        ]
        let flush = "2 FLUSH c \"/hold/r/h._d.0\" h /d 20261101030000 0 c WORKING:0 TODO"
        let text = (kept.prefix(3) + [flush] + kept.suffix(2)).joined(separator: "\n")
        let left = CommandFile.removing(flushesOf: "/hold/r/h._d.0", from: text)
        #expect(left == kept.joined(separator: "\n"))
        #expect(CommandFile.removing(flushesOf: "/hold/r/h._d.0", from: left) == left)
    }

    @Test func `commands that are not done keep their volumes`() throws {
        let text = try text("Catalog/command_file")
        #expect(!CommandFile(parsing: text).needs(label: "amcat-0002"))
        let pending = CommandFile(parsing: text.replacing(" DONE", with: " TODO"))
        #expect(pending.needs(label: "amcat-0002"))
        #expect(!pending.needs(label: "amcat-000"))
    }

    @Test func `survives damaged catalogs`() throws {
        var generator = SeededGenerator(seed: 3)
        let names =
            Self.logs + ["Catalog/tapelist", "Catalog/info", "Catalog/command_file", "Catalog/s3-statefile"]
        for name in names {
            let bytes = try amandaFixture(name)
            for _ in 0..<200 {
                let text = String(amandaBytes: damaged(bytes, using: &generator))
                // What is passed over unread must not matter.
                #expect(
                    RunLogSummary(parsing: text.amandaBytes)
                        == RunLogSummary(AmandaLines.split(text).map { LogLine(parsing: $0) }))
                _ = try? Tapelist(parsing: text)
                _ = Info(parsing: text)?.text
                _ = CommandFile(parsing: text)
                _ = try? ChangerState(parsing: text).text
            }
        }
    }

    @Test func `every prefix of a catalog is read or refused`() throws {
        for name in ["Catalog/tapelist", "Catalog/info", "Catalog/s3-statefile", Self.logs[2]] {
            let bytes = try amandaFixture(name)
            for end in bytes.indices {
                let text = String(amandaBytes: bytes[..<end])
                _ = try? Tapelist(parsing: text)
                _ = Info(parsing: text)?.text
                if end % 16 == 0 { #expect(RunLogSummary(parsing: text.amandaBytes).dumps.count <= 1) }
                if name.hasSuffix("statefile"), end > 0, end < bytes.count - 1 {
                    #expect(throws: ChangerStateError.self) { try ChangerState(parsing: text) }
                }
            }
        }
    }
}
