// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Foundation
import Glibc
import TestSupport
import Testing

@testable import ChildProcess

/// A child that finds other content at a path than the rest of the machine.
@Suite(.timeLimit(.minutes(5)), .enabled(if: geteuid() == 0)) struct GivenFileTests {
    private let directory: TemporaryDirectory
    private let key: String

    init() throws {
        directory = try TemporaryDirectory("amfleet-given")
        key = try directory.write("key", "what lies there\n")
        chmod(directory.path, 0o755)
    }

    private func output(
        _ script: String, _ files: [ChildFile], as user: ChildUser? = nil
    ) async throws -> String {
        var command = ChildCommand("/bin/sh", ["-c", script, "sh", key], hasOutput: true, user: user)
        command.files = files
        let result = try await ChildProcess.run(command, limit: .seconds(20))
        return String(decoding: result.output, as: UTF8.self) + result.messages
    }

    private func given(_ text: String, user: UInt32 = 0, mode: UInt32 = 0o600) -> ChildFile {
        ChildFile(path: key, content: Array(text.utf8), userID: user, groupID: 0, mode: mode)
    }

    @Test func `it and what it starts see what is given, and nobody else does`() async throws {
        let seen = try await output(
            "cat \"$1\"; (cat \"$1\"); stat -c '%u %a' \"$1\"; ls \"$(dirname \"$1\")\"", [given("given\n")])
        #expect(seen == "given\ngiven\n0 600\nkey\n", "\(seen)")
        #expect(try String(contentsOfFile: key, encoding: .utf8) == "what lies there\n")
        #expect(try await output("cat \"$1\"", []) == "what lies there\n")
    }

    @Test func `another user reads what is his, and not what is root's`() async throws {
        let nobody = ChildUser(userID: 65_534, groupID: 65_534, groupIDs: [65_534])
        #expect(
            try await output("cat \"$1\"; id -u", [given("his\n", user: 65_534)], as: nobody)
                == "his\n65534\n")
        let refused = try await output("cat \"$1\"; id -u", [given("root's\n")], as: nobody)
        #expect(!refused.contains("root's") && refused.contains("65534"), "\(refused)")
    }

    @Test func `many at once, each at its path, and an empty one`() async throws {
        var files: [ChildFile] = []
        for number in 0..<30 {
            let path = try directory.write("more-\(number)", "")
            files.append(
                ChildFile(path: path, content: Array("\(number) ".utf8), userID: 0, groupID: 0, mode: 0o600))
        }
        let seen = try await output(
            "for n in $(seq 0 29); do cat \"${1%key}more-$n\"; done; cat \"$1\"", files + [given("")])
        #expect(seen == (0..<30).map { "\($0) " }.joined(), "\(seen)")
    }

    @Test func `no program gains rights there, and nothing that is left running stays`() async throws {
        #expect(try await output("grep NoNewPrivs /proc/self/status", [given("x")]).contains("1"))
        let marker = directory.path("alive")
        _ = try await output(
            "setsid sh -c 'sleep 2; touch \(marker)' >/dev/null 2>&1 </dev/null & ", [given("x")])
        try await Task.sleep(for: .seconds(3))
        #expect(!FileManager.default.fileExists(atPath: marker))
    }

    @Test func `a link at the path's end, or nothing, is refused`() async throws {
        let link = directory.path("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/etc/passwd")
        for path in [link, directory.path("absent")] {
            let file = ChildFile(path: path, content: [1], userID: 0, groupID: 0, mode: 0o600)
            await #expect(throws: ChildProcessError.self) { _ = try await output("true", [file]) }
        }
    }

    @Test func `whether the kernel gives it is found out by doing it`() async throws {
        #expect(try await runBlocking("confine") { ChildConfinement.canGiveFiles })
    }

    @Test func `no description shows a content`() {
        let file = given("plaintext")
        var shown = "\(file) \(String(reflecting: file))"
        dump(file, to: &shown)
        #expect(!shown.contains("plaintext") && !shown.contains("112"))
    }
}
