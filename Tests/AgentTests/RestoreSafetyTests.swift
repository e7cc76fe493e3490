// SPDX-License-Identifier: Apache-2.0

import AgentAPI
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
        let dump = RestorableDump(
            configuration: choice, disk: device, device: device, bucket: "b", parts: [], native: nil,
            stored: nil, recoveryThreadCount: 1)
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
}
