// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Agent

/// What stands in the dumpuser's own `amanda.conf` gives it nothing that it has not.
@Suite(
    .enabled(if: geteuid() == 0 && RequiredTools.areUsable("weed"), "needs root and a store"),
    .timeLimit(.minutes(3)))
struct DumpuserRightsTests {
    private let data = ConfigurationChoice(name: "data", role: .data)

    /// A configuration of user `backup`, whose index lies in `indexdir`.
    private func fixture(indexdir: String) async throws -> NodeFixture {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.configure(
            "data", disks: [fixture.data], globalLines: ["dumpuser \"backup\""],
            definitions: ["indexdir \"\(fixture.path(indexdir))\""])
        try shell(
            "chmod 711 . && mkdir -p data root gnutar-lists && echo text > data/file && chown -R backup: etc/amanda/data gnutar-lists",
            in: fixture.state.path)
        return fixture
    }

    @Test func `an index under root's own tree is refused, and the command in the hint mends it`()
        async throws
    {
        let fixture = try await fixture(indexdir: "root/some.service.d")
        let fault = try #require(
            try await fixture.checked(data).faults.first { $0.message.contains("indexdir") })
        #expect(fault.kind == .configuration && fault.message.contains(fixture.path("root")))
        let run = try fixture.request(
            "20261130020000", .backup(BackupOrder(configurations: [data])))
        _ = try? await fixture.run(run)
        #expect(try FileSystem.list(fixture.path("root")).isEmpty)
        let hint = try #require(fault.hint)
        try shell(hint, in: fixture.state.path)
        #expect(try await fixture.checked(data).faults.isEmpty)
        let snapshot = try await fixture.run(
            fixture.request("20261130030000", .backup(BackupOrder(configurations: [data]))))
        #expect(snapshot.state == .succeeded, "\(snapshot.faults)")
        try shell(
            "test -z \"$(find root/some.service.d etc/amanda/data gnutar-lists ! -user backup)\"",
            in: fixture.state.path)
    }

    @Test func `a link where the index was leads nowhere`() async throws {
        let fixture = try await fixture(indexdir: "etc/amanda/data/index")
        try shell("ln -s \(fixture.path("root")) etc/amanda/data/index", in: fixture.state.path)
        let snapshot = try? await fixture.run(
            fixture.request("20261130020000", .backup(BackupOrder(configurations: [data]))))
        #expect(snapshot?.state != .succeeded)
        #expect(try FileSystem.list(fixture.path("root")).isEmpty)
    }

    @Test func `of a link no command is given that would give away what it leads to`() async throws {
        let fixture = try await fixture(indexdir: "etc/amanda/data/index")
        try shell("ln -s \(fixture.path("root")) etc/amanda/data/index", in: fixture.state.path)
        let fault = try #require(
            try await fixture.checked(data).faults.first { $0.message.contains("indexdir") })
        #expect(fault.hint?.contains("install") == false && fault.hint?.contains("leads to") == true)
    }

    @Test func `a holding disk of root's own is named beforehand`() async throws {
        let fixture = try await fixture(indexdir: "etc/amanda/data/index")
        try shell(
            "mkdir -p holding && printf 'holdingdisk hd {\\n directory \"%s/holding\"\\n}\\n' \"$PWD\" >>etc/amanda/data/amanda.conf",
            in: fixture.state.path)
        let faults = try await fixture.checked(data).diskFaults.map(\.message)
        #expect(faults.contains { $0.contains("may not write") && $0.contains("chown backup:") }, "\(faults)")
        try shell("chown backup: holding", in: fixture.state.path)
        #expect(try await fixture.checked(data).diskFaults.isEmpty)
    }

    @Test func `volumes in a directory of root's own are named beforehand`() async throws {
        let fixture = try await fixture(indexdir: "etc/amanda/data/index")
        try shell(
            "mkdir -p root/slot1 && sed -i \"s|tpchanger .*|tpchanger \\\"chg-disk:$PWD/root\\\"|\" etc/amanda/data/amanda.conf",
            in: fixture.state.path)
        let faults = try await fixture.checked(data).faults.map(\.message)
        #expect(
            faults.contains {
                $0.contains("may not write in '\(fixture.path("root"))'") && $0.contains("volumes")
            },
            "\(faults)")
        try shell("chown -R backup: root", in: fixture.state.path)
        let after = try await fixture.checked(data).faults.map(\.message)
        #expect(!after.contains { $0.contains("may not write") }, "\(after)")
    }

    @Test func `credentials that everybody may read are named`() async throws {
        let fixture = try await fixture(indexdir: "etc/amanda/data/index")
        let checked = [try await fixture.checked(data)]
        let credentials = try #require(fixture.settings.storage.credentialsFile)
        chmod(fixture.state.path, 0o755)
        chmod(credentials, 0o644)
        #expect(ExposedFiles.find(fixture.settings, checked) == [FileSystem.realPath(credentials)])
        chmod(credentials, 0o640)
        #expect(ExposedFiles.find(fixture.settings, checked).isEmpty)
    }

    private func shell(_ script: String, in directory: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-euc", script]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
    }
}
