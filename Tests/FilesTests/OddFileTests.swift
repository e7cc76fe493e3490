// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Glibc
import Testing

/// What has a file's name and is none: nobody waits for it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OddFileTests {
    /// One way to open a file that must be one.
    struct Use: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let run: @Sendable (_ path: String) throws -> Void
    }

    static let uses = [
        Use(testDescription: "readAll") { _ = try FileSystem.readAll($0, limit: 1 << 20) },
        Use(testDescription: "readRegular") { _ = try FileSystem.readRegular($0, limit: 1 << 20) },
        Use(testDescription: "append") { try FileSystem.append($0, [1]) },
        Use(testDescription: "copy") { try FileSystem.copy($0, to: "\($0)-copy") },
        Use(testDescription: "forEachBlock") { try FileSystem.forEachBlock(of: $0) { _ in } },
        Use(testDescription: "InputFile") { _ = try InputFile($0) },
        Use(testDescription: "FileLock") { _ = try FileLock($0, waitingAtMost: .seconds(1)) },
        Use(testDescription: "LockedFile") { _ = try LockedFile($0, waitingAtMost: .seconds(1)).contents() },
    ]

    @Test(arguments: uses, ["FIFO", "device", "socket", "directory"])
    func `what is no file is refused at once`(use: Use, kind: String) throws {
        let directory = try FileSystem.makeTemporaryDirectory(named: "odd-file")
        defer { try? FileSystem.removeTree(directory) }
        let path = "\(directory)/odd"
        switch kind {
        case "FIFO": #expect(mkfifo(path, 0o600) == 0)
        // As /dev/zero: it never ends.
        case "device": #expect(mknod(path, S_IFCHR | 0o600, dev_t(0x105)) == 0)
        case "socket": #expect(mknod(path, S_IFSOCK | 0o600, 0) == 0)
        default: #expect(mkdir(path, 0o700) == 0)
        }
        let start = ContinuousClock.now
        let error = #expect(throws: FilesError.self) { try use.run(path) }
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(error?.path == path && error?.isMissing == false, "\(String(describing: error))")
    }

    @Test func `a file without an end is read to the limit`() throws {
        let directory = try FileSystem.makeTemporaryDirectory(named: "odd-file")
        defer { try? FileSystem.removeTree(directory) }
        try FileSystem.writeAtomically("\(directory)/long", [])
        #expect(truncate("\(directory)/long", 1 << 40) == 0)
        let error = #expect(throws: FilesError.self) {
            try FileSystem.readAll("\(directory)/long", limit: 1 << 20)
        }
        #expect(error?.reason == "longer than 1048576 bytes")
    }

    @Test func `a pipe that an operator names is read to its end`() async throws {
        let directory = try FileSystem.makeTemporaryDirectory(named: "odd-file")
        defer { try? FileSystem.removeTree(directory) }
        let path = "\(directory)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        async let written: Void = runBlocking("writer") {
            usleep(300_000)
            let end = open(path, O_WRONLY)
            for byte in "one two".utf8 {
                _ = withUnsafeBytes(of: byte) { write(end, $0.baseAddress, 1) }
                usleep(20_000)
            }
            close(end)
        }
        let read = try await runBlocking("reader") { try FileSystem.readGiven(path, limit: 100) }
        #expect(read == Array("one two".utf8))
        try await written
        try FileSystem.writeAtomically("\(directory)/file", [7])
        #expect(try FileSystem.readGiven("\(directory)/file", limit: 1) == [7])
    }

    @Test func `a pipe into which nobody writes is given up`() throws {
        let directory = try FileSystem.makeTemporaryDirectory(named: "odd-file")
        defer { try? FileSystem.removeTree(directory) }
        let path = "\(directory)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: FilesError.self) {
            try FileSystem.readGiven(path, limit: 100, patience: .milliseconds(300))
        }
        #expect(error?.reason == "it is a pipe, and nothing more comes out of it")
        #expect(throws: FilesError.self) { try FileSystem.readGiven("/dev/zero", limit: 100) }
    }

    @Test func `nobody is sent to a file at which another hangs for long`() throws {
        let path = "/etc/hostname-\(getpid())"
        Hangs.enter(path, since: .now - .seconds(3600))
        let error = #expect(throws: FilesError.self) { _ = try FileSystem.readAll(path) }
        #expect(error?.reason.hasPrefix("it still hangs since 2") == true, "\(String(describing: error))")
        let status = #expect(throws: FilesError.self) { _ = try FileSystem.status(path) }
        #expect(status?.isMissing == false)
        Hangs.leave(path)
        #expect(try FileSystem.status(path) == nil)
        // Who began a moment ago may be back soon.
        Hangs.enter(path, since: .now)
        #expect(try FileSystem.status(path) == nil)
        Hangs.leave(path)
    }
}
