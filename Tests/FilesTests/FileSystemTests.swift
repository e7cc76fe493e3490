// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Testing

/// A fresh directory for `body`, removed afterwards.
private func inTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let directory = try FileSystem.makeTemporaryDirectory(named: "files-test")
    defer { try? FileSystem.removeTree(directory) }
    try body(directory)
}

@Suite struct FileSystemTests {
    @Test func `writes atomically with exactly the mode asked for`() throws {
        try inTemporaryDirectory { directory in
            let path = "\(directory)/secret"
            try FileSystem.writeAtomically(path, Array("old".utf8))
            try FileSystem.writeAtomically(path, Array("new".utf8), mode: 0o666)
            #expect(try FileSystem.readAll(path) == Array("new".utf8))
            #expect(try FileSystem.status(path)?.mode == 0o666)
            #expect(try FileSystem.list(directory) == ["secret"])
        }
    }

    @Test(arguments: ["not-there", "not-there/nor-this", "./not-there"])
    func `a relative path that is not there lies in the working directory`(path: String) {
        let name = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        #expect(FileSystem.realPath(path) == "\(FileSystem.realPath("."))/\(name)")
        #expect(FileSystem.realPath("/\(name)") == "/\(name)")
    }

    @Test func `replaces a symbolic link and leaves its target alone`() throws {
        try inTemporaryDirectory { directory in
            try FileSystem.writeAtomically("\(directory)/target", Array("untouched".utf8))
            symlink("\(directory)/target", "\(directory)/link")
            try FileSystem.writeAtomically("\(directory)/link", Array("new".utf8))
            #expect(try FileSystem.readAll("\(directory)/target") == Array("untouched".utf8))
            #expect(try FileSystem.status("\(directory)/link")?.kind == .regular)
        }
    }

    @Test func `names the path and the call in its errors`() throws {
        let error = #expect(throws: FilesError.self) { try FileSystem.readAll("/nonexistent/file") }
        #expect(error?.description == "cannot open '/nonexistent/file': No such file or directory")
        #expect(error?.isMissing == true)
        #expect(throws: FilesError.self) { try FileSystem.writeAtomically("/nonexistent/file", []) }
    }

    @Test func `refuses a file longer than the limit`() throws {
        try inTemporaryDirectory { directory in
            try FileSystem.writeAtomically("\(directory)/long", [UInt8](repeating: 7, count: 100))
            let error = #expect(throws: FilesError.self) {
                try FileSystem.readAll("\(directory)/long", limit: 99)
            }
            #expect(error?.description == "cannot read '\(directory)/long': longer than 99 bytes")
            #expect(try FileSystem.readAll("\(directory)/long", limit: 100).count == 100)
        }
    }

    @Test func `makes directories and says what stands in the way`() throws {
        try inTemporaryDirectory { directory in
            try FileSystem.makeDirectories("\(directory)/a/b/c", mode: 0o750)
            try FileSystem.makeDirectories("\(directory)/a/b/c/")
            #expect(try FileSystem.status("\(directory)/a/b")?.mode == 0o750)
            try FileSystem.writeAtomically("\(directory)/file", [])
            #expect(throws: FilesError.self) { try FileSystem.makeDirectories("\(directory)/file/below") }
        }
    }

    @Test func `removes a tree with odd names and does not follow links`() throws {
        try inTemporaryDirectory { directory in
            try FileSystem.makeDirectories("\(directory)/tree/sub/deeper")
            try FileSystem.writeAtomically("\(directory)/kept", [1])
            symlink(directory, "\(directory)/tree/sub/up")
            let odd: [CChar] =
                "\(directory)/tree/sub/".utf8CString.dropLast() + [CChar(bitPattern: 0xff), 10, 0]
            close(creat(odd, 0o600))
            try FileSystem.removeTree("\(directory)/tree")
            try FileSystem.removeTree("\(directory)/tree")
            #expect(try FileSystem.list(directory) == ["kept"])
        }
    }

    @Test(arguments: [("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("a", "."), ("a/b/", "a")])
    func `knows the directory part`(path: String, parent: String) {
        #expect(FileSystem.parentDirectory(of: path) == parent)
    }

    @Test func `finds users by name`() {
        #expect(UserAccount(named: "root")?.owner == FileOwner(userID: 0, groupID: 0))
        #expect(UserAccount(named: "no-such-user-here") == nil)
    }

    @Test(.timeLimit(.minutes(5))) func `waits for another process's lock no longer than told`() throws {
        try inTemporaryDirectory { directory in
            let path = "\(directory)/tapelist.lock"
            try FileSystem.writeAtomically(path, [])
            // flock(1) takes BSD locks, so a small program of Python's holds the fcntl lock.
            let holder = popen(
                "echo $$; exec python3 -c 'import fcntl,sys,time; f=open(\"\(path)\",\"r+\"); fcntl.lockf(f,fcntl.LOCK_EX); "
                    + "sys.stdout.write(\"x\"); sys.stdout.flush(); time.sleep(50)'", "r")
            let stream = try #require(holder)
            var line = [CChar](repeating: 0, count: 64)
            fgets(&line, 64, stream)
            let process = try #require(
                pid_t(line.prefix { $0 >= 48 && $0 <= 57 }.map { String(UnicodeScalar(UInt8($0))) }.joined()))
            _ = fgetc(stream)
            #expect(throws: FilesError.self) { _ = try FileLock(path, waitingAtMost: .milliseconds(60)) }
            kill(process, SIGKILL)
            pclose(stream)
            _ = try FileLock(path, waitingAtMost: .seconds(20))
        }
    }
}
