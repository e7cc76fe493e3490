// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import TestSupport
import Testing

@testable import Dump

/// Headers read out of archives as GNU tar reads them, and names that would lead out.
@Suite struct ArchiveScreenTests {
    private let directory: TemporaryDirectory
    private var target: String { directory.path("target") }

    init() throws {
        directory = try TemporaryDirectory("archive-screen")
        for path in ["target/sub/deeper", "elsewhere", "source"] {
            try FileSystem.makeDirectories(directory.path(path))
        }
        try FileSystem.makeSymbolicLink(directory.path("target/lnk"), to: directory.path("elsewhere"))
    }

    /// The first member that is refused; nil: none.
    private func refusal(_ archive: [UInt8], pieces: Int = 4096) throws -> String? {
        var screen = ArchiveScreen(try OpenDirectory(target))
        do {
            for start in stride(from: 0, to: archive.count, by: pieces) {
                try Array(archive[start..<min(start + pieces, archive.count)]).withUnsafeBytes {
                    try screen.check($0)
                }
            }
            return nil
        } catch RestoreError.needsConfinement(let member, _) {
            return member
        }
    }

    private func archive(_ script: String) throws -> [UInt8] {
        try shell(script, in: directory.path("source"))
        return try FileSystem.readAll(directory.path("source/archive.tar"))
    }

    @Test(arguments: ["gnu", "oldgnu", "posix", "ustar"])
    func `what tar makes passes, in pieces of any length`(format: String) throws {
        let name = String(repeating: "n", count: format == "ustar" ? 80 : 180)
        let bytes = try archive(
            """
            mkdir -p tree/sub/deeper; cd tree; echo x > sub/file; echo y > 'sub/\(name)'; ln -s file sub/link
            ln sub/file sub/hard; truncate -s 100000 sub/sparse; echo end >> sub/sparse; mkfifo sub/fifo
            setfattr -n user.note -v value sub/file
            tar --format=\(format) \(format == "posix" ? "--xattrs" : "") \(format == "ustar" ? "" : "-S") -cf ../archive.tar .
            """)
        for pieces in [1, 511, 512, 513, 100_000] { #expect(try refusal(bytes, pieces: pieces) == nil) }
    }

    @Test func `directory records of an increment pass, and renamings do not`() throws {
        let plain = try archive("mkdir -p tree/a; cd tree; tar -g ../snapshot -cf ../archive.tar .")
        #expect(try refusal(plain) == nil)
        let renamed = try archive("mv tree/a tree/b; cd tree; tar -g ../snapshot -cf ../archive.tar .")
        #expect(try refusal(renamed, pieces: 1) == "./")
    }

    @Test(arguments: [
        ("mkdir lnk; echo x > lnk/evil; tar -cf archive.tar ./lnk/evil", "./lnk/evil"),
        ("mkdir lnk; tar -cf archive.tar ./lnk", "./lnk/"),
        (
            "mkdir lnk; echo x > lnk/f; ln lnk/f hard; tar -cf archive.tar ./lnk/f ./hard; tar --delete -f archive.tar ./lnk/f",
            "./hard"
        ),
        (
            "mkdir x; echo x > x/evil; tar -cf archive.tar x/evil --transform 's,x/evil,../evil,' -P",
            "../evil"
        ),
        (
            "ln -s lnk first; tar -cf archive.tar ./first; rm first; mkdir first; echo > first/evil; tar -rf archive.tar ./first/evil",
            "./first/evil"
        ),
        (
            "mkdir -p lnk/n; touch lnk/n/\(String(repeating: "n", count: 150)); tar -cf archive.tar ./lnk/n/n*",
            "./lnk/n/\(String(repeating: "n", count: 150))"
        ),
        (
            "mkdir -p lnk/n; touch lnk/n/\(String(repeating: "n", count: 150)); tar --format=posix -cf archive.tar ./lnk/n/n*",
            "./lnk/n/\(String(repeating: "n", count: 150))"
        ),
    ])
    func `a name that leads through a link, or upwards, is refused`(script: String, member: String) throws {
        #expect(try refusal(archive(script)) == member)
    }

    @Test func `a header that two programs could read differently is refused`() throws {
        var bytes = try archive("echo x > file; tar -cf archive.tar file")
        bytes[0] ^= 1
        var screen = ArchiveScreen(try OpenDirectory(target))
        #expect(throws: RestoreError.self) { try bytes.withUnsafeBytes { try screen.check($0) } }
    }

    /// Whatever the bytes are, it ends without a trap.
    @Test func `bytes of any kind end in an error or in nothing`() throws {
        let whole = try archive("mkdir -p t/s; echo x > t/s/f; tar --format=posix -cf archive.tar t")
        var state: UInt64 = 42
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % 2_048] = UInt8(truncatingIfNeeded: state >> 20)
            }
            var screen = ArchiveScreen(try OpenDirectory(target))
            try? bytes.withUnsafeBytes { try screen.check($0) }
        }
    }
}
