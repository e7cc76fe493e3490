// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import CivilCalendar
import S3
import TestSupport
import Testing

@testable import Coordinator

/// Which runs are not overwritten, by what lies in a real bucket.
@Suite(.timeLimit(.minutes(3)), .enabled(if: RequiredTools.areUsable("weed")))
struct ProtectionSearchTests {
    private let nodes = ["node01", "node02"]

    private func run(_ number: Int) -> RunName {
        let minute = 10 + number
        return Sample.name("202611230\(3 + minute / 60)\(minute % 60 < 10 ? "0" : "")\(minute % 60)00")
    }

    private func find(_ fixture: StoreFixture, nodes: [String]? = nil) async throws -> ClusterProtection {
        try await ProtectionSearch(
            bucket: fixture.bucket, volumes: fixture.volumes, nodes: nodes ?? self.nodes,
            configurations: Sample.asked
        ).find()
    }

    /// A run of both nodes whose volumes bear it; `dead` have no part in it.
    private func store(
        _ number: Int, in fixture: StoreFixture, dead: [String] = [], sets: [RunName]? = nil,
        configurations: [ConfigurationChoice] = Sample.asked, verdict: RunManifest.Verdict? = nil
    ) async throws {
        let run = run(number)
        var manifest = Sample.manifest(
            nodes.map { Sample.verdict($0, dead.contains($0) ? .missing : .complete) },
            verdict ?? (dead.isEmpty ? .complete : .partial))
        (manifest.run, manifest.protectedSets, manifest.configurations) = (run, sets, configurations)
        _ = try await fixture.bucket.write(manifest, fixture.bucket.layout.manifest(run), .none)
        for node in nodes where !dead.contains(node) {
            var record = Sample.record(node, run: run, configurations: configurations)
            for index in record.configurations.indices {
                let (name, label) = (
                    record.configurations[index].name, "\(record.configurations[index].name)-\(number)"
                )
                let prefix = "demo/\(node)/\(name)/slot-\(number)"
                record.configurations[index].volumes = [
                    VolumeRecord(label: label, bucket: fixture.bucket.bucket, prefix: prefix)
                ]
                record.configurations[index].dumps[0].parts[0].label = label
                try await bear(VolumeHeader(datestamp: run, label: label), prefix, fixture)
            }
            _ = try await fixture.bucket.write(
                record, fixture.bucket.layout.nodeRecord(run, node: node), .none)
        }
    }

    private func bear(_ header: VolumeHeader, _ prefix: String, _ fixture: StoreFixture) async throws {
        let keys = ObjectKeys(slotPrefix: prefix)
        _ = try await fixture.bucket.client.put(keys.volumeLabel, header.bytes)
        _ = try await fixture.bucket.client.put(keys.header(file: 1), [1])
        _ = try await fixture.bucket.client.put(keys.data(file: 1), [UInt8](repeating: 1, count: 1024))
    }

    @Test func `a run of which an object is gone, or shorter, is no set, and an older one is kept`()
        async throws
    {
        let fixture = try await StoreFixture.weed()
        for number in 1...2 { try await store(number, in: fixture) }
        #expect(try await find(fixture).sets == [run(2)])
        let keys = ObjectKeys(slotPrefix: "demo/node02/vertica/slot-2")
        try await fixture.bucket.client.delete(keys.header(file: 1))
        let gone = try await find(fixture)
        #expect(gone.sets == [run(1)] && gone.hasWholeSet, "\(gone)")
        _ = try await fixture.bucket.client.put(keys.header(file: 1), [1])
        #expect(try await find(fixture).sets == [run(2)])
        _ = try await fixture.bucket.client.put(keys.data(file: 1), [1])
        #expect(try await find(fixture).sets == [run(1)])
    }

