// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import FoundationEssentials
import Testing

@testable import AgentAPI

@Suite struct PlausibilityTests {
    private func measure(
        _ run: String = "20261123030600", level: Int = 0, bytes: Int64? = 20 << 20, names: Int64? = 200,
        files: Int64? = 190, _ change: (inout DumpMeasure) -> Void = { _ in }
    ) throws -> DumpMeasure {
        var measure = DumpMeasure(
            run: try #require(RunName(run)), level: level, bytes: level == 0 ? bytes : nil, names: names,
            files: files)
        change(&measure)
        return measure
    }

    private func reasons(
        _ now: DumpMeasure, after full: DumpMeasure, newest: DumpMeasure? = nil,
        _ shares: Plausibility = .init()
    ) -> [SuspectRecord.Reason] {
        shares.fault(of: now, after: DumpMeasures(full: full, newest: newest ?? full))?.reasons ?? []
    }

    @Test func `half of the bytes and of the names is enough, and one less is not`() throws {
        let before = try measure()
        #expect(reasons(try measure(bytes: 10 << 20, names: 100), after: before) == [])
        #expect(reasons(try measure(bytes: 10 << 20 - 1), after: before) == [.bytes])
        #expect(reasons(try measure(names: 99), after: before) == [.names])
        #expect(
            reasons(try measure(bytes: 1, names: 1, files: 0), after: before) == [.noFile, .bytes, .names])
        let lenient = Plausibility(bytes: 0, names: 0.1)
        #expect(reasons(try measure(bytes: 1, names: 20), after: before, lenient) == [])
        #expect(reasons(try measure(bytes: 1, names: 19), after: before, lenient) == [.names])
    }

    @Test func `bytes of an increment are compared with nothing, its names are`() throws {
        let before = try measure()
        #expect(reasons(try measure(level: 1, names: 150), after: before) == [])
        #expect(reasons(try measure(level: 1, names: 50), after: before) == [.names])
        #expect(reasons(try measure(level: 1, names: 0, files: 0), after: before) == [.noFile, .names])
    }

    @Test func `of a small disk only that there is no file counts`() throws {
        let small = try measure(bytes: (1 << 20) - 1, names: 99, files: 90)
        #expect(reasons(try measure(bytes: 1, names: 1, files: 1), after: small) == [])
        #expect(reasons(try measure(bytes: 1, names: 1, files: 0), after: small) == [.noFile])
        let empty = try measure(bytes: 10_240, names: 0, files: 0)
        #expect(reasons(try measure(bytes: 10_240, names: 0, files: 0), after: empty) == [])
    }

    @Test func `a mount point that is none, and a new hole, count whatever the size`() throws {
        let before = try measure(bytes: 1, names: 1) {
            $0.isMountPoint = true
            $0.holes = [HoleRecord(path: "/d/old", fileSystem: "ext4")]
        }
        #expect(reasons(try measure { $0.isMountPoint = false }, after: before) == [.mountPoint])
        #expect(reasons(try measure { $0.isMountPoint = true }, after: before) == [])
        let more = [
            HoleRecord(path: "/d/old", fileSystem: "xfs"), HoleRecord(path: "/d/db", fileSystem: "ext4"),
        ]
        let holed = try measure { $0.holes = more }
        #expect(reasons(holed, after: before) == [.hole])
        #expect(reasons(try measure { $0.holes = [] }, after: before) == [])
        // Of the newest dump, not of the full one below it.
        #expect(reasons(holed, after: before, newest: holed) == [])
    }

    @Test func `what one side does not know is not held against a dump`() throws {
        let stock = try measure(names: nil, files: nil)
        #expect(reasons(try measure(names: 1, files: 1), after: stock) == [])
        #expect(reasons(try measure(bytes: 1, names: 0, files: 0), after: stock) == [.noFile, .bytes])
        #expect(reasons(try measure(bytes: 30 << 20, names: nil, files: nil), after: try measure()) == [])
        #expect(Plausibility().fault(of: try measure(), after: DumpMeasures()) == nil)
        let claimed = DumpMeasure(run: try measure().run, level: 0, bytes: -5, names: .min, files: -1)
        #expect(claimed.bytes == nil && claimed.names == nil && claimed.files == nil)
    }

    @Test func `the reason says both figures`() throws {
        let suspect = Plausibility().fault(
            of: try measure("20261124030600", bytes: 65_536, names: 0, files: 0),
            after: DumpMeasures(full: try measure(), newest: try measure()))
        #expect(
            suspect?.text.hasSuffix(
                ": 0 names, 0 files, 64.0 KiB now, 200 names, 190 files, 20.0 MiB in run 20261123030600")
                == true, "\(suspect?.text ?? "")")
    }

    @Test
    func `a disk that has filled again since an increment of it was accepted is judged by what it held`()
        throws
    {
        let accepted = try measure(level: 1, names: 0, files: 0)
        let newest = try measure("20261125030600", level: 1, names: 200)
        let measures = DumpMeasures(full: accepted, newest: newest)
        #expect(reasons(try measure(level: 1, names: 99), after: accepted, newest: newest) == [.names])
        #expect(reasons(try measure(level: 1, names: 100), after: accepted, newest: newest) == [])
        let empty = Plausibility().fault(of: try measure(level: 1, names: 0, files: 0), after: measures)
        #expect(empty?.reasons == [.noFile, .names] && empty?.before == newest)
    }

    @Test func `an accepted increment is the measure without the bytes of another tree`() throws {
        var dump = DumpRecord(
            host: "h", disk: "/d", device: "/d", level: 1, status: .ok, compression: .none)
        let (first, now) = (try measure(), try measure("20261124030600", level: 1, names: 3, files: 2))
        dump.names = 3
        dump.files = 2
        dump.judgedBy = DumpMeasures(full: first, newest: first)
        dump.suspect = SuspectRecord([.names], before: first, now: now)
        #expect(dump.isSuspect && dump.measures(of: now.run) == dump.judgedBy)
        dump.suspect?.acceptedAt = .init(timeIntervalSince1970: 0)
        let measures = dump.measures(of: now.run)
        #expect(!dump.isSuspect && measures.full == measures.newest)
        #expect(measures.full?.bytes == nil && measures.full?.names == 3)
    }

    @Test func `a reason of a newer agent is read as another one`() throws {
        let json =
            #"{"reasons": ["names", "colour"], "before": {"run": "20261123030600", "level": 0}, "#
            + #""now": {"run": "20261124030600", "level": 0}}"#
        let suspect: SuspectRecord = try WireJSON.read(from: Array(json.utf8), what: "it")
        #expect(suspect.reasons == [.names, .other])
    }
}
