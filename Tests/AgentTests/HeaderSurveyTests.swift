// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Testing
import Volumes

@testable import Agent

/// What labels, headers and a listing say of dumps, without any store.
@Suite struct HeaderSurveyTests {
    private static let choice = ConfigurationChoice(name: "data", role: .data)

    private func header(
        _ run: String, disk: String = "/data", level: Int = 0, part: Int = 1, total: Int? = nil,
        sum: Int64? = nil, isPartial: Bool = false
    ) throws -> DumpHeader {
        var header = DumpHeader(
            kind: .split, datestamp: try #require(Datestamp(run)), host: "localhost", disk: disk,
            part: .init(number: part, total: total), level: level, compressionSuffix: ".gz",
            program: "APPLICATION", application: "amgtar")
        header.isPartial = isPartial
        header.serverCRC = sum.map { CRCSize(crc32c: 7, byteCount: $0) }
        return header
    }

    private func volume(
        _ label: String, _ run: String, _ files: [(header: DumpHeader, byteCount: Int64?)]
    ) throws -> SurveyedVolume {
        SurveyedVolume(
            record: VolumeRecord(label: label, bucket: "b", prefix: "p/node01/data/slot-\(label)"),
            run: try #require(Datestamp(run)),
            files: files.enumerated().map { index, file in
                .init(
                    label: label, number: UInt32(index + 1), header: file.header, byteCount: file.byteCount)
            })
    }

    private func survey(_ volumes: SurveyedVolume...) -> HeaderSurvey {
        HeaderSurvey(configuration: "data", volumes: volumes)
    }

    private func set(_ survey: HeaderSurvey, _ run: String) async throws -> RestorableSet {
        try await HeaderSource(node: "node01", run: try #require(Datestamp(run)), survey: survey)
            .disks(of: Self.choice)
    }

    @Test func `a slot is told by its keys, whatever its number, and blocks count only without a gap`() {
        var listing = SlotListing()
        for (key, count) in [
            ("p/n/c/slot-1special-tapestart", 60), ("p/n/c/slot-1f00000001-filestart", 900),
            ("p/n/c/slot-1f00000001-mp.data", 77), ("p/n/c/slot-10f00000001-filestart", 900),
            ("p/n/c/slot-10f00000001-b0000000000000000.data", 10),
            ("p/n/c/slot-10f00000001-b0000000000000001.data", 3),
            ("p/n/c/slot-10f00000002-b0000000000000000.data", 10),
            ("p/n/c/slot-10f00000002-b0000000000000002.data", 3), ("p/n/c/slot-10notes.txt", 5),
            ("p/n/c/slot-10f0000000g-mp.data", 5),
        ] { listing.add(key, byteCount: Int64(count)) }
        #expect(listing.slots.keys.sorted() == ["p/n/c/slot-1", "p/n/c/slot-10"])
        #expect(listing.slots["p/n/c/slot-1"]?.hasLabel == true)
        #expect(listing.slots["p/n/c/slot-1"]?.files[1]?.byteCount == 77)
        let blocks = listing.slots["p/n/c/slot-10"]
        #expect(blocks?.hasLabel == false)
        #expect(blocks?.files[1]?.byteCount == 13)
        #expect(blocks?.files[2]?.hasHeader == false)
        #expect(blocks?.files[2]?.byteCount == nil)
    }

    @Test func `parts are put in order over volumes, and their lengths must be the header's`() async throws {
        let run = "20261123030600"
        let whole = survey(
            try volume("b", run, [(header(run, part: 2, sum: 150), 50)]),
            try volume("a", run, [(header(run, part: 1, sum: 150), 100)]))
        let disk = try #require(try await set(whole, run).disks.first)
        #expect(disk.dumps[0].record.parts.map(\.label) == ["a", "b"])
        #expect(disk.dumps[0].record.parts.map(\.byteCount) == [100, 50])
        let short = survey(
            try volume(
                "a", run, [(header(run, part: 1, sum: 150), 100), (header(run, part: 2, sum: 150), 49)]))
        #expect(
            try await set(short, run).missing.first?.reason.hasSuffix("149 of its 150 bytes are there")
                == true)
        let gap = survey(
            try volume(
                "a", run, [(header(run, part: 1, sum: 150), 100), (header(run, part: 3, sum: 150), 50)]))
        #expect(try await set(gap, run).missing.first?.reason.hasSuffix("part 2 of it is not there") == true)
        let empty = survey(try volume("a", run, [(header(run, sum: 150), nil)]))
        #expect(try await set(empty, run).missing.first?.reason.contains("are not all there") == true)
        #expect(empty.newestWhole().run == nil)
    }

