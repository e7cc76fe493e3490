// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Agent

/// Volumes in directories, and runs over several volumes.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct VolumeFormTests {
    private static let data = [ConfigurationChoice(name: "data", role: .data)]

    private func backUp(
        _ fixture: NodeFixture, _ run: String, attempt: Int = 1, dryRun: Bool = false
    ) async throws -> JobSnapshot {
        let order = BackupOrder(configurations: Self.data, dryRun: dryRun)
        return try await fixture.run(fixture.request(run, attempt: attempt, .backup(order)))
    }

    private func restore(_ fixture: NodeFixture, _ run: String) async throws -> JobSnapshot {
        let order = RestoreOrder(
            sourceNode: "node01", configurations: Self.data, directory: fixture.path("restored-\(run)"))
        var request = try fixture.request(run, .restore(order))
        request.id += "-\(UInt32.random(in: 0...UInt32.max))"
        return try await fixture.run(request)
    }

    private func expectSame(_ fixture: NodeFixture, _ run: String, _ name: String) throws {
        let restored = fixture.path("restored-\(run)/node01/data\(fixture.data)/\(name)")
        #expect(try FileSystem.readAll(restored) == FileSystem.readAll("\(fixture.data)/\(name)"))
    }

    private func writeRandom(_ fixture: NodeFixture, _ name: String, _ byteCount: Int) throws {
        var random = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 8)
        while bytes.count < byteCount {
            withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
        }
        try FileSystem.makeDirectories(fixture.data)
        try FileSystem.writeAtomically("\(fixture.data)/\(name)", bytes)
    }

    private func disk(_ fixture: NodeFixture) throws -> String {
        try FileSystem.makeDirectories(fixture.path("vtapes"))
        return """
            tpchanger "chg-disk:\(fixture.path("vtapes"))"
            property "num-slot" "3"
            property "auto-create-slot" "yes"
            """
    }

    @Test func `a chg-disk takes slot after slot, uses the oldest again, and gives its dumps back`()
        async throws
    {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.configure("data", disks: [fixture.data], changer: try disk(fixture))
        let runs = ["20261123030600", "20261123030700", "20261123030800", "20261123030900"]
        for (run, slot) in zip(runs, [1, 2, 1, 2]) {
            try writeRandom(fixture, "file", 3_000_000)
            let done = try await backUp(fixture, run)
            #expect(done.state == .succeeded, "\(String(describing: done.error))")
            let configuration = try #require(done.record?.configurations.first)
            let volume = try #require(configuration.volumes.first)
            #expect(volume.place == "file:\(fixture.path("vtapes/slot\(slot)"))", "\(run)")
            #expect(configuration.notes.contains { $0.contains("lies only on this node") })
            #expect(FileSystem.symbolicLinkTarget(fixture.path("vtapes/data")) == "slot\(slot)")
            let part = try #require(configuration.dumps.first?.parts.first)
            #expect(
                try FileSystem.status(part.headerKey)?.byteCount == part.byteCount + 32_768,
                "\(part.headerKey)")
            let restored = try await restore(fixture, run)
            #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
            try expectSame(fixture, run, "file")
        }
        try FileSystem.removeTree(fixture.path("restored-\(runs[0])"))
        let old = try await restore(fixture, runs[0])
        #expect(
            old.error?.message.contains("was overwritten by run 20261123030800") == true,
            "\(String(describing: old.error))")
        let state = try fixture.read("vtapes/state")
        #expect(try ChangerState(parsing: state, .disk).reservations.isEmpty)
    }

    @Test func `a disk that is not mounted, or held by another process, is left alone`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try writeRandom(fixture, "file", 1000)
        let changer = try disk(fixture)
        try fixture.configure(
            "data", disks: [fixture.data], changer: changer + "\nproperty \"removable\" \"yes\"")
        let unmounted = try await backUp(fixture, "20261123030600")
        #expect(
            unmounted.error?.message.contains("no removable disk is mounted on '\(fixture.path("vtapes"))'")
                == true)
        #expect(try FileSystem.list(fixture.path("vtapes")).isEmpty)
        try fixture.configure("data", disks: [fixture.data], changer: changer)
        var state = ChangerState(.disk)
        state.reserve("file:\(fixture.path("vtapes/slot1"))", pid: 1)
        try fixture.write("vtapes/state", state.text)
        let held = try await backUp(fixture, "20261123030700")
        #expect(held.error?.message.hasPrefix("data: slot 'slot1' is held by process 1") == true)
        #expect(held.error?.kind == .busy)
    }

    @Test func `a self-backup in a directory is refused`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.configure("self", disks: [fixture.path("etc")], changer: try disk(fixture))
        let error = try await fixture.backUp("20261123030600").error
        #expect(error?.kind == .configuration)
        #expect(error?.message.contains("the self-backup must lie in the cluster's bucket") == true)
    }

    @Test func `a run goes on from volume to volume on S3, and comes back from all of them`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try writeRandom(fixture, "file", 20 << 20)
        let more = ["runtapes 3", "device-property \"ENFORCE_MAX_VOLUME_USAGE\" \"YES\""]
        try fixture.configure(
            "data", disks: [fixture.data], slots: "{1..4}", globalLines: more, length: "8 megabytes")
        let run = "20261123030600"
        let done = try await backUp(fixture, run)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let configuration = try #require(done.record?.configurations.first)
        #expect(configuration.volumes.map(\.label) == ["data-01", "data-02", "data-03"])
        #expect(configuration.dumps[0].parts.map(\.label) == ["data-01", "data-02", "data-03"])
        let log = try fixture.read("etc/amanda/data/log.\(run).0")
        #expect(log.contains("label data-03 tape 3"))
        let restored = try await restore(fixture, run)
        #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
        try expectSame(fixture, run, "file")
        // Without the node's record the catalog knows it too.
        try await fixture.client.delete(
            BucketLayout(fixture.storage).nodeRecord(try #require(RunName(run)), node: "node01"))
        try FileSystem.removeTree(fixture.path("restored-\(run)"))
        let again = try await restore(fixture, run)
        #expect(again.state == .succeeded, "\(String(describing: again.error))")
        try expectSame(fixture, run, "file")
    }

    @Test func `runtapes ends a dump with the figures and what to change`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try writeRandom(fixture, "file", 20 << 20)
        try fixture.configure(
            "data", disks: [fixture.data], slots: "{1..4}", dumptypeLines: ["record yes"],
            globalLines: ["runtapes 2", "device-property \"ENFORCE_MAX_VOLUME_USAGE\" \"YES\""],
            length: "8 megabytes")
        let failed = try await backUp(fixture, "20261123030600")
        let dump = try #require(failed.record?.configurations.first?.dumps.first)
        #expect(dump.error?.message.hasPrefix("volume 'data-02' is full (") == true)
        #expect(
            dump.error?.message.hasSuffix(
                " bytes of 8388608 are used), and runtapes 2 allows no further volume in a run") == true)
        #expect(dump.error?.hint?.hasPrefix("raise runtapes, or 'length' of tapetype 'S3' (") == true)
        let log = try fixture.read("etc/amanda/data/log.20261123030600.0")
        #expect(log.contains("no-tape config [2 tapes filled; runtapes=2 does not allow additional tapes]"))
        #expect(failed.record?.configurations[0].volumes.map(\.label) == ["data-01", "data-02"])
        // Nothing calls it a dump, and nothing builds on it.
        #expect(!log.contains("DONE taper") && !log.contains("\nPART taper"), "\(log)")
        #expect(log.contains("\nFAIL taper ") || log.contains("\nPARTIAL taper "), "\(log)")
        let location = try ConfigurationDirectory(root: fixture.settings.amandaDirectory, name: "data").load()
            .location
        let catalog = CatalogReader(location)
        #expect(try catalog.storedDumps().isEmpty)
        #expect(try catalog.info(host: "localhost", disk: fixture.data) == nil)
        #expect(try catalog.tapelist().entries.map(\.datestampText) == ["20261123030600", "20261123030600"])
        let lists = fixture.path("gnutar-lists")
        #expect(try !FileSystem.exists(lists) || FileSystem.list(lists).isEmpty)
        #expect(!FileSystem.exists(fixture.path("etc/amanda/data/index/localhost")))
        let keys = try await fixture.client.list(prefix: "demo/node01/data/").objects.map(\.key)
        let headers = keys.filter { $0.hasSuffix("-filestart") }
        #expect(headers.count == 2)
        for key in headers {
            let bytes = try await fixture.client.get(key, limit: 1 << 20).bytes
            #expect(try DumpHeader(parsing: bytes).isPartial, "\(key)")
        }
        let restored = try await restore(fixture, "20261123030600")
        #expect(restored.state == .failed)
    }

    @Test func `a dump on several volumes of which one was overwritten is refused before its first byte`()
        async throws
    {
        let fixture = try await NodeFixture(server: .shared())
        try writeRandom(fixture, "file", 20 << 20)
        try fixture.configure(
            "data", disks: [fixture.data], slots: "{1..4}",
            globalLines: ["runtapes 3", "device-property \"ENFORCE_MAX_VOLUME_USAGE\" \"YES\""],
            length: "8 megabytes")
        let run = "20261123030600"
        #expect(try await backUp(fixture, run).state == .succeeded)
        let label = VolumeHeader(datestamp: Datestamp("20261124030600"), label: "data-02")
        _ = try await fixture.client.put("demo/node01/data/slot-2special-tapestart", label.bytes)
        let restored = try await restore(fixture, run)
        #expect(
            restored.error?.message.contains("was overwritten by run 20261124030600 (volume 'data-02')")
                == true,
            "\(String(describing: restored.error))")
        #expect(!FileSystem.exists(fixture.path("restored-\(run)")))
    }

    @Test func `a further attempt goes on behind the last file, on the volumes that it has`() async throws {
        let fixture = try await NodeFixture(server: .shared())
        try writeRandom(fixture, "file", 12 << 20)
        let late = fixture.path("late")
        let more = ["runtapes 3", "device-property \"ENFORCE_MAX_VOLUME_USAGE\" \"YES\""]
        try fixture.configure(
            "data", disks: [fixture.data, late], slots: "{1..4}", globalLines: more, length: "8 megabytes")
        let run = "20261123030600"
        let first = try await backUp(fixture, run)
        #expect(first.state == .failed)
        #expect(first.record?.configurations[0].volumes.map(\.label) == ["data-01", "data-02"])
        try fixture.write("late/file", "now")
        let second = try await backUp(fixture, run, attempt: 2)
        #expect(second.state == .succeeded, "\(String(describing: second.error))")
        let configuration = try #require(second.record?.configurations.first)
        #expect(configuration.volumes.map(\.label).sorted() == ["data-01", "data-02"])
        let restored = try await restore(fixture, run)
        #expect(restored.state == .succeeded, "\(String(describing: restored.error))")
        try expectSame(fixture, run, "file")
    }
}
