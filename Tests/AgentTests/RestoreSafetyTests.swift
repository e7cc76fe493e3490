// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import FoundationEssentials
import Glibc
import HTTPTransport
import Testing

@testable import Agent

/// A restore writes where it may, and says nothing is done that is not.
@Suite struct RestoreSafetyTests {
    private let state: StateDirectory
    private let choice = ConfigurationChoice(name: "vertica", role: .data)

    init() throws {
        state = try StateDirectory()
    }

    private func settings() -> AgentSettings {
        AgentSettings(
            node: "node01", cluster: "demo", listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(authority: "", certificate: "", privateKey: ""), storage: .init(),
            amandaDirectory: "\(state.path)/etc/amanda", stateDirectory: "\(state.path)/state")
    }

    /// A name that ends with the byte 0xE9: no UTF-8.
    private func latin(_ prefix: String) -> [CChar] { prefix.utf8.map { CChar(bitPattern: $0) } + [-23, 0] }

    private func writeLatin(_ prefix: String) { close(creat(latin(prefix), 0o600)) }

    private func existsLatin(_ prefix: String) -> Bool { access(latin(prefix), F_OK) == 0 }

    @Test(arguments: [
        ("/data/../../../etc", "etc"), ("/../etc", "etc"), ("/data/./x", "data/x"), ("/a/../b", "b"),
        ("/..", ""), ("..", ""), ("../../etc/cron.d", "etc/cron.d"),
    ])
    func `a disk's path never leads out of the directory that is given`(device: String, inside: String) throws
    {
        let dump = RestorableDisk(
            configuration: choice, disk: device, device: device, dumps: [], recoveryThreadCount: 1)
        let order = RestoreOrder(sourceNode: "node02", configurations: [choice], directory: "/restore")
        let target = try RestoreTarget(dump, order: order, settings: settings())
        #expect(target.path == "/restore/node02/vertica" + (inside.isEmpty ? "" : "/\(inside)"))
    }

    @Test(arguments: ["../node02", "a/b", "", ".."])
    func `a source node or configuration that is no name is refused`(name: String) async throws {
        let work = NodeWork(settings: settings(), transport: try HTTPTransport(), logger: .silent)
        for (node, configuration) in [(name, "vertica"), ("node02", name)] {
            let order = RestoreOrder(
                sourceNode: node, configurations: [.init(name: configuration, role: .data)], directory: "/r")
            var request = try JobRequest.sample()
            request.order = .restore(order)
            let asked = request
            await #expect(throws: WireError.self) { try await work.check(asked) }
        }
    }

    @Test func `a directory that holds only a name without UTF-8 is not empty`() throws {
        try FileSystem.makeDirectories("\(state.path)/target")
        writeLatin("\(state.path)/target/caf")
        let target = RestoreTarget.directory("\(state.path)/target")
        #expect(throws: WireError.self) { try target.requireFree(overwrite: false, node: "node01") }
    }

    @Test func `installing over an existing directory brings names without UTF-8 too`() throws {
        let place = try #require(
            SelfBackupPlace(device: "/etc", amandaDirectory: "\(state.path)/etc/amanda"))
        let restore = SelfRestore(place)
        try restore.prepare()
        try FileSystem.makeDirectories("\(restore.staging)/amanda/vertica/index")
        writeLatin("\(restore.staging)/amanda/vertica/index/caf")
        try FileSystem.makeDirectories("\(state.path)/etc/amanda/vertica")
        _ = try restore.install()
        #expect(existsLatin("\(state.path)/etc/amanda/vertica/index/caf"))
        try restore.prepare()
        try FileSystem.makeDirectories("\(restore.staging)/amanda/vertica/index")
        writeLatin("\(restore.staging)/amanda/vertica/index/other")
        _ = try restore.install()
        #expect(existsLatin("\(state.path)/etc/amanda/vertica/index/other"))
        #expect(existsLatin("\(state.path)/etc/amanda/vertica/index/caf"))
    }

    @Test func `a self-backup without Amanda's directory is no success`() throws {
        let place = try #require(
            SelfBackupPlace(device: "/etc", amandaDirectory: "\(state.path)/etc/amanda"))
        let restore = SelfRestore(place)
        try restore.prepare()
        #expect(throws: WireError.self) { _ = try restore.install() }
    }

    @Test func `a link in the place of Amanda's directory is not followed`() throws {
        let place = try #require(
            SelfBackupPlace(device: "/etc", amandaDirectory: "\(state.path)/etc/amanda"))
        let restore = SelfRestore(place)
        try restore.prepare()
        try FileSystem.makeDirectories("\(state.path)/live")
        try FileSystem.writeAtomically("\(state.path)/live/amanda-client.conf", [])
        try FileSystem.makeSymbolicLink("\(restore.staging)/amanda", to: "\(state.path)/live")
        #expect(throws: WireError.self) { _ = try restore.install() }
        #expect(FileSystem.exists("\(state.path)/live/amanda-client.conf"))
    }

    @Test(arguments: [-1, 0, 5_000_000_000])
    func `a record with an impossible file number is damaged`(number: Int) async throws {
        let source = try source(number, label: "v-01")
        await #expect(throws: WireError.self) { _ = try await source.disks(of: choice) }
    }

    @Test func `a record whose part lies on no volume of it is damaged`() async throws {
        let source = try source(1, label: "v-09")
        await #expect(throws: WireError.self) { _ = try await source.disks(of: choice) }
    }

    /// Two disks: a sound one, and one with this part.
    private func source(_ number: Int, label: String) throws -> RecordSource {
        func dump(_ disk: String, _ number: Int, _ label: String) -> DumpRecord {
            DumpRecord(
                host: "localhost", disk: disk, device: disk, level: 0, status: .ok, compression: .gzip,
                parts: [
                    DumpPart(
                        label: label, fileNumber: number, headerKey: "h", dataKey: "d", byteCount: 1,
                        proof: .length)
                ])
        }
        let volume = VolumeRecord(label: "v-01", bucket: "b", prefix: "demo/node01/vertica/slot-01")
        let configuration = ConfigurationRecord(
            name: "vertica", role: .data, volumes: [volume],
            dumps: [dump("/data1", 1, "v-01"), dump("/data2", number, label)])
        let record = NodeRecord(
            cluster: "demo", node: "node01", run: try #require(RunName("20261123030600")), attempt: 1,
            fence: 0, version: "1", startedAt: Date(), finishedAt: Date(), configurations: [configuration])
        return RecordSource(record: record, threads: { _ in nil })
    }

    @Test func `what a killed restore or backup left on the disk goes at the next start`() throws {
        let left = ["\(state.path)/state/work-job-1", "\(state.path)/etc/.amfleet-restore/etc"]
        for path in left {
            try FileSystem.makeDirectories(path)
            try FileSystem.writeAtomically("\(path)/file", [1])
        }
        try FileSystem.makeDirectories("\(state.path)/state/jobs")
        // Of a look whether it can be written, before and since.
        for name in [".status-123", "trial.4194305-0.tmp"] {
            try FileSystem.writeAtomically("\(state.path)/state/\(name)", [1])
        }
        Leftovers(settings: settings()).remove(logger: .silent)
        #expect(try FileSystem.list("\(state.path)/state") == ["jobs"])
        #expect(try FileSystem.list("\(state.path)/etc").isEmpty)
    }
}
