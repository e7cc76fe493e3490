// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Files

/// What killed processes leave of files that they were about to write.
@Suite struct AbandonedFilesTests {
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let directory = try FileSystem.makeTemporaryDirectory(named: "files-test")
        defer { try? FileSystem.removeTree(directory) }
        try body(directory)
    }

    /// A number that no process has: beyond the kernel's greatest (`PID_MAX_LIMIT`).
    private static let dead = 4_194_305

    @Test func `goes where its process is gone, and nothing else does`() throws {
        try inDirectory { directory in
            let kept = [
                "node01.key", "node01.key.tmp", "node01.key.backup.tmp", "node01.key.1-x.tmp",
                "node01.key.-1.tmp", "node01.key.\(Self.dead)-1.tmp.old", "other.key.\(Self.dead)-0.tmp",
                "node01.key.\(getpid())-7.tmp", "node01.key.\(getppid())-0.tmp", ".\(Self.dead)-0.tmp",
            ]
            let gone = ["node01.key.\(Self.dead)-0.tmp", "node01.key.\(Self.dead)-12.tmp"]
            for name in kept + gone { try FileSystem.writeAtomically("\(directory)/\(name)", [7]) }
            try FileSystem.makeDirectories("\(directory)/node01.key.\(Self.dead)-3.tmp")
            symlink("\(directory)/node01.key", "\(directory)/node01.key.\(Self.dead)-4.tmp")
            let removed = FileSystem.removeAbandoned(["\(directory)/node01.key", "\(directory)/node01.pem"])
            #expect(removed == gone.map { "\(directory)/\($0)" })
            let names = try FileSystem.list(directory)
            #expect(
                Set(names)
                    == Set(
                        kept + [
                            "node01.key.\(Self.dead)-3.tmp", "node01.key.\(Self.dead)-4.tmp",
                        ]))
        }
    }

    /// In a container the process of before had the number of this one.
    @Test func `of this process's own number it goes only where that is said`() throws {
        try inDirectory { directory in
            let path = "\(directory)/ca.pem.\(getpid())-0.tmp"
            try FileSystem.writeAtomically(path, [7])
            #expect(FileSystem.removeAbandoned(["\(directory)/ca.pem"]) == [])
            #expect(FileSystem.removeAbandoned(["\(directory)/ca.pem"], includingOwn: true) == [path])
            try FileSystem.writeAtomically(path, [7])
            #expect(FileSystem.removeAbandoned(in: directory, includingOwn: true) == [path])
        }
    }

    @Test func `an exclusive file is whole, has its mode, and takes nobody's place`() throws {
        try inDirectory { directory in
            let path = "\(directory)/kit"
            try FileSystem.writeExclusively(path, Array("precious".utf8), mode: 0o640)
            #expect(try FileSystem.status(path)?.mode == 0o640)
            let error = #expect(throws: FilesError.self) {
                try FileSystem.writeExclusively(path, Array("other".utf8))
            }
            #expect(error?.isTaken == true)
            #expect(try FileSystem.readAll(path) == Array("precious".utf8))
            symlink("\(directory)/nowhere", "\(directory)/link")
            #expect(throws: FilesError.self) { try FileSystem.writeExclusively("\(directory)/link", [7]) }
            #expect(try FileSystem.list(directory) == ["kit", "link"])
        }
    }

    /// FAT knows no second name of a file: there a kit was written in its place, and a kill left half a key.
    @Test(arguments: FileSystem.ExclusiveName.allCases)
    func `by each way the name comes with the whole, and is nobody else's`(
        way: FileSystem.ExclusiveName
    ) throws {
        try inDirectory { directory in
            let (whole, path) = ("\(directory)/whole", "\(directory)/kit")
            try FileSystem.writeAtomically(whole, Array("precious".utf8), mode: 0o600)
            #expect(try FileSystem.name(whole, path, way))
            #expect(try FileSystem.list(directory) == ["kit"])
            #expect(try FileSystem.readAll(path) == Array("precious".utf8))
            try FileSystem.writeAtomically(whole, Array("other".utf8), mode: 0o600)
            let error = #expect(throws: FilesError.self) { _ = try FileSystem.name(whole, path, way) }
            #expect(error?.isTaken == true, "\(error.map { "\($0)" } ?? "")")
            #expect(try FileSystem.readAll(path) == Array("precious".utf8))
        }
    }

    @Test func `a directory that is tried for writing has nothing of it, and a killed look is swept`() throws
    {
        try inDirectory { directory in
            try FileSystem.tryWriting(in: directory)
            #expect(try FileSystem.list(directory).isEmpty)
            try FileSystem.writeAtomically("\(directory)/trial.\(Self.dead)-0.tmp", [7])
            #expect(FileSystem.removeAbandoned(in: directory).count == 1)
            #expect(throws: FilesError.self) { try FileSystem.tryWriting(in: "/proc/self") }
        }
    }

    @Test func `a look that fails is no absence`() throws {
        try inDirectory { directory in
            let (loop, none) = ("\(directory)/loop", "\(directory)/none")
            symlink(loop, loop)
            let looks = try [none, "\(none)/x", loop].map { try FileSystem.isPresent($0) }
            #expect(looks == [false, false, true])
            #expect(throws: FilesError.self) { _ = try FileSystem.isPresent("\(loop)/x") }
            #expect(!FileSystem.exists("\(loop)/x"))
            let directories = try [directory, none].map { try FileSystem.isPresentDirectory($0) }
            #expect(directories == [true, false])
            #expect(throws: FilesError.self) { _ = try FileSystem.isPresentDirectory(loop) }
        }
    }
}
