// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Dump
import Files
import Foundation
import TestSupport
import Testing

@testable import Agent

/// Runs of a node whose disks have script-tools.
@Suite(
    .serialized,
    .enabled(
        if: RequiredTools.areUsable("weed") && FileSystem.isDirectory(ScriptRunner.applicationDirectory)),
    .timeLimit(.minutes(3)))
struct ScriptedRunTests {
    /// A plugin that notes each call in `calls`, and does what its text says at a point.
    private func withPlugin(
        _ text: String, _ work: (_ fixture: NodeFixture, _ calls: () throws -> [String]) async throws -> Void
    ) async throws {
        let fixture = try await NodeFixture(server: .shared())
        let name = "amfleet-test-\(UUID().uuidString.prefix(8).lowercased())"
        let path = "\(ScriptRunner.applicationDirectory)/\(name)"
        let log = fixture.path("calls")
        try FileSystem.writeAtomically(
            path,
            Array(
                """
                #!/bin/bash
                if [ "$1" = support ]; then printf 'CONFIG YES\\nHOST YES\\nDISK YES\\n'; exit 0; fi
                echo "$1" >>\(log)
                \(text.replacing("LOCK", with: fixture.path("lock")))
                """.utf8), mode: 0o755)
        defer { try? FileSystem.remove(path) }
        try fixture.configure(
            "data", disks: [fixture.data], dumptypeLines: ["record no", "script \"freeze\""],
            definitions: [
                """
                define script-tool freeze {
                  plugin "\(name)"
                  execute-where server
                  execute-on pre-dle-estimate, post-dle-estimate, pre-host-backup, pre-dle-backup, post-dle-backup, post-host-backup
                }
                """
            ])
        try fixture.write("data/a.txt", "first\n")
        try await work(fixture) {
            FileSystem.exists(log)
                ? try fixture.read("calls").split(separator: "\n").map(String.init) : []
        }
    }

    @Test func `a database is frozen for its dump, and thawed after it`() async throws {
        let text = """
            case $1 in
                PRE-DLE-BACKUP) touch LOCK ;;
                POST-DLE-BACKUP) [ -e LOCK ] || echo "was not frozen" >&2; rm -f LOCK ;;
            esac
            """
        try await withPlugin(text) { fixture, calls in
            let done = try await fixture.backUp("20261123030600")
            #expect(done.state == .succeeded, "\(String(describing: done.error))")
            #expect(done.record?.configurations[0].dumps.map(\.status) == [.ok])
            #expect(
                try calls() == [
                    "PRE-DLE-ESTIMATE", "POST-DLE-ESTIMATE", "PRE-HOST-BACKUP", "PRE-DLE-BACKUP",
                    "POST-DLE-BACKUP", "POST-HOST-BACKUP",
                ])
        }
    }

    @Test func `a plan runs no script`() async throws {
        try await withPlugin("") { fixture, calls in
            _ = try await fixture.backUp("20261123030600", dryRun: true)
            #expect(try calls() == [])
        }
    }

    @Test func `a script that fails before a dump fails its disk with its words, and what is open is closed`()
        async throws
    {
        try await withPlugin("[ $1 != PRE-DLE-BACKUP ] || { echo 'the database refused' >&2; exit 3; }") {
            fixture, calls in
            let done = try await fixture.backUp("20261123030600")
            let dump = try #require(done.record?.configurations[0].dumps.first)
            #expect(dump.status == .failed)
            #expect(dump.error?.message.contains("the database refused") == true)
            #expect(try calls().suffix(3) == ["PRE-DLE-BACKUP", "POST-DLE-BACKUP", "POST-HOST-BACKUP"])
            #expect(done.record?.configurations[1].isComplete == true)
        }
    }

    @Test func `a script that fails for the host fails every disk of it`() async throws {
        try await withPlugin("[ $1 != PRE-HOST-BACKUP ] || exit 1") { fixture, calls in
            let done = try await fixture.backUp("20261123030600")
            #expect(done.record?.configurations[0].dumps.map(\.status) == [.failed])
            #expect(try calls().suffix(2) == ["PRE-HOST-BACKUP", "POST-HOST-BACKUP"])
        }
    }
}