    @Test func `a second attempt's files count, and what the first has left does not`() async throws {
        let run = "20261123030600"
        let found = survey(
            try volume(
                "a", run,
                [
                    (header(run, isPartial: true), 30), (header(run, part: 1, sum: 150), 100),
                    (header(run, part: 2, sum: 150), 50),
                ]))
        #expect(try await set(found, run).disks.first?.dumps[0].record.parts.map(\.fileNumber) == [2, 3])
        let never = survey(try volume("a", run, [(header(run, isPartial: true), 30)]))
        #expect(try await set(never, run).missing.first?.reason.contains("partial") == true)
    }

    @Test func `what stock Amanda's header does not say is said`() async throws {
        let run = "20261123030600"
        let found = survey(try volume("a", run, [(header(run), 100)]))
        let disk = try #require(try await set(found, run).disks.first)
        #expect(disk.notes.contains { $0.contains("no header says how long it is") }, "\(disk.notes)")
        let parts = survey(try volume("a", run, [(header(run), 100), (header(run, part: 2), 60)]))
        #expect(try await set(parts, run).disks.first?.notes == [])
    }

    @Test func `a chain takes the newest dump below, and a broken one is never passed over for an older`()
        async throws
    {
        let (first, second, third) = ("20261123030600", "20261124030600", "20261125030600")
        let old = try volume("a", first, [(header(first, sum: 10), 10)])
        let top = try volume("c", third, [(header(third, level: 1, sum: 5), 5)])
        let good = survey(old, try volume("b", second, [(header(second, sum: 10), 10)]), top)
        let disk = try #require(try await set(good, third).disks.first)
        #expect(disk.dumps.map(\.run.description) == [second, third])
        let broken = survey(old, try volume("b", second, [(header(second, sum: 10), 9)]), top)
        let missing = try await set(broken, third).missing
        #expect(
            missing.first?.reason.contains("level 0 of '/data' of run \(second), on which it builds") == true)
        let rootless = survey(top)
        #expect(
            try await set(rootless, third).missing.first?.reason.contains("no header tells of the full dump")
                == true)
    }

    @Test func `the newest whole run counts, those that are not are named`() throws {
        let (first, second) = ("20261123030600", "20261124030600")
        let found = survey(
            try volume("a", first, [(header(first, sum: 10), 10)]),
            try volume(
                "b", second, [(header(second, sum: 10), 10), (header(second, disk: "/etc", sum: 3), 2)]))
        let (run, passedOver) = found.newestWhole()
        #expect(run?.run.description == first)
        #expect(passedOver.map(\.faults) == [["level 0 of '/etc': 2 of its 3 bytes are there"]])
        #expect(found.newestWhole(upTo: Datestamp("20261122000000")).run == nil)
    }

    @Test func `two slots of one label, and a dump younger than its volume, are believed by nobody`()
        async throws
    {
        let (first, second) = ("20261123030600", "20261124030600")
        let doubled = survey(
            try volume("a", first, [(header(first, sum: 10), 10)]),
            try volume("a", first, [(header(first, sum: 10), 10)]))
        #expect(doubled.dumps.isEmpty && doubled.faults.count == 1)
        let young = survey(try volume("a", first, [(header(second, sum: 10), 10)]))
        #expect(
            try await set(young, second).missing.first?.reason.contains("younger than its volume") == true)
    }
}
