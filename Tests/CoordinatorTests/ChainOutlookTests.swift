// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3
import TestSupport
import Testing

@testable import Coordinator

/// A run of increments can be had only while all that it builds on can.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct ChainOutlookTests {
    private static let base = Sample.name("20261122030600")

    private func record(_ fixture: StoreFixture) -> NodeRecord {
        func volume(_ number: Int) -> VolumeRecord {
            VolumeRecord(
                label: "vertica-0\(number)", bucket: fixture.bucket.bucket,
                prefix: "demo/node01/vertica/slot-0\(number)")
        }
        var dump = Sample.dump()
        dump.level = 1
        dump.parts = [
            DumpPart(
                label: "vertica-02", fileNumber: 1, headerKey: "h", dataKey: "d", byteCount: 3, proof: .length
            )
        ]
        dump.bases = [
            DumpBaseRecord(
                run: Self.base, writtenRun: Self.base, level: 0, volumes: [volume(1)],
                parts: [
                    .init(label: "vertica-01", fileNumber: 1, byteCount: 4),
                    .init(label: "vertica-01", fileNumber: 2, byteCount: nil),
                ])
        ]
        var record = Sample.record(dumps: [dump], configurations: [Sample.asked[0]])
        record.configurations[0].volumes = [volume(2)]
        return record
    }

    /// Both volumes with their files; the base's second in blocks.
    private func store(_ fixture: StoreFixture) async throws -> (full: ObjectKeys, increment: ObjectKeys) {
        let full = ObjectKeys(slotPrefix: "demo/node01/vertica/slot-01")
        let increment = ObjectKeys(slotPrefix: "demo/node01/vertica/slot-02")
        let client = fixture.bucket.client
        try await label(fixture, full, "vertica-01", Self.base)
        try await label(fixture, increment, "vertica-02", Sample.run)
        for key in [full.header(file: 1), full.header(file: 2), increment.header(file: 1)] {
            _ = try await client.put(key, [1])
        }
        _ = try await client.put(full.data(file: 1), [1, 2, 3, 4])
        _ = try await client.put(full.block(file: 2, number: 0), [1])
        _ = try await client.put(increment.data(file: 1), [1, 2, 3])
        return (full, increment)
    }

    private func label(
        _ fixture: StoreFixture, _ keys: ObjectKeys, _ label: String, _ run: RunName
    ) async throws {
        let header = VolumeHeader(datestamp: run, label: label)
        _ = try await fixture.bucket.client.put(keys.volumeLabel, header.bytes)
    }

    private func outlook(_ fixture: StoreFixture) async -> Restorability {
        await fixture.volumes.provenRestorability(of: record(fixture)).restorability
    }

    @Test func `a volume that holds no dump of the run may be overwritten`() async throws {
        let fixture = try await StoreFixture.weed()
        _ = try await store(fixture)
        var record = record(fixture)
        let other = ObjectKeys(slotPrefix: "demo/node01/vertica/slot-03")
        try await label(fixture, other, "vertica-03", Sample.name("20261124030600"))
        record.configurations[0].volumes.append(
            VolumeRecord(
                label: "vertica-03", bucket: fixture.bucket.bucket, prefix: "demo/node01/vertica/slot-03"))
        #expect(await fixture.volumes.provenRestorability(of: record).restorability == .restorable)
    }

    @Test func `what a base was overwritten by is said with its level, run and volume`() async throws {
        let fixture = try await StoreFixture.weed()
        let (full, _) = try await store(fixture)
        #expect(await outlook(fixture) == .restorable)
        try await label(fixture, full, "vertica-01", Sample.name("20261124030600"))
        let reason =
            "level 0 of '/data' of run \(Self.base): volume 'vertica-01' now holds run 20261124030600"
        #expect(await outlook(fixture) == .overwritten(reason))
        #expect(await fixture.volumes.restorability(of: record(fixture)) == .overwritten(reason))
    }

    @Test func `what stands for a disk that was left out is judged like a base`() async throws {
        let fixture = try await StoreFixture.weed()
        let (full, _) = try await store(fixture)
        var record = record(fixture)
        var skipped = Sample.dump(.skipped, disk: "/var")
        (skipped.parts, skipped.bases) = ([], record.configurations[0].dumps[0].bases)
        record.configurations[0].dumps = [skipped]
        #expect(await fixture.volumes.provenRestorability(of: record).restorability == .restorable)
        try await fixture.bucket.client.delete(full.data(file: 1))
        #expect(
            await fixture.volumes.provenRestorability(of: record).restorability
                == .damaged(
                    "level 0 of '/var' of run \(Self.base), on volume 'vertica-01': "
                        + "'\(full.data(file: 1))' is not in the bucket"))
        try await label(fixture, full, "vertica-01", Sample.name("20261124030600"))
        let reason = "level 0 of '/var' of run \(Self.base): volume 'vertica-01' now holds run 20261124030600"
        #expect(await fixture.volumes.restorability(of: record) == .overwritten(reason))
    }

    @Test func `a base's object that is missing or shorter is named`() async throws {
        let fixture = try await StoreFixture.weed()
        let (full, increment) = try await store(fixture)
        let place = "level 0 of '/data' of run \(Self.base), on volume 'vertica-01'"
        _ = try await fixture.bucket.client.put(full.data(file: 1), [1, 2])
        #expect(
            await outlook(fixture)
                == .damaged("\(place): '\(full.data(file: 1))' has 2 bytes, the record says 4"))
        _ = try await fixture.bucket.client.put(full.data(file: 1), [1, 2, 3, 4])
        try await fixture.bucket.client.delete(full.block(file: 2, number: 0))
        #expect(await outlook(fixture) == .damaged("\(place): '\(full.data(file: 2))' is not in the bucket"))
        _ = try await fixture.bucket.client.put(full.block(file: 2, number: 0), [1])
        try await fixture.bucket.client.delete(increment.header(file: 1))
        #expect(
            await outlook(fixture)
                == .damaged(
                    "level 1 of '/data' of run \(Sample.run), on volume 'vertica-02': "
                        + "'\(increment.header(file: 1))' is not in the bucket"))
    }

    @Test func `status counts the node as not restorable, with node, object and reason`() {
        let outlook = RunOutlook(byNode: [
            "node01": .damaged("level 0 of '/data' …: 'k' is not in the bucket")
        ])
        let set = NewestSetJudgement.set(
            Sample.manifest([Sample.verdict("node01", .complete)], .complete), outlook, nodes: ["node01"],
            configurations: Sample.asked)
        #expect(set.restorableNodes == 0 && set.totalNodes == 1)
        #expect(set.reasons == ["node01: damaged: level 0 of '/data' …: 'k' is not in the bucket"])
        #expect(set.fixes == ["'amfleet backup' makes a new one."])
    }
}