    @Test func `the newest whole run is found, with every node's volumes`() async throws {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        try await store(2, in: fixture)
        try await store(3, in: fixture, dead: ["node02"])
        let found = try await find(fixture)
        #expect(found.sets == [run(2)] && found.hasWholeSet && found.remarks.isEmpty)
        #expect(
            found.order(for: "node02").runs.first?.volumes == [
                ProtectedVolume(configuration: "vertica", label: "vertica-2", run: run(2)),
                ProtectedVolume(configuration: "amanda-server", label: "amanda-server-2", run: run(2)),
            ])
        // One node has lost it: the next older is the set.
        let other = VolumeHeader(datestamp: run(9), label: "vertica-2")
        try await bear(other, "demo/node01/vertica/slot-2", fixture)
        #expect(try await find(fixture).sets == [run(1)])
    }

    @Test func `however many incomplete runs follow, what was found once is found again`() async throws {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        for number in 2...40 { try await store(number, in: fixture, dead: ["node02"], sets: [run(1)]) }
        let found = try await find(fixture)
        #expect(found.sets == [run(1)] && found.hasWholeSet)
        #expect(found.searchedCount <= 40)
    }

    @Test func `names without manifests do not hide the set`() async throws {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        for number in 2...45 {
            let key = fixture.bucket.layout.nodeRecord(run(number), node: "node01")
            _ = try await fixture.bucket.client.put(key, [1])
        }
        #expect(try await find(fixture).sets == [run(1)])
    }

    @Test
    func `a run of all nodes and some configurations is kept beside the whole one, one of some nodes is not`()
        async throws
    {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        try await store(2, in: fixture, configurations: [Sample.asked[0]], verdict: .partial)
        try await store(3, in: fixture, configurations: [Sample.asked[0]], verdict: .partial)
        try await store(4, in: fixture, dead: ["node02"])
        let found = try await find(fixture)
        #expect(found.sets == [run(3), run(1)])
        #expect(found.runs.first?.lack == "without configuration 'amanda-server'")
    }

    @Test func `a node that is new leaves the earlier set protected, and it is said`() async throws {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        let found = try await find(fixture, nodes: nodes + ["node03"])
        #expect(found.sets == [run(1)] && !found.hasWholeSet)
        #expect(
            found.remarks == [
                "no run that every node of cluster.json can have back was found among all 1 runs; "
                    + "until there is one, run \(run(1)) (without node 'node03') stays"
            ])
        #expect(found.order(for: "node03").runs.isEmpty)

        // `retry` asks the new node, which does not answer: the run is partial, and what it was kept for is there all the same.
        let stored = try #require(try await fixture.bucket.manifest(run(1)))
        var manifest = stored.value
        (manifest.verdict, manifest.protectedSets) = (.partial, found.sets)
        manifest.nodes.append(Sample.verdict("node03", .missing))
        let key = fixture.bucket.layout.manifest(run(1))
        _ = try await fixture.bucket.write(manifest, key, .ifMatch(stored.entityTag))
        let retried = try await find(fixture, nodes: nodes + ["node03"])
        #expect(retried.sets == [run(1)] && retried.remarks == found.remarks)
    }

    @Test func `what cannot be read is kept, and is no set`() async throws {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        try await store(2, in: fixture)
        _ = try await fixture.bucket.client.put(fixture.bucket.layout.manifest(run(2)), [UInt8(ascii: "{")])
        let found = try await find(fixture)
        #expect(found.sets == [run(2), run(1)] && found.hasWholeSet)
        #expect(found.remarks.first?.hasPrefix("run \(run(2)) is kept, for it is not certain") == true)
        // Every volume that bears it, for nobody knows which these are.
        #expect(found.order(for: "node01").runs.first?.holds("any", bearing: run(2), of: "vertica") == true)
        let key = fixture.bucket.layout.nodeRecord(run(1), node: "node01")
        _ = try await fixture.bucket.client.put(key, [UInt8(ascii: "{")])
        #expect(try await find(fixture).hasWholeSet == false)
    }

    @Test func `hundreds of names that are no runs take the set from nobody`() async throws {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        let names = (0..<300).compactMap { RunName(CivilTime(secondsSince1970: 4_000_000_000 + Int64($0))) }
        _ = try await onEvery(names, width: 16) { name in
            try await fixture.bucket.client.put(fixture.bucket.layout.nodeRecord(name, node: "node01"), [1])
        }
        let found = try await find(fixture)
        #expect(found.sets == [run(1)] && found.hasWholeSet)
    }

    @Test func `a pin is what the manifest says, wherever the index leads`() async throws {
        let fixture = try await StoreFixture.weed()
        try await store(1, in: fixture)
        try await store(2, in: fixture)
        let key = fixture.bucket.layout.manifest(run(1))
        var manifest = try #require(try await fixture.bucket.manifest(run(1))?.value)
        manifest.pin = RunPin(since: Sample.time, by: "me")
        _ = try await fixture.bucket.write(manifest, key, .none)
        let pins = PinnedRuns(bucket: fixture.bucket, nodes: nodes)
        var protection = ClusterProtection()
        try await pins.add(to: &protection)
        #expect(protection.pinned.isEmpty)
        _ = try await fixture.bucket.write(
            PinIndex(runs: [run(2), run(1)]), fixture.bucket.layout.pins, .none)
        try await pins.add(to: &protection)
        #expect(protection.pinned == [run(1)] && protection.arePinsKnown)
        _ = try await fixture.bucket.client.put(fixture.bucket.layout.pins, [UInt8(ascii: "{")])
        var unknown = ClusterProtection()
        try await pins.add(to: &unknown)
        #expect(!unknown.arePinsKnown && unknown.unknowns.count == 1)
        #expect(unknown.order(for: "node01").namesEveryPin == false)
    }
}
