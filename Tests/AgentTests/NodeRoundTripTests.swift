// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Files
import S3
import TestSupport
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct NodeRoundTripTests {
    private func fixture() async throws -> NodeFixture {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.write("data/a.txt", "first")
        try fixture.write("data/deep/b.txt", "second")
        return fixture
    }

    @Test func `a node comes back from an empty machine`() async throws {
        let fixture = try await fixture()
        let done = try await fixture.backUp("20261123030600")
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let record = try #require(done.record)
        #expect(record.isComplete)
        #expect(record.configurations.map(\.name) == ["data", "self"])
        #expect(record.configurations[0].volumes.map(\.label) == ["data-01"])
        #expect(record.configurations[0].dumps[0].parts.allSatisfy { $0.byteCount > 0 })
        #expect(try await fixture.record("20261123030600")?.configurations == record.configurations)
        #expect(done.progress.finishedDisks == 2)

        try FileSystem.removeTree(fixture.data)
        try FileSystem.removeTree(fixture.path("etc"))
        let restored = try await fixture.restore("20261123030600")
        #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
        #expect(try fixture.read("data/a.txt") == "first")
        #expect(try fixture.read("data/deep/b.txt") == "second")
        #expect(try fixture.read("etc/amanda-security.conf") == "# security\n")
        #expect(FileSystem.exists(fixture.path("etc/amanda/data/amanda.conf")))
        #expect(!FileSystem.exists(fixture.path("etc/amanda/amanda-client.conf")))
        #expect(!FileSystem.exists(fixture.path("etc/hostname")))
        #expect(!FileSystem.exists(fixture.path("etc/.amfleet-restore")))
        #expect(restored.restore?.disks.map(\.restoredBytes).allSatisfy { $0 > 0 } == true)
    }

    @Test func `the self-backup holds the catalog of its own run`() async throws {
        let fixture = try await fixture()
        _ = try await fixture.backUp("20261123030600")
        let out = fixture.path("out")
        let restored = try await fixture.restore("20261123030600", to: out)
        #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
        let amanda = "\(out)/node01/self\(fixture.path("etc"))/amanda"
        let log = try FileSystem.readAll("\(amanda)/data/log.20261123030600.0")
        #expect(String(decoding: log, as: UTF8.self).contains("DONE taper"))
        #expect(FileSystem.exists("\(amanda)/amanda-client.conf"))
        #expect(FileSystem.exists("\(out)/node01/data\(fixture.data)/a.txt"))
    }

    @Test func `existing data is refused by name, and overwritten only when told so`() async throws {
        let fixture = try await fixture()
        _ = try await fixture.backUp("20261123030600")
        try fixture.write("data/a.txt", "changed")
        try fixture.write("data/other.txt", "mine")
        let refused = try await fixture.restore("20261123030600")
        #expect(refused.state == .failed)
        #expect(
            refused.error?.description == """
                node01: '\(fixture.settings.amandaDirectory)' is not empty
                hint: restore over it with '--overwrite-self', over everything with '--overwrite', or to another place with \
                '--to DIR'.
                """)
        #expect(try fixture.read("data/a.txt") == "changed")
        let done = try await fixture.restore("20261123030600", overwrite: true)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try fixture.read("data/a.txt") == "first")
        #expect(try fixture.read("data/other.txt") == "mine")
    }

    @Test func `a dry run says what it would do and writes nothing`() async throws {
        let fixture = try await fixture()
        let planned = try await fixture.backUp("20261123030600", dryRun: true)
        #expect(planned.state == .succeeded, "\(String(describing: planned.error))")
        let record = try #require(planned.record)
        #expect(record.configurations.flatMap(\.dumps).map(\.status) == [.planned, .planned])
        #expect(record.configurations[0].volumes.first?.label == "data-01")
        #expect(
            record.configurations[0].notes.first
                == "labels slot 's3:\(fixture.storage.bucket)/demo/node01/data/slot-1' as new volume 'data-01'"
        )
        #expect(try await fixture.client.list(prefix: "").objects.isEmpty)
        #expect(try !FileSystem.list("\(fixture.settings.amandaDirectory)/data").contains("tapelist"))
    }

    @Test func `a name that is not newer is refused with the newest`() async throws {
        let fixture = try await fixture()
        _ = try await fixture.backUp("20261123030600")
        for run in ["20261123030600", "20261123030559"] {
            let error = await #expect(throws: WireError.self) { _ = try await fixture.backUp(run) }
            #expect(error?.kind == .busy)
            #expect(error?.newestRun == RunName("20261123030600"))
        }
    }

    @Test func `a second attempt keeps what is proved and goes on behind it`() async throws {
        let fixture = try await fixture()
        let missing = fixture.path("late")
        try fixture.configure("data", disks: [fixture.data, missing])
        let first = try await fixture.backUp("20261123030600")
        #expect(first.state == .failed)
        #expect(first.error?.message.contains("data: \(missing)") == true)
        #expect(first.record?.configurations[0].dumps.map(\.status) == [.ok, .failed])
        #expect(first.record?.configurations[1].isComplete == true)
        try fixture.write("late/c.txt", "third")
        let second = try await fixture.backUp("20261123030600", attempt: 2)
        #expect(second.state == .succeeded, "\(String(describing: second.error))")
        let record = try #require(second.record)
        #expect(record.isComplete)
        #expect(record.configurations[0].dumps[0] == first.record?.configurations[0].dumps[0])
        #expect(record.configurations[0].dumps[1].parts.map(\.label) == ["data-01"])
        let files = record.configurations[0].dumps.flatMap(\.parts).map(\.fileNumber)
        #expect(files == files.sorted() && Set(files).count == files.count)
        // The self-backup is made anew: it must hold the catalog of what was dumped just now.
        #expect(record.configurations[1].dumps[0].parts[0].fileNumber == 2)
        #expect(try await fixture.record("20261123030600")?.isComplete == true)
    }

    @Test func `an overwritten run is named as such, and leaves nothing of the old volume`() async throws {
        let fixture = try await fixture()
        try fixture.configure("data", disks: [fixture.data], slots: "{1..2}", tapecycle: 1)
        try fixture.configure("self", disks: [fixture.path("etc")], slots: "{1..2}", tapecycle: 1)
        for run in ["20261123030600", "20261123030700", "20261123030800"] {
            let done = try await fixture.backUp(run)
            #expect(done.state == .succeeded, "\(run): \(String(describing: done.error))")
        }
        let newest = try await fixture.record("20261123030800")
        let reused = try #require(newest?.configurations[0].volumes.first)
        #expect(reused.label == "data-01")
        // The self-backup's volumes were reused in the same way, but the newest whole one stands in its place.
        let error = try await fixture.restore("20261123030600", overwrite: true).error
        #expect(error?.kind == .damaged)
        #expect(
            error?.message == """
                level 0 of '\(fixture.data)' of run 20261123030600, on volume 'data-01', which was overwritten by \
                run 20261123030800 (volume 'data-01') in 's3:\(reused.bucket)/demo/node01/data/slot-1'
                """)
        let keys = ObjectKeys(slotPrefix: reused.prefix)
        let objects = try await fixture.client.list(prefix: reused.prefix).objects.map(\.key)
        #expect(objects == [keys.header(file: 1), keys.data(file: 1), keys.volumeLabel].sorted())
    }

    @Test func `Amanda's own catalog restores a run without a record`() async throws {
        let fixture = try await fixture()
        _ = try await fixture.backUp("20261123030600")
        try await fixture.client.delete(
            BucketLayout(fixture.storage).nodeRecord(
                try #require(RunName("20261123030600")), node: "node01"))
        let restored = try await fixture.restore("20261123030600", to: fixture.path("out"))
        #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
        #expect(FileSystem.exists("\(fixture.path("out"))/node01/data\(fixture.data)/a.txt"))
    }

    @Test func `a self-backup outside the cluster's place is refused`() async throws {
        let fixture = try await fixture()
        try fixture.configure(
            "self", disks: [fixture.path("etc")], place: "\(fixture.storage.bucket)/elsewhere")
        let error = try await fixture.backUp("20261123030600").error
        #expect(error?.kind == .configuration)
        #expect(
            error?.message.hasSuffix(
                "the cluster's place for it is 's3:\(fixture.storage.bucket)/demo/node01/self/slot-…'")
                == true)
    }

    @Test func `data in another node's place is refused, elsewhere in the bucket it is not`() async throws {
        let fixture = try await fixture()
        let bucket = fixture.storage.bucket
        try fixture.configure("data", disks: [fixture.data], place: "\(bucket)/demo/node02/data")
        let error = try await fixture.backUp("20261123030600").error
        #expect(error?.kind == .configuration)
        #expect(
            error?.message.hasSuffix(
                "writes to 's3:\(bucket)/demo/node02/data/slot-1', which is another node's place") == true)
        try fixture.configure("data", disks: [fixture.data], place: "\(bucket)/older/data")
        #expect(try await fixture.backUp("20261123030601").state == .succeeded)
    }

    @Test func `what cannot be used of the self-backup costs no data its dump`() async throws {
        let fixture = try await fixture()
        try fixture.write("etc/amanda/self/disklist", "otherhost /etc all\n")
        let done = try await fixture.backUp("20261123030600")
        #expect(
            done.error?.message.contains(
                "/self/disklist:1: otherhost /etc: host 'otherhost' is not this node") == true)
        let record = try #require(done.record)
        #expect(record.configurations.map(\.isComplete).sorted { $0 && !$1 } == [true, false])
        let stored = try await fixture.client.get(
            BucketLayout(fixture.storage).nodeRecord(record.run, node: "node01"), limit: 1 << 20)
        #expect(!stored.0.isEmpty)
    }
}
