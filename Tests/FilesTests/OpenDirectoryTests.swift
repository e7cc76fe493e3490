// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Glibc
import TestSupport
import Testing

/// Directories that stay what they are, whatever links appear.
@Suite struct OpenDirectoryTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory("open-directory")
        try FileSystem.makeDirectories(directory.path("top/a"))
        try FileSystem.makeDirectories(directory.path("elsewhere"))
    }

    @Test func `makes what is missing below, and follows no link there`() throws {
        let top = try OpenDirectory(directory.path("top"))
        let made = try top.beneath("a/b/c", making: true)
        #expect(FileSystem.isDirectory(directory.path("top/a/b/c")))
        #expect(made.resolvedPath == directory.path("top/a/b/c"))
        try FileSystem.makeSymbolicLink(directory.path("top/a/link"), to: directory.path("elsewhere"))
        try FileSystem.makeSymbolicLink(directory.path("top/a/near"), to: "b")
        for path in ["a/link", "a/link/x", "a/near/x"] {
            let error = #expect(throws: FilesError.self) { try top.beneath(path, making: true) }
            #expect(error?.isLinkInTheWay == true)
        }
        #expect(throws: FilesError.self) { try top.beneath("a/../../elsewhere", making: true) }
        #expect(try FileSystem.list(directory.path("elsewhere")).isEmpty)
        #expect(try top.existing("a/link") == nil)
    }

    @Test func `an open directory is written to though its path leads elsewhere by now`() throws {
        let a = try OpenDirectory(directory.path("top/a"))
        try FileSystem.rename(directory.path("top/a"), to: directory.path("top/moved"))
        try FileSystem.makeSymbolicLink(directory.path("top/a"), to: directory.path("elsewhere"))
        _ = try a.beneath("new", making: true)
        #expect(try FileSystem.list(directory.path("top/moved")) == ["new"])
        #expect(try FileSystem.list(directory.path("elsewhere")).isEmpty)
    }

    @Test func `places of others do not count as content`() throws {
        try FileSystem.makeDirectories(directory.path("top/a/inner"))
        try FileSystem.writeAtomically(directory.path("top/a/inner/file"), [1])
        let top = try OpenDirectory(directory.path("top"))
        #expect(try top.holdsOnly(["a/inner"], or: []))
        #expect(try !top.holdsOnly(["a/inner/deeper"], or: []))
        #expect(try !top.holdsOnly(["b"], or: []))
    }
}

