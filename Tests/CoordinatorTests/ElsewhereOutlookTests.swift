// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

/// Volumes that only the node can look at, beside one in the cluster's bucket.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct ElsewhereOutlookTests {
    private static let strays = [
        VolumeRecord(label: "data-01", directory: "/backup/slot1"),
        VolumeRecord(
            label: "data-01", bucket: "archive", prefix: "node01/data/slot-01",
            store: StoreRecord(endpoint: "https://store.example", region: "us-east-1")),
        VolumeRecord(label: "data-01", bucket: "archive", prefix: "node01/data/slot-01"),
    ]

    private func reader(
        _ fixture: StoreFixture, patience: Duration = .seconds(60),
        _ answer: @escaping @Sendable () throws -> Restorability
    ) -> (reader: VolumeJudge, asked: AskedLog) {
        let log = AskedLog()
        let reader = VolumeJudge(fixture.bucket, patience: patience) { record, provesFiles in
            log.add(provesFiles)
            return NodeRestorability(node: record.node, run: record.run, try answer())
        }
        return (reader, log)
    }

    /// A record with a volume in the bucket, which is there with its file, and one elsewhere.
    private func record(_ fixture: StoreFixture, _ stray: VolumeRecord) async throws -> NodeRecord {
        var record = Sample.record(dumps: [Sample.dump()])
        let own = VolumeRecord(
            label: "own-01", bucket: fixture.bucket.bucket, prefix: "demo/node01/own/slot-01")
        for (index, volume) in [own, stray].enumerated() {
            record.configurations[index].volumes = [volume]
            record.configurations[index].dumps[0].parts[0].label = volume.label
        }
        let (keys, client) = (ObjectKeys(slotPrefix: own.prefix), fixture.bucket.client)
        let header = VolumeHeader(datestamp: Sample.run, label: own.label)
        _ = try await client.put(keys.volumeLabel, header.bytes)
        _ = try await client.put(keys.header(file: 1), [1])
        _ = try await client.put(keys.data(file: 1), [UInt8](repeating: 1, count: 1024))
        return record
    }

    @Test(arguments: strays)
    func `the node's word on them counts, and it is asked for what is proved here`(
        stray: VolumeRecord
    )
        async throws
    {
        let fixture = try await StoreFixture.weed()
        let record = try await record(fixture, stray)
        for word in [Restorability.restorable, .damaged("a"), .overwritten("b"), .unknown("c")] {
            let (reader, log) = reader(fixture) { word }
            #expect(await reader.restorability(of: record) == word)
            #expect(await reader.provenRestorability(of: record).restorability == word)
            #expect(log.all == [false, true])
            #expect(await reader.restorabilityInBucket(of: record) == .restorable)
        }
    }

    @Test func `what is wrong in the bucket comes first, and nobody is asked`() async throws {
        let fixture = try await StoreFixture.weed()
        let record = try await record(fixture, Self.strays[0])
        try await fixture.bucket.client.delete(
            ObjectKeys(slotPrefix: record.configurations[0].volumes[0].prefix).volumeLabel)
        let (reader, log) = reader(fixture) { .restorable }
        let gone = "volume 'own-01' is gone from 'demo/node01/own/slot-01'"
        #expect(await reader.provenRestorability(of: record).restorability == .overwritten(gone))
        #expect(log.all.isEmpty)
    }

    @Test func `a node that is away leaves its volumes unknown, and is asked once`() async throws {
        let fixture = try await StoreFixture.weed()
        let record = try await record(fixture, Self.strays[1])
        let (reader, log) = reader(fixture) {
            throw WireError(.agentLost, node: "node01", "the agent does not answer")
        }
        let reason =
            "volume 'data-01' in 's3:archive/node01/data/slot-01' at https://store.example, where only the "
            + "node can look: the agent does not answer"
        #expect(await reader.provenRestorability(of: record).restorability == .unknown(reason))
        #expect(await reader.restorability(of: record) == .unknown(reason))
        #expect(log.all == [true])
    }

    @Test func `a node that knows nothing after a long wait is asked once, one that knows each time`()
        async throws
    {
        let fixture = try await StoreFixture.weed()
        let record = try await record(fixture, Self.strays[1])
        for (word, count) in [(Restorability.unknown("the store is away"), 1), (.restorable, 2)] {
            let (reader, log) = reader(fixture, patience: .zero) { word }
            #expect(await reader.restorability(of: record) == word)
            let again = await reader.restorability(of: record)
            #expect((again == .restorable) == (word == .restorable))
            if case .unknown(let reason) = again { #expect(reason.hasSuffix("look: the store is away")) }
            #expect(log.all.count == count)
        }
    }
}

/// What a node was asked for.
private final class AskedLog: Sendable {
    private let entries = Mutex<[Bool]>([])

    var all: [Bool] { entries.withLock { $0 } }

    func add(_ provesFiles: Bool) { entries.withLock { $0.append(provesFiles) } }
}
