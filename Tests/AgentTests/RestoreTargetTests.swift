// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Testing

@testable import Agent

@Suite struct RestoreTargetTests {
    private func settings(_ amandaDirectory: String = "/etc/amanda") -> AgentSettings {
        AgentSettings(
            node: "node01", cluster: "demo", listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(authority: "", certificate: "", privateKey: ""), storage: .init(),
            amandaDirectory: amandaDirectory)
    }

    private func target(
        _ device: String?, role: ConfigurationChoice.Role = .data, to directory: String? = nil,
        amandaDirectory: String = "/etc/amanda"
    ) throws -> RestoreTarget {
        let choice = ConfigurationChoice(name: "vertica", role: role)
        let dump = RestorableDisk(
            configuration: choice, disk: device ?? "root", device: device, dumps: [], recoveryThreadCount: 1)
        return try RestoreTarget(
            dump,
            order: RestoreOrder(sourceNode: "node02", configurations: [choice], directory: directory),
            settings: settings(amandaDirectory))
    }

    @Test func `data goes back to its device, or below the directory that is given`() throws {
        #expect(try target("/data/").path == "/data")
        #expect(try target("/data", to: "/restore/").path == "/restore/node02/vertica/data")
        #expect(try target("/", to: "/restore").path == "/restore/node02/vertica")
    }

    @Test(arguments: [
        ("/data", "/data"), ("/srv/it's", "'/srv/it'\\''s'"), ("/srv/$(reboot)", "'/srv/$(reboot)'"),
    ])
    func `the flag that is enough is told as a shell takes it`(name: String, word: String) {
        let choice = ConfigurationChoice(name: "vertica", role: .data)
        let disk = RestorableDisk(
            configuration: choice, disk: name, device: name, dumps: [], recoveryThreadCount: 1)
        let order = RestoreOrder(sourceNode: "node01", configurations: [choice])
        #expect(order.wayOut(for: disk, isBootstrap: false).contains("'--overwrite-disk \(word)'"))
    }

    @Test func `a disk name that is no path needs a directory`() throws {
        let error = #expect(throws: WireError.self) { try target(nil) }
        #expect(
            error?.description == """
                node01: disk 'root' of configuration 'vertica' has no absolute path to go to
                hint: restore it with '--to DIR'.
                """)
    }

    @Test func `a self-backed directory gives back its Amanda part only`() throws {
        #expect(try target("/etc", role: .selfBackup).path == "/etc/amanda")
        #expect(
            try target("/srv/a/etc", role: .selfBackup, amandaDirectory: "/srv/b/etc/amanda").path
                == "/srv/b/etc/amanda")
        #expect(try target("/etc", role: .selfBackup, to: "/r").path == "/r/node02/vertica/etc")
        #expect(try target("/var/lib/keys", role: .selfBackup) == .directory("/var/lib/keys"))
    }

    @Test(arguments: [
        ("/etc", "/etc/amanda", "amanda", "amanda-security.conf"),
        ("/", "/etc/amanda", "etc/amanda", "etc/amanda-security.conf"),
        ("/old/etc", "/etc/amanda", "amanda", "amanda-security.conf"),
    ])
    func `finds Amanda's part inside a dump`(
        device: String, amandaDirectory: String, inside: String, security: String
    ) throws {
        let place = try #require(SelfBackupPlace(device: device, amandaDirectory: amandaDirectory))
        #expect(place.inside == inside)
        #expect(place.securityInside == security)
        #expect(place.securityConfigurationPath == "/etc/amanda-security.conf")
    }

    @Test func `a target that holds something is refused by its path`() throws {
        let state = try StateDirectory()
        let free = RestoreTarget.directory("\(state.path)/free")
        try free.requireFree(overwrite: false, node: "node01")
        try FileSystem.makeDirectories("\(state.path)/free")
        try free.requireFree(overwrite: false, node: "node01")
        try FileSystem.writeAtomically("\(state.path)/free/x", [])
        let error = #expect(throws: WireError.self) {
            try free.requireFree(overwrite: false, node: "node01")
        }
        #expect(error?.message == "'\(state.path)/free' is not empty")
        try free.requireFree(overwrite: true, node: "node01")
    }

    @Test func `another disk's place is passed over, and no name that only looks like it`() throws {
        let state = try StateDirectory()
        let (composed, decomposed) = ("B\u{FC}ro", "Bu\u{308}ro")
        let target = RestoreTarget.directory("\(state.path)/data")
        try FileSystem.makeDirectories("\(state.path)/data/\(decomposed)")
        try FileSystem.writeAtomically("\(state.path)/data/\(decomposed)/x", [])
        try target.requireFree(overwrite: false, node: "node01", besides: [decomposed])
        #expect(throws: WireError.self) {
            try target.requireFree(overwrite: false, node: "node01", besides: [composed])
        }
    }
}

@Suite struct SelfRestoreTests {
    private let state: StateDirectory
    private let restore: SelfRestore

    init() throws {
        state = try StateDirectory()
        let place = try #require(
            SelfBackupPlace(device: "/etc", amandaDirectory: "\(state.path)/etc/amanda"))
        restore = SelfRestore(place)
        try restore.prepare()
        for entry in [
            "amanda/vertica/amanda.conf", "amanda/amanda-client.conf", "amanda-security.conf", "passwd",
        ] {
            try write("\(restore.staging)/\(entry)", "restored")
        }
    }

    private func write(_ path: String, _ text: String) throws {
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: path), mode: 0o755)
        try FileSystem.writeAtomically(path, Array(text.utf8))
    }

    private func read(_ entry: String) throws -> String {
        String(decoding: try FileSystem.readAll("\(state.path)/etc/\(entry)"), as: UTF8.self)
    }

    @Test func `installs Amanda's part and nothing else`() throws {
        _ = try restore.install()
        try restore.discard()
        #expect(try FileSystem.list("\(state.path)/etc").sorted() == ["amanda", "amanda-security.conf"])
        #expect(try FileSystem.list("\(state.path)/etc/amanda") == ["vertica"])
    }

    @Test func `leaves other files of an existing directory alone, and replaces those of its own`() throws {
        try write("\(state.path)/etc/amanda/vertica/amanda.conf", "older")
        try write("\(state.path)/etc/amanda/vertica/mine", "mine")
        try write("\(state.path)/etc/amanda/amanda-client.conf", "the new machine's")
        _ = try restore.install()
        #expect(try read("amanda/vertica/amanda.conf") == "restored")
        #expect(try read("amanda/vertica/mine") == "mine")
        #expect(try read("amanda/amanda-client.conf") == "the new machine's")
    }

    @Test func `a restore that was interrupted is begun anew`() throws {
        try restore.prepare()
        #expect(try FileSystem.list(restore.staging).isEmpty)
        let error = #expect(throws: WireError.self) { _ = try restore.install() }
        #expect(error?.message == "the self-backup holds no directory 'amanda': nothing was installed")
    }

    @Test func `knows which paths the self-backup covers`() {
        let coverage = SelfBackupCoverage(directories: ["/etc/", "/var/lib/amanda"])
        #expect(coverage.covers("/etc/amanda/vertica"))
        #expect(coverage.covers("/var/lib/amanda"))
        #expect(!coverage.covers("/var/lib/amandabackup"))
        #expect(SelfBackupCoverage(directories: ["/"]).covers("/anything"))
    }

    @Test func `a node knows itself by several names`() {
        #expect(
            HostNames.own(node: "node01", covering: ["localhost"]).isSuperset(of: ["localhost", "node01"]))
    }
}