/// A tree laid over another where parts of the target are somebody else's.
@Suite struct KeptOverlayTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory("kept-overlay")
        for path in ["source", "target/home/mine", "target/deep/disk", "target/extra/more"] {
            try FileSystem.makeDirectories(directory.path(path))
        }
    }

    private func overlay(kept: [String], deletes: Bool = false) throws -> TreeOverlay {
        TreeOverlay(
            try OpenDirectory(directory.path("source")), onto: try OpenDirectory(directory.path("target")),
            kept: kept, deletes: deletes)
    }

    @Test func `a link in the place of another disk, or above it, is left out`() throws {
        try FileSystem.makeSymbolicLink(directory.path("source/home"), to: "/live/home")
        try FileSystem.makeSymbolicLink(directory.path("source/deep"), to: "/live/deep")
        let left = try overlay(kept: ["home", "deep/disk"]).apply().sorted { $0.path < $1.path }
        #expect(
            left.map(\.path) == ["deep", "home"]
                && left.map(\.linkTarget) == ["/live/deep", "/live/home"])
        #expect(FileSystem.isDirectory(directory.path("target/home/mine")))
        #expect(FileSystem.isDirectory(directory.path("target/deep/disk")))
    }

    @Test func `deletes what the source lacks, but no other disk and nothing mounted`() throws {
        try FileSystem.makeDirectories(directory.path("source/new"))
        try FileSystem.makeDirectories(directory.path("target/mounted/point"))
        let point = directory.path("target/mounted/point")
        let isMounted = mount("none", point, "tmpfs", 0, nil) == 0
        defer { umount2(point, Int32(MNT_DETACH)) }
        if isMounted { try FileSystem.writeAtomically("\(point)/file", [1]) }
        try overlay(kept: ["home", "deep/disk"], deletes: true).apply()
        let names = try FileSystem.list(directory.path("target"))
        #expect(names == ["deep", "home"] + (isMounted ? ["mounted"] : []) + ["new"])
        if isMounted { #expect(FileSystem.exists("\(point)/file")) }
    }

    @Test func `a directory that the source has too keeps what is another disk's or another file system's`()
        throws
    {
        for name in ["home/mine", "mounted"] {
            try FileSystem.makeDirectories(directory.path("source/\(name)"))
        }
        try FileSystem.makeDirectories(directory.path("target/mounted"))
        for path in ["home/file", "home/mine/file"] {
            try FileSystem.writeAtomically(directory.path("target/\(path)"), [1])
        }
        let point = directory.path("target/mounted")
        let isMounted = mount("none", point, "tmpfs", 0, nil) == 0
        defer { umount2(point, Int32(MNT_DETACH)) }
        if isMounted { try FileSystem.writeAtomically("\(point)/file", [1]) }
        try overlay(kept: ["home"], deletes: true).apply()
        for path in ["home/file", "home/mine/file"] + (isMounted ? ["mounted/file"] : []) {
            #expect(FileSystem.exists(directory.path("target/\(path)")), "\(path)")
        }
        #expect(!FileSystem.exists(directory.path("target/extra")))
    }

    @Test func `what it may not remove stays, and a bare directory keeps the target's mode and times`()
        throws
    {
        for path in ["source/home/new", "target/home/other", "target/more"] {
            try FileSystem.makeDirectories(directory.path(path))
        }
        var times = [
            timespec(tv_sec: 1_000_000_000, tv_nsec: 5), timespec(tv_sec: 1_000_000_001, tv_nsec: 7),
        ]
        let home = directory.path("target/home")
        #expect(chmod(home, 0o1710) == 0 && utimensat(AT_FDCWD, home, &times, 0) == 0)
        var overlay = try overlay(kept: [], deletes: true)
        overlay.mayRemove = { ["home/mine", "extra", "deep"].contains(String(decoding: $0, as: UTF8.self)) }
        overlay.bare = [[], Array("home".utf8)]
        try overlay.apply()
        #expect(try FileSystem.list(directory.path("target")) == ["home", "more"])
        #expect(try FileSystem.list(home) == ["new", "other"])
        let status = try FileSystem.status(home)
        #expect(status?.mode == 0o1710 && status?.modifiedAt == 1_000_000_001)
    }

    @Test func `a source inside the target goes, and the target has its times`() throws {
        let (target, source) = (directory.path("target"), directory.path("target/.staged"))
        try FileSystem.makeDirectories("\(source)/new")
        var times = [
            timespec(tv_sec: 1_000_000_000, tv_nsec: 5), timespec(tv_sec: 1_000_000_001, tv_nsec: 7),
        ]
        #expect(utimensat(AT_FDCWD, source, &times, 0) == 0)
        try TreeOverlay(OpenDirectory(source), onto: OpenDirectory(target)).apply(removing: ".staged")
        #expect(try FileSystem.status(target)?.modifiedAt == 1_000_000_001)
        #expect(try FileSystem.list(target) == ["deep", "extra", "home", "new"])
    }

    @Test func `another file system in the way is found before anything is moved`() throws {
        guard geteuid() == 0 else { return }
        try FileSystem.makeDirectories(directory.path("source/home"))
        try FileSystem.writeAtomically(directory.path("source/a"), [1])
        try FileSystem.writeAtomically(directory.path("source/home/file"), [1])
        let point = directory.path("target/home")
        try #require(mount("none", point, "tmpfs", 0, nil) == 0)
        defer { umount2(point, Int32(MNT_DETACH)) }
        let error = #expect(throws: FilesError.self) { try overlay(kept: []).check() }
        #expect(error?.description.contains("another file system is mounted") == true)
        #expect(FileSystem.exists(directory.path("source/a")))
    }
}
