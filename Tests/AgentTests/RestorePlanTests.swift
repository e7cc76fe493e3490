// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Agent

/// What a restore says that it would do, and what it finds where a record, a self-backup or an object is missing.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(4)))
struct RestorePlanTests {
    private static let run = "20261123030600"

    private let fixture: NodeFixture

    init() async throws {
        fixture = try await NodeFixture(server: LocalS3Server.shared())
        try fixture.configure("data", disks: [fixture.data, fixture.path("more")])
        try fixture.write("data/file", "data\n")
        try fixture.write("more/file", "more\n")
    }

    private func backedUp(_ run: String = run) async throws -> [ConfigurationRecord] {
        let backup = try await fixture.backUp(run)
        #expect(backup.state == .succeeded, "\(String(describing: backup.error))")
        return try #require(backup.record).configurations
    }

    private func plan(
        _ run: String = run, to directory: String? = nil, overwrite: Bool = false
    ) async throws -> JobSnapshot {
        var request = try fixture.request(
            run,
            .restorePlan(
                RestoreOrder(
                    sourceNode: "node01", configurations: NodeFixture.both.reversed(), directory: directory,
                    overwrite: overwrite)))
        request.id += "-\(UInt32.random(in: 0...UInt32.max))"
        return try await fixture.run(request)
    }

    /// Everything that a disaster takes of the node itself.
    private func empty() throws {
        for entry in ["data", "more", "etc", "state"] where FileSystem.exists(fixture.path(entry)) {
            try FileSystem.removeTree(fixture.path(entry))
        }
    }

