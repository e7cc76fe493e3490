// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Glibc
import TestSupport
import Testing

/// A tree laid over another, as unpacking an archive there would.
@Suite struct OverlayTests {
    private let directory: TemporaryDirectory
    private var source: String { directory.path("source") }
    private var target: String { directory.path("target") }

    init() throws {
        directory = try TemporaryDirectory("overlay")
        for path in ["source/both/deep", "source/only", "target/both", "target/mine", "target/empty"] {
            try FileSystem.makeDirectories(directory.path(path))
        }
        for path in [
            "source/both/file", "source/both/deep/new", "source/empty", "target/both/file",
            "target/both/mine",
        ] {
            try FileSystem.writeAtomically(directory.path(path), Array(path.utf8))
        }
    }

    private func read(_ path: String) throws -> String {
        String(decoding: try FileSystem.readAll(directory.path(path)), as: UTF8.self)
    }

    @Test func `files replace files, and what the source does not have stays`() throws {
        try FileSystem.overlay(source, onto: target)
        #expect(try read("target/both/file") == "source/both/file")
        #expect(try read("target/both/mine") == "target/both/mine")
        #expect(try read("target/both/deep/new") == "source/both/deep/new")
        #expect(try read("target/empty") == "source/empty", "an empty directory gives way to a file")
        #expect(try FileSystem.list(target) == ["both", "empty", "mine", "only"])
    }

    @Test func `directories that both have get the source's owner, mode, times and attributes`() throws {
        let both = directory.path("source/both")
        #expect(chmod(both, 0o1751) == 0 && chown(both, 1234, 4321) == 0)
        #expect(setAttribute(both, "user.note", "kept"))
        var times = [
            timespec(tv_sec: 1_000_000_000, tv_nsec: 5), timespec(tv_sec: 1_000_000_001, tv_nsec: 7),
        ]
        #expect(utimensat(AT_FDCWD, both, &times, 0) == 0)
        try FileSystem.overlay(source, onto: target)
        let status = try FileSystem.status(directory.path("target/both"))
        #expect(status?.mode == 0o1751 && status?.owner == FileOwner(userID: 1234, groupID: 4321))
        #expect(status?.modifiedAt == 1_000_000_001)
        #expect(attribute(directory.path("target/both"), "user.note") == "kept")
    }

    @Test func `a directory that holds something does not give way to a file`() throws {
        try FileSystem.writeAtomically(directory.path("source/mine"), [1])
        try FileSystem.writeAtomically(directory.path("target/mine/precious"), [1])
        let error = #expect(throws: FilesError.self) { try FileSystem.overlay(source, onto: target) }
        #expect(error?.description.contains("'\(target)/mine'") == true, "\(String(describing: error))")
        #expect(FileSystem.exists(directory.path("target/mine/precious")))
    }

    @Test func `a link in the target is replaced, never followed`() throws {
        try FileSystem.makeDirectories(directory.path("elsewhere"))
        try FileSystem.makeSymbolicLink(directory.path("target/only"), to: directory.path("elsewhere"))
        try FileSystem.writeAtomically(directory.path("source/only/file"), [1])
        try FileSystem.overlay(source, onto: target)
        #expect(try FileSystem.isEmptyDirectory(directory.path("elsewhere")))
        #expect(try FileSystem.status(directory.path("target/only"))?.kind == .directory)
    }

    private func setAttribute(_ path: String, _ name: String, _ value: String) -> Bool {
        (try? output("/usr/bin/setfattr", ["-n", name, "-v", value, path])) != nil
    }

    private func attribute(_ path: String, _ name: String) -> String? {
        try? output("/usr/bin/getfattr", ["--only-values", "--absolute-names", "-n", name, path])
    }

    private func output(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: bytes, as: UTF8.self)
    }
}
