// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials
import Synchronization
import Testing

@testable import Agent

@Suite struct KnownMeasuresTests {
    private static let disk = DiskName(host: "localhost", disk: "/data")

    /// The nights of a node, the last one newest, and the records that were read.
    private final class Nights: Sendable {
        let records: [NodeRecord]
        let reads = Mutex<[RunName]>([])

        init(_ dumps: [DumpRecord]) throws {
            records = try dumps.enumerated().map { index, dump in
                NodeRecord(
                    cluster: "demo", node: "node01", run: try KnownMeasuresTests.run(index), attempt: 1,
                    fence: 1, version: "1",
                    startedAt: Date(timeIntervalSince1970: 0), finishedAt: Date(timeIntervalSince1970: 0),
                    configurations: [ConfigurationRecord(name: "data", role: .data, dumps: [dump])])
            }
        }

        func known() async throws -> KnownMeasures {
            let reader = MeasureReader(node: "node01") { [self] run in
                reads.withLock { $0.append(run) }
                return records.first { $0.run == run }
            }
            let known = try await reader.known(
                ["data": [KnownMeasuresTests.disk]], in: records.map(\.run).shuffled())
            return try #require(known["data"])
        }
    }

    fileprivate static func run(_ night: Int) throws -> RunName {
        try #require(RunName(year: 2026, month: 11, day: 1 + night, hour: 3, minute: 0, second: 0))
    }

    /// The next night's dump, judged as a run would.
    private func night(
        _ dumps: inout [DumpRecord], level: Int = 0, names: Int64, isJudged: Bool = true
    ) throws {
        var dump = DumpRecord(
            host: "localhost", disk: "/data", device: "/data", level: level, status: .ok, compression: .none)
        dump.native.byteCount = names << 20
        dump.names = names
        dump.files = names
        if isJudged, let last = dumps.last {
            dump.judgedBy = last.measures(of: try Self.run(dumps.count - 1))
            dump.suspect = Plausibility().fault(
                of: dump.measure(of: try Self.run(dumps.count)), after: try #require(dump.judgedBy))
        }
        dumps.append(dump)
    }

    @Test func `the newest record tells the measure, however many suspect nights lie below it`() async throws
    {
        let runs = try (0..<30).map(Self.run)
        var dumps: [DumpRecord] = []
        try night(&dumps, names: 200)
        try night(&dumps, level: 1, names: 210)
        for _ in 0..<20 { try night(&dumps, names: 0) }
        let nights = try Nights(dumps)
        let disk = try await nights.known().disk(Self.disk)
        #expect(disk.measures.full?.names == 200 && disk.measures.newest?.names == 210)
        #expect(disk.suspectAfter == runs[1] && disk.suspectThrough == runs[21])
        #expect(disk.suspectLevel == 0)
        let known = try await nights.known()
        #expect(known.isSuspect(Self.disk, run: runs[2]) && known.isSuspect(Self.disk, run: runs[21]))
        #expect(!known.isSuspect(Self.disk, run: runs[1]) && !known.isSuspect(Self.disk, run: runs[22]))
    }

    @Test func `one record is read where the newest dump is plausible, and never more than the bound`()
        async throws
    {
        var dumps: [DumpRecord] = []
        try night(&dumps, names: 200)
        for _ in 0..<5 { try night(&dumps, level: 1, names: 205) }
        let few = try Nights(dumps)
        _ = try await few.known()
        #expect(few.reads.withLock { $0.count } == 1)
        for index in 0..<22 { try night(&dumps, names: index == 0 ? 0 : 1) }
        let failed = try Nights(
            dumps.map {
                var dump = $0
                dump.status = .failed
                return dump
            })
        #expect(try await failed.known().disk(Self.disk).measures.isEmpty)
        #expect(failed.reads.withLock { $0.count } <= MeasureReader.depth)
    }

    @Test func `what was accepted below newer suspect nights is the measure`() async throws {
        let runs = try (0..<30).map(Self.run)
        var dumps: [DumpRecord] = []
        try night(&dumps, names: 200)
        for _ in 0..<3 { try night(&dumps, names: 20) }
        dumps[2].suspect?.acceptedAt = Date(timeIntervalSince1970: 1)
        let known = try await Nights(dumps).known()
        let disk = known.disk(Self.disk)
        #expect(disk.measures.full?.names == 20 && disk.suspectAfter == runs[2])
        #expect(known.isSuspect(Self.disk, run: runs[3]) && !known.isSuspect(Self.disk, run: runs[2]))
        dumps[3].suspect?.acceptedAt = Date(timeIntervalSince1970: 1)
        #expect(try await Nights(dumps).known().disk(Self.disk).suspectThrough == nil)
    }

    @Test func `records of an older agent give what they have`() async throws {
        let runs = try (0..<30).map(Self.run)
        var dumps: [DumpRecord] = []
        try night(&dumps, names: 200, isJudged: false)
        for _ in 0..<3 { try night(&dumps, level: 1, names: 1, isJudged: false) }
        for index in dumps.indices {
            dumps[index].names = nil
            dumps[index].files = nil
        }
        let disk = try await Nights(dumps).known().disk(Self.disk)
        #expect(disk.measures.full?.bytes == 200 << 20 && disk.measures.full?.names == nil)
        #expect(disk.measures.newest?.run == runs[3] && disk.suspectThrough == nil)
    }
}