    private func tree() async throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: fixture.state.path)
        return names.filter { $0 != "state" && !$0.hasPrefix("state/") }.sorted().joined(separator: "\n")
    }

    @Test func `a plan says what a restore would read and write, and writes nothing`() async throws {
        let configurations = try await backedUp()
        try empty()
        let before = try await tree()

        let done = try await plan()

        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try await tree() == before)
        let plan = try #require(done.restorePlan)
        #expect(plan.node == "node01" && plan.run.digits == Self.run)
        let stored = configurations.flatMap(\.dumps).reduce(0) { $0 + $1.storedBytes }
        #expect(plan.storedBytes == stored && plan.objects == 6)
        #expect(plan.dumpedBytes == configurations.flatMap(\.dumps).reduce(0) { $0 + $1.native.byteCount })
        #expect(plan.disks.first?.configuration == "self" && plan.disks.first?.isTargetExpected == nil)
        let data = plan.disks.filter { $0.configuration == "data" }
        #expect(Set(data.map(\.target)) == [fixture.data, fixture.path("more")])
        #expect(data.allSatisfy { $0.isTargetExpected == true })
        #expect(plan.rooms.count == 2 && plan.rooms.allSatisfy { $0.freeBytes > $0.leastBytes })
        #expect(plan.rate == nil && plan.expectedSeconds == nil)
        #expect(plan.expectation.contains("no rate has been measured"))
    }

    @Test func `what a restore would refuse is said beside the plan`() async throws {
        _ = try await backedUp()
        let refused = try await plan()
        #expect(refused.state == .failed && refused.error?.message.contains("is not empty") == true)
        #expect(refused.restorePlan?.disks.count == 3)
        let allowed = try await plan(overwrite: true)
        #expect(allowed.state == .succeeded, "\(String(describing: allowed.error))")
    }

    @Test func `a disk that is lost is named with its reason, and the others are planned`() async throws {
        let dumps = try await backedUp()[0].dumps
        let lost = try #require(dumps.first { $0.disk == fixture.data }?.parts.first?.dataKey)
        try await fixture.client.delete([lost])
        let done = try await plan(to: fixture.path("out"))
        #expect(done.state == .failed && done.error?.message.contains(lost) == true)
        let plan = try #require(done.restorePlan)
        #expect(plan.disks.filter { $0.error != nil }.map(\.disk) == [fixture.data])
        #expect(plan.restorable.count == 2)
        #expect(!FileSystem.exists(fixture.path("out")))
    }

    @Test func `a real restore says the same before it writes`() async throws {
        _ = try await backedUp()
        let done = try await fixture.restore(Self.run, to: fixture.path("out"))
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(done.restorePlan?.restorable.count == 3)
        let events = try fixture.store().events(of: done.id)
        let told = try #require(events.firstIndex { $0.text?.hasPrefix("plan: 3 disks") == true })
        let begun = try #require(events.firstIndex { $0.text?.contains("begins, into") == true })
        #expect(told < begun)
    }

    @Test func `the last restore's rate is what the next one's time is made of`() async throws {
        try SeededFile.write(fixture.path("data/large"), mebibytes: 20)
        _ = try await backedUp()
        let byBackup = try #require(try await plan(to: fixture.path("out")).restorePlan)
        #expect(byBackup.rate?.source == .backup && byBackup.rate?.run.digits == Self.run)
        let done = try await fixture.restore(Self.run, to: fixture.path("out"))
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let byRestore = try #require(try await plan(to: fixture.path("again")).restorePlan)
        #expect(byRestore.rate?.source == .restore)
        let rate = try #require(byRestore.rate?.bytesPerSecond)
        let seconds = try #require(byRestore.expectedSeconds)
        #expect(abs(seconds - Double(byRestore.dumpedBytes ?? 0) / rate) < 0.01)
    }

    private func removeRecord() async throws {
        let run = try #require(RunName(Self.run))
        try await fixture.client.delete([
            BucketLayout(fixture.storage).nodeRecord(run, node: "node01")
        ])
    }

    @Test func `an empty machine whose record is gone comes back by the headers of its volumes`() async throws
    {
        _ = try await backedUp()
        try await removeRecord()
        try empty()
        let done = try await fixture.restore(Self.run)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try fixture.read("data/file") == "data\n" && fixture.read("more/file") == "more\n")
        let events = try fixture.store().events(of: done.id).compactMap(\.text)
        #expect(events.contains { $0.contains("has no record of node 'node01'") }, "\(events)")
        #expect(events.contains { $0.contains("headers of its volumes alone") }, "\(events)")
    }

    @Test func `a damaged record does not count`() async throws {
        _ = try await backedUp()
        let run = try #require(RunName(Self.run))
        let key = BucketLayout(fixture.storage).nodeRecord(run, node: "node01")
        _ = try await fixture.client.put(key, Array("{ \"format\": 1, ".utf8))
        try empty()
        let done = try await fixture.restore(Self.run)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try fixture.read("data/file") == "data\n")
    }

    @Test func `the newest whole self-backup stands for one that has lost an object, and that is said`()
        async throws
    {
        _ = try await backedUp()
        let second = "20261124030600"
        let own = try #require(try await backedUp(second).last)
        let lost = try #require(own.dumps.first?.parts.first?.dataKey)
        try await fixture.client.delete([lost])
        try empty()
        let planned = try #require(try await plan(second).restorePlan)
        #expect(planned.restorable.count == 3, "\(planned)")
        #expect(
            planned.notes.contains { $0.contains("that of run \(Self.run) is taken") }, "\(planned.notes)")
        let done = try await fixture.restore(second)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try fixture.read("data/file") == "data\n")
        #expect(FileSystem.exists(fixture.path("etc/amanda/data/amanda.conf")))
        #expect(done.restorePlan?.notes.contains { $0.contains(lost) } == true)
    }

    @Test func `where no self-backup is whole the data that wait for it are named, and nothing is written`()
        async throws
    {
        let own = try #require(try await backedUp().last)
        let lost = try #require(own.dumps.first?.parts.first?.dataKey)
        try await fixture.client.delete([lost])
        try empty()
        let done = try await fixture.restore(Self.run)
        #expect(done.state == .failed && done.error?.message.contains(lost) == true, "\(done)")
        #expect(!FileSystem.exists(fixture.data))
    }

    @Test func `another node's data are never looked for in this node's catalog`() async throws {
        _ = try await backedUp()
        let request = try fixture.request(
            Self.run,
            .restorePlan(
                RestoreOrder(
                    sourceNode: "node02", configurations: [NodeFixture.both[0]],
                    directory: fixture.path("out"))))
        let done = try await fixture.run(request)
        #expect(done.state == .failed && done.restorePlan == nil)
        #expect(done.error?.message.contains("no header") == true, "\(String(describing: done.error))")
    }
}

private enum SeededFile {
    /// Bytes that no compressor makes much of.
    static func write(_ path: String, mebibytes: Int) throws {
        var generator = SeededGenerator(seed: 7)
        var bytes = [UInt8]()
        bytes.reserveCapacity(mebibytes << 20)
        while bytes.count < mebibytes << 20 {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        try FileSystem.writeAtomically(path, bytes)
    }
}
