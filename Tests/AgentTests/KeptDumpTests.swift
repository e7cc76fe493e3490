// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import FoundationEssentials
import Testing

@testable import Agent

/// What a crash leaves of a run's record.
@Suite(.timeLimit(.minutes(1))) struct KeptDumpTests {
    private let directory: StateDirectory
    private let run: RunName

    init() throws {
        directory = try StateDirectory()
        run = try #require(RunName("20261123030600"))
    }

    private func record(attempt: Int = 1) -> NodeRecord {
        NodeRecord(
            cluster: "demo", node: "node01", run: run, attempt: attempt, fence: 1, version: "1",
            startedAt: Date(timeIntervalSince1970: 1_795_000_000),
            finishedAt: Date(timeIntervalSince1970: 1_795_000_000), configurations: [])
    }

    private func dump(_ disk: String) -> DumpRecord {
        DumpRecord(
            host: "localhost", disk: disk, device: disk, level: 0, status: .ok, compression: .none)
    }

    private func part(_ disks: String...) -> ConfigurationRecord {
        ConfigurationRecord(
            name: "vertica", role: .data, volumes: [VolumeRecord(label: "v-01", bucket: "b", prefix: "p")],
            dumps: disks.map(dump))
    }

    private var document: String { "\(directory.path)/jobs/job-1.json" }
    private var lines: String { "\(directory.path)/jobs/job-1.dumps" }

    /// A job whose first two disks have ended, the second as a line of its own.
    private func twoDisks(
        _ body: @escaping @Sendable (JobTable, RecordKeeper) async throws -> Void
    ) async throws {
        let table = try directory.table()
        _ = try await table.accept(.sample())
        let begun = try await table.begin("job-1")
        let keeper = RecordKeeper(reporter: try #require(begun?.reporter), before: record())
        await keeper.keep(part("/a"))
        await keeper.keep(part("/a", "/b"), with: dump("/b"))
        try await body(table, keeper)
    }

    private func disksAfterCrash() async throws -> [String] {
        let snapshot = try await directory.table().snapshot(of: "job-1")
        #expect(snapshot.state == .interrupted)
        return snapshot.record?.configurations.flatMap(\.dumps).map(\.disk) ?? []
    }

    @Test func `a disk that ends adds a line, and the document stays as it is`() async throws {
        try await twoDisks { [self] table, keeper in
            let before = try FileSystem.readAll(document)
            await keeper.keep(part("/a", "/b", "/c"), with: dump("/c"))
            #expect(try FileSystem.readAll(document) == before)
            #expect(try FileSystem.readAll(lines).count { $0 == UInt8(ascii: "\n") } == 2)
            let told = try await table.snapshot(of: "job-1").record
            #expect(told?.configurations.first?.dumps.map(\.disk) == ["/a", "/b", "/c"])
        }
        #expect(try await disksAfterCrash() == ["/a", "/b", "/c"])
    }

    @Test func `a torn line is left out`() async throws {
        try await twoDisks { [self] _, _ in try FileSystem.append(lines, Array("{\"attempt\":1,\"dump".utf8))
        }
        #expect(try await disksAfterCrash() == ["/a", "/b"])
    }

    @Test func `the whole record takes the lines' place`() async throws {
        try await twoDisks { [self] _, keeper in
            await keeper.keep(part("/a", "/b", "/c"))
            #expect(!FileSystem.exists(lines))
        }
        #expect(try await disksAfterCrash() == ["/a", "/b", "/c"])
    }

    @Test func `lines that the document has already, or of an earlier attempt, change nothing`() {
        var whole = record(attempt: 2)
        whole.configurations = [part("/a")]
        let volumes = [VolumeRecord(label: "v-02", bucket: "b", prefix: "p")]
        let lines = [(2, "/a"), (1, "/b")].map { attempt, disk in
            KeptDump(attempt: attempt, configuration: "vertica", volumes: volumes, dump: dump(disk))
        }
        #expect(whole.adding(lines) == whole)
        let new = KeptDump(attempt: 2, configuration: "vertica", volumes: volumes, dump: dump("/b"))
        #expect(whole.adding([new]).configurations[0].dumps.map(\.disk) == ["/a", "/b"])
        #expect(whole.adding([new]).configurations[0].volumes == volumes)
    }
}
