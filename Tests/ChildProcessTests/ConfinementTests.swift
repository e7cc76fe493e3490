// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

@testable import ChildProcess

/// What a child may change that is confined to a directory.
@Suite(.serialized, .enabled(if: geteuid() == 0), .timeLimit(.minutes(5)))
struct ConfinementTests {
    private let directory: String
    private var inside: String { "\(directory)/in side\\ü" }
    private var outside: String { "\(directory)/outside" }

    init() throws {
        directory =
            FileManager.default.temporaryDirectory.path + "/confinement-\(UUID().uuidString.prefix(8))"
        for path in ["in side\\ü/sub", "outside/dir"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(path)", withIntermediateDirectories: true)
        }
        try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(outside)/file"))
    }

    private func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// Runs a script in the directory; what it wrote to standard error.
    private func run(
        _ script: String, _ confinement: ChildConfinement, in place: String? = nil
    ) async throws
        -> (exit: ChildExit, messages: String)
    {
        let descriptor = open(place ?? inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var command = ChildCommand("/bin/sh", ["-c", script])
        command.place = ChildPlace(directory: descriptor, confinement: confinement)
        let child = try await ChildProcess.begin(command)
        return (await child.exit(), child.keptMessages)
    }

    private func state() throws -> [String] {
        try ["", "/file", "/dir"].map { name in
            var status = stat()
            try #require(lstat("\(outside)\(name)", &status) == 0)
            return
                "\(status.st_mode) \(status.st_uid) \(status.st_nlink) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec) "
                + "\(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec)"
        }
    }

    private static let attacks = [
        "echo x > ../outside/new", "echo x >> ../outside/file", "rm ../outside/file",
        "chmod 0777 ../outside/dir",
        "chown 1234 ../outside/dir", "touch -d 2001-01-01 ../outside/dir", "mv ../outside/dir moved",
        "mv sub ../outside/sub", "ln ../outside/file linked", "mkfifo ../outside/fifo",
        "setfattr -n user.x -v y ../outside/dir", "ln -s x ../outside/link", "truncate -s 0 ../outside/file",
        "echo x > /proc/1/root\"$OLD\"/outside/new", "echo x > /proc/$PPID/root\"$OLD\"/outside/new",
        "echo x > /proc/1/cwd/../outside/new || echo x > /proc/2/root\"$OLD\"/outside/new",
    ]

    @Test(arguments: [true, false])
    func `nothing outside changes, with Landlock and without`(hasLandlock: Bool) async throws {
        defer { remove() }
        let strongest = ChildConfinement.strongest()
        try #require(strongest.hasNamespace)
        let confinement = hasLandlock ? strongest : ChildConfinement(hasNamespace: true, landlockVersion: 0)
        let before = try state()
        for attack in Self.attacks {
            let result = try await run("OLD='\(directory)'; \(attack)", confinement)
            #expect(result.exit != .status(0), "\(attack): \(result.messages)")
            #expect(try state() == before, "\(attack)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside).sorted() == ["dir", "file"])
    }

    @Test func `inside everything can be made, moved and given away`() async throws {
        defer { remove() }
        let result = try await run(
            """
            set -e; pwd; echo x > file; mkdir -p a/b; mv file a/b/; ln a/b/file sub/hard; mknod device c 1 3; mkfifo fifo
            chown 1234:1234 a; chmod 4755 a/b/file; touch -d 2001-01-01 a; setfattr -n user.x -v y a; rm -r sub
            test "$(pwd)" = "$(cd /proc/self/cwd && pwd -P)"
            """, .strongest())
        #expect(result.exit == .status(0), "\(result.messages)")
    }

    @Test func `what is mounted inside can be written, and a read-only mount stays one`() async throws {
        defer { remove() }
        try #require(mount("none", "\(inside)/sub", "tmpfs", 0, nil) == 0)
        defer { umount2("\(inside)/sub", Int32(MNT_DETACH)) }
        #expect(try await run("echo x > sub/file", .strongest()).exit == .status(0))
        #expect(FileManager.default.fileExists(atPath: "\(inside)/sub/file"))
        let options = UInt(MS_REMOUNT) | UInt(MS_BIND) | UInt(MS_RDONLY)
        try #require(mount("none", "\(inside)/sub", nil, options, nil) == 0)
        #expect(try await run("echo x > other", .strongest(), in: "\(inside)/sub").exit != .status(0))
    }

    @Test func `the root directory can be the place`() async throws {
        defer { remove() }
        let result = try await run("echo x > '.\(outside)/made'", .strongest(), in: "/")
        #expect(result.exit == .status(0), "\(result.messages)")
        #expect(FileManager.default.fileExists(atPath: "\(outside)/made"))
    }

    @Test func `a child that does not end is ended at once`() async throws {
        defer { remove() }
        let descriptor = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        var command = ChildCommand("/bin/sh", ["-c", "sleep 100; sleep 100"])
        command.place = ChildPlace(directory: descriptor, confinement: .strongest())
        let child = try await ChildProcess.begin(command)
        child.terminate()
        #expect(await child.exit() == .signal(SIGKILL))
    }

    @Test func `a program that is not there is an error, and leaves no child`() async throws {
        defer { remove() }
        let descriptor = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        var command = ChildCommand("/nonexistent/tar", [])
        command.place = ChildPlace(directory: descriptor, confinement: .strongest())
        let asked = command
        await #expect(throws: ChildProcessError.self) { try await ChildProcess.begin(asked) }
    }
}
