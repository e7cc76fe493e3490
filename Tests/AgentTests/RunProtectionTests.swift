// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Planning
import S3
import TestSupport
import Testing

@testable import Agent

/// What the coordinator says must not be overwritten, and what the node makes of it.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct RunProtectionTests {
    private static let runs = ["20261123030600", "20261124030600", "20261125030600", "20261126030600"]
    private static let data = ConfigurationChoice(name: "data", role: .data)

    private func taking(
        _ fixture: NodeFixture, _ run: String, _ protection: RunProtection?
    ) async throws -> VolumeTaking {
        VolumeTaking(
            node: "node01", prepared: try await fixture.checked(Self.data).usable(),
            run: try #require(Datestamp(run)), protection: protection
        ) { _ in fixture.client }
    }

    @Test func `a protected increment keeps the dump that it builds on, and only what is borne counts`()
        async throws
    {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        try fixture.configure(
            "data", disks: [fixture.data], slots: "{1..4}", tapecycle: 4, dumptypeLines: ["record yes"])
        let levels = LevelFixture(fixture)
        for (run, level) in zip(Self.runs, [0, 1, 0, 0]) { try await levels.dump(run, level: level) }
        let set = try #require(RunName(Self.runs[1]))
        let record = try #require(
            try await NodeRecordStore(client: fixture.client, layout: BucketLayout(fixture.storage))
                .read(set, node: "node01"))
        #expect(
            record.protectedVolumes.map { "\($0.label) \($0.run)" } == [
                "data-02 \(Self.runs[1])", "data-01 \(Self.runs[0])",
            ])
        func choose(_ volumes: [ProtectedVolume]?) async throws -> VolumeChoice {
            let protection = volumes.map {
                RunProtection(runs: [ProtectedRun(run: set, reason: .set, volumes: $0)])
            }
            return try await taking(fixture, "20261127030600", protection).choose()
        }

        #expect(try await choose(nil).label == "data-01")
        let kept = try await choose(record.protectedVolumes)
        #expect(kept.label == "data-03" && kept.shortfall?.left == 2 && kept.shortfall?.asked == 3)
        var claims = record.protectedVolumes
        for index in claims.indices { claims[index].run = set.nextSecond }
        #expect(try await choose(claims).label == "data-01")
    }

    @Test func `a job brings the marks into line with the pins it carries, and takes only its own away`()
        async throws
    {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        let first = try await fixture.backUp(Self.runs[0])
        #expect(first.state == .succeeded, "\(String(describing: first.error))")
        let run = try #require(RunName(Self.runs[0]))
        let volumes = try #require(first.record).protectedVolumes
        let location = try await fixture.checked(Self.data).usable().location
        func mark(_ label: String) throws -> TapelistEntry? {
            try TapelistFile(location).read().entry(label: label)
        }
        func backUp(_ name: String, _ runs: [ProtectedRun], namesEveryPin: Bool?) async throws {
            var request = try fixture.request(name, .backup(BackupOrder(configurations: [Self.data])))
            request.protection = RunProtection(runs: runs, namesEveryPin: namesEveryPin)
            let done = try await fixture.run(request)
            #expect(done.state == .succeeded, "\(String(describing: done.error))")
        }

        let pinned = ProtectedRun(run: run, reason: .pinned, volumes: volumes)
        try await backUp(Self.runs[1], [pinned], namesEveryPin: true)
        #expect(try mark("data-01")?.isReusable == false && mark("data-01")?.bearsPinMark == true)
        try await backUp(Self.runs[2], [], namesEveryPin: nil)
        #expect(try mark("data-01")?.isReusable == false, "whether it is still pinned is not known")
        try TapelistFile(location).update { list in
            var own = try #require(list.entry(label: "data-02"))
            own.isReusable = false
            list.set(own)
        }
        try await backUp(Self.runs[3], [], namesEveryPin: true)
        #expect(try mark("data-01")?.isReusable == true && mark("data-01")?.comment == nil)
        #expect(try mark("data-02")?.isReusable == false, "the operator's own")
    }

    @Test func `volumes and plan obey it, and say what is left`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        try fixture.configure("data", disks: [fixture.data], slots: "{1..2}", tapecycle: 2)
        var records: [NodeRecord] = []
        for run in Self.runs.prefix(2) {
            let done = try await fixture.backUp(run)
            #expect(done.state == .succeeded, "\(String(describing: done.error))")
            records.append(try #require(done.record))
        }
        let protection = RunProtection(runs: [
            ProtectedRun(run: records[0].run, reason: .set, volumes: records[0].protectedVolumes)
        ])
        var request = try fixture.request(
            Self.runs[2], .backup(BackupOrder(configurations: [Self.data], dryRun: true)))
        request.protection = protection
        let planned = try #require(try await fixture.run(request).record).configurations[0]
        // The set on one, the newest full dump on the other: nothing remains.
        let text = planned.faults.map(\.message).joined(separator: "\n")
        #expect(
            text.contains(
                "volume 'data-01' holds run \(Self.runs[0]), the newest that every node can have back"),
            "\(text)")
        #expect(text.contains("volume 'data-02' holds the newest full dump of localhost:"), "\(text)")
    }
}
