// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Glibc
import Testing

/// What root does for another user, with that user's rights alone.
@Suite(.enabled(if: geteuid() == 0, "needs root"))
struct FileRightsTests {
    private let user = FileOwner(userID: 65_534, groupID: 65_534)

    /// A user's own directory `home` beside root's own `root`, in a directory that everybody may go through.
    private func inTwoTrees(_ body: (_ home: String, _ root: String) throws -> Void) throws {
        let directory = try FileSystem.makeTemporaryDirectory(named: "rights-test")
        defer { try? FileSystem.removeTree(directory) }
        chmod(directory, 0o755)
        let (home, root) = ("\(directory)/home", "\(directory)/root")
        try FileSystem.makeDirectories(home)
        try FileSystem.setOwner(home, user)
        try FileSystem.makeDirectories(root)
        try body(home, root)
        #expect(try FileSystem.list(root).isEmpty)
    }

    private func isDenied(_ work: () throws -> Void) -> Bool {
        do {
            try work()
            return false
        } catch {
            return (error as? FilesError)?.isWriteProtected == true
        }
    }

    @Test func `what is made belongs to the user, and root's rights are back afterwards`() throws {
        try inTwoTrees { home, root in
            try FileSystem.makeDirectories("\(home)/a/b", mode: 0o750, by: user)
            try FileSystem.writeAtomically("\(home)/a/b/file", [1], mode: 0o640, by: user)
            try FileSystem.append("\(home)/a/log", [1], by: user)
            try FileSystem.makeSymbolicLink("\(home)/a/link", to: "log", by: user)
            _ = try LockedFile("\(home)/a/lock", waitingAtMost: .zero, by: user)
            _ = try OutputFile(creating: "\(home)/a/output", by: user)
            _ = try RandomAccessFile(creating: Array("\(home)/a/random".utf8), by: user)
            for path in ["a", "a/b", "a/b/file", "a/log", "a/link", "a/lock", "a/output", "a/random"] {
                #expect(try FileSystem.status("\(home)/\(path)")?.owner == user, "\(path)")
            }
            #expect(try FileSystem.status("\(home)/a/b")?.mode == 0o750)
            #expect(try FileSystem.status("\(home)/a/b/file")?.mode == 0o640)
            try FileSystem.writeAtomically("\(root)/own", [1])
            #expect(try FileSystem.status("\(root)/own")?.owner == FileOwner(userID: 0, groupID: 0))
            try FileSystem.remove("\(root)/own")
        }
    }

    @Test func `nothing is made or changed where the user may not`() throws {
        try inTwoTrees { home, root in
            #expect(isDenied { try FileSystem.makeDirectories("\(root)/service.d", by: user) })
            #expect(isDenied { try FileSystem.writeAtomically("\(root)/x.sh", [1], by: user) })
            #expect(isDenied { try FileSystem.append("\(root)/x.sh", [1], by: user) })
            #expect(isDenied { try FileSystem.makeSymbolicLink("\(root)/x", to: "y", by: user) })
            #expect(isDenied { _ = try FileLock("\(root)/x", waitingAtMost: .zero, by: user) })
            #expect(isDenied { _ = try OutputFile(creating: "\(root)/x", by: user) })
            #expect(isDenied { _ = try RandomAccessFile(creating: Array("\(root)/x".utf8), by: user) })
            try FileSystem.writeAtomically("\(home)/source", [1])
            #expect(isDenied { try FileSystem.copy("\(home)/source", to: "\(root)/x", by: user) })
            #expect(isDenied { try FileSystem.rename("\(home)/source", to: "\(root)/x", by: user) })
        }
    }

    @Test func `a link that the user plants leads no further than the user's own rights`() throws {
        try inTwoTrees { home, root in
            try FileSystem.makeDirectories("\(root)/etc")
            try FileSystem.writeAtomically("\(root)/etc/passwd", Array("root\n".utf8), mode: 0o644)
            symlink("\(root)/etc", "\(home)/index")
            symlink("\(root)/etc/passwd", "\(home)/log")
            link("\(root)/etc/passwd", "\(home)/hard")
            #expect(isDenied { try FileSystem.writeAtomically("\(home)/index/passwd", [1], by: user) })
            #expect(isDenied { try FileSystem.remove("\(home)/index/passwd", by: user) })
            #expect(isDenied { try FileSystem.append("\(home)/hard", [1], by: user) })
            #expect(throws: FilesError.self) { try FileSystem.append("\(home)/log", [1], by: user) }
            #expect(
                isDenied {
                    _ = try RandomAccessFile(openingForWriting: Array("\(home)/hard".utf8), by: user)
                })
            #expect(try FileSystem.readAll("\(root)/etc/passwd") == Array("root\n".utf8))
            try FileSystem.removeTree("\(root)/etc")
        }
    }

    @Test func `the user's other groups count`() throws {
        let backup = try #require(UserAccount(named: "backup"))
        let disk = try #require(getgrnam("disk")?.pointee.gr_gid)
        try #require(backup.groupIDs.contains(disk))
        try inTwoTrees { _, root in
            try FileSystem.makeDirectories("\(root)/shared", mode: 0o770)
            try FileSystem.setOwner("\(root)/shared", FileOwner(userID: 0, groupID: disk))
            #expect(FileRights.refusingDirectory("\(root)/shared/new/deeper", to: backup.owner) == nil)
            #expect(FileRights.refusingDirectory("\(root)/other/new", to: backup.owner) == root)
            try FileSystem.makeDirectories("\(root)/shared/new/deeper", by: backup.owner)
            #expect(try FileSystem.status("\(root)/shared/new")?.owner == backup.owner)
            try FileSystem.removeTree("\(root)/shared")
        }
    }

    @Test func `a file is open to others when its mode and the way to it are`() throws {
        try inTwoTrees { home, _ in
            try FileSystem.makeDirectories("\(home)/etc", mode: 0o755)
            try FileSystem.writeAtomically("\(home)/etc/key", [1], mode: 0o644)
            symlink("etc/key", "\(home)/link")
            #expect(FileSystem.isOpenToOthers("\(home)/etc/key") && FileSystem.isOpenToOthers("\(home)/link"))
            chmod("\(home)/etc", 0o750)
            #expect(!FileSystem.isOpenToOthers("\(home)/etc/key"))
            chmod("\(home)/etc", 0o755)
            chmod("\(home)/etc/key", 0o640)
            #expect(!FileSystem.isOpenToOthers("\(home)/etc/key"))
            #expect(!FileSystem.isOpenToOthers("\(home)/etc/absent"))
        }
    }
}
