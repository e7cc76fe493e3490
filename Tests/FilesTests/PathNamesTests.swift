// SPDX-License-Identifier: Apache-2.0

import Files
import TestSupport
import Testing

/// Names as a disk may have them: to Swift a slash and a combining mark behind it are one character.
@Suite struct PathNamesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory("path-names")
    }

    private static let letters: [Unicode.Scalar] = [
        "a", ".", " ", "e", "\u{301}", "\u{200D}", "\u{FE0F}", "\u{E9}", "\u{1F1E6}", "\r", "\n", "\\", "-",
    ]

    private static func name(_ generator: inout SeededGenerator) -> String {
        var name = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            name.append(letters.randomElement(using: &generator) ?? "a")
        }
        return String(name)
    }

    @Test func `a path has the names that it was made of, whatever they begin with`() {
        var generator = SeededGenerator(seed: 51)
        for _ in 0..<2_000 {
            let names = (0..<Int.random(in: 1...5, using: &generator)).map { _ in Self.name(&generator) }
            let parent = "/" + names.dropLast().joined(separator: "/")
            let path = (names.count == 1 ? "" : parent) + "/" + (names.last ?? "")
            #expect(path.pathNames.map { Array($0.utf8) } == names.map { Array($0.utf8) })
            #expect(Array(FileSystem.parentDirectory(of: path).utf8) == Array(parent.utf8))
            #expect(path.path(below: parent).map { Array($0.utf8) } == names.last.map { Array($0.utf8) })
            #expect(path.path(below: "/").map { Array($0.utf8) } == Array(path.utf8.dropFirst()))
            #expect(path.path(below: path) == nil && path.path(below: path + "x") == nil)
            #expect(MountTable.isWithin(path, parent))
        }
    }

    @Test func `the empty, slashes alone and slashes in a row have no names between them`() {
        #expect("".pathNames.isEmpty && "//".pathNames.isEmpty)
        #expect("/a//b/".pathNames == ["a", "b"])
        #expect("/a/b".path(below: "/a/") == "b" && "/ab".path(below: "/a") == nil)
        #expect("/a/".path(below: "/a") == nil && "/a".path(below: "/a") == nil)
    }

    @Test func `a directory whose name begins with a mark is made, found and kept as any other`() throws {
        let top = try OpenDirectory(directory.path)
        _ = try top.beneath("disks/\u{301}a/inner", making: true)
        #expect(try FileSystem.list(directory.path("disks")) == ["\u{301}a"])
        #expect(try top.existing("disks/\u{301}a") != nil)
        try FileSystem.makeDirectories(directory.path("more/\u{301}b/c"))
        #expect(FileSystem.isDirectory(directory.path("more/\u{301}b/c")))
        #expect(PathTrail(directory.path("more/\u{301}b")).status?.kind == .directory)
    }

    /// Before any of it is opened: `mkdirat` would follow `..`.
    @Test func `no name leads upwards, whatever follows it`() throws {
        try FileSystem.makeDirectories(directory.path("top"))
        let top = try OpenDirectory(directory.path("top"))
        #expect(throws: FilesError.self) { try top.beneath("../\u{301}x", making: true) }
        #expect(try FileSystem.list(directory.path) == ["top"])
    }

    @Test func `another disk's directory is kept though its name begins with a mark`() throws {
        for path in ["source", "target/disks/\u{301}a", "target/gone"] {
            try FileSystem.makeDirectories(directory.path(path))
        }
        try FileSystem.writeAtomically(directory.path("target/disks/\u{301}a/data"), [1])
        let target = try OpenDirectory(directory.path("target"))
        #expect(try target.holdsOnly(["disks/\u{301}a"], or: ["gone"]))
        try TreeOverlay(
            try OpenDirectory(directory.path("source")), onto: target, kept: ["disks/\u{301}a"], deletes: true
        ).apply()
        #expect(FileSystem.exists(directory.path("target/disks/\u{301}a/data")))
        #expect(!FileSystem.exists(directory.path("target/gone")))
    }
}
