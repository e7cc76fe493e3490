// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Dump

@Suite struct TarMessageTests {
    private func message(_ line: String) -> TarMessage { TarMessage(Array(line.utf8)) }

    // Source: GNU tar 1.34 with LC_ALL=C, --verbose --block-number --listed-incremental.
    @Test func `takes listed names into the index`() throws {
        #expect(message("block 0: ./") == .entry(try #require(IndexPath(tarVerboseLine: "block 0: ./"))))
        #expect(
            message(#"block 7: ./new\nline"#)
                == .entry(try #require(IndexPath(tarVerboseLine: #"block 7: ./new\nline"#))))
        #expect(message("block 12: ** Block of NULs **") == .ignorable)
    }

    @Test func `reads tar's own total`() {
        #expect(message("Total bytes written: 65536 (64KiB, 177MiB/s)") == .totals(65_536))
        #expect(message("Total bytes written: many") != .totals(0))
    }

    @Test(arguments: ["tar: .: Directory is new", "tar: ./b: Directory has been renamed from './a'"])
    func `forgets what is said of every dump`(line: String) {
        #expect(message(line) == .ignorable)
    }

    @Test(arguments: [
        "tar: ./sock: socket ignored", "tar: ./dev/pts: directory is on a different filesystem; not dumped",
        "tar: ./x: File shrunk by 10 bytes, padding with zeros".replacing("File ", with: "File x "),
        "tar: ./gone: File removed before we read it",
        "tar: ./gone: Warning: Cannot stat: No such file or directory",
    ])
    func `notes what is normal, and a file that vanished`(line: String) {
        #expect(message(line) == .note(line))
    }

    @Test(arguments: [
        "tar: ./a: Warning: Cannot open: Permission denied", "tar: ./x: file changed as we read it",
        "anything else",
    ])
    func `calls everything else strange`(line: String) {
        #expect(message(line) == .strange(line))
    }

    @Test(arguments: [
        "tar: ./x: Warning: Read error at byte 0, while reading 4096 bytes: Input/output error",
        "tar: ./x: Warning: Cannot open: Stale file handle",
    ])
    func `tells what the disk could not give from what is strange`(line: String) {
        #expect(message(line) == .readError(line))
    }
}

@Suite struct TarOptionsTests {
    private func property(_ name: String, _ value: String) -> DLEDescription.Property {
        DLEDescription.Property(name: name, values: [value])
    }

    @Test func `builds amgtar's argument vector from its properties`() throws {
        let options = try TarOptions(properties: [
            property("XATTRS", "YES"), property("acls", "yes"), property("one_file_system", "NO"),
            property("CHECK-DEVICE", "no"), property("verbose", "yes"),
        ])
        #expect(
            TarCommand.create(
                options, directory: "/data", snapshot: "/s.new", excludeFile: "/e", includeFile: nil) == [
                    "--create", "--verbose", "--block-number", "--file", "-", "--directory", "/data",
                    "--atime-preserve=system", "--no-check-device", "--acls", "--xattrs",
                    "--listed-incremental", "/s.new",
                    "--sparse", "--blocking-factor", "128", "--ignore-failed-read", "--totals",
                    "--exclude-from", "/e", ".",
                ])
        #expect(options.attributes == ["xattrs", "acls"])
        #expect(options.unusedProperties == ["verbose"])
    }

    @Test func `restores attributes that the dump had, and deletes only when asked`() throws {
        let plain = TarOptions()
        #expect(
            TarCommand.extract(plain, directory: "/t", deletes: false) == [
                "--numeric-owner", "--ignore-zeros", "--blocking-factor", "128", "-xpf", "-", "--directory",
                "/t",
            ])
        let all = try TarOptions(properties: [property("xattrs", "yes"), property("selinux", "yes")])
        let arguments = TarCommand.extract(all, directory: "/t", deletes: true)
        #expect(arguments.contains("--xattrs-include=*") && arguments.contains("--selinux"))
        #expect(arguments.contains("-xpGf"))
    }

    @Test func `refuses values that a property cannot have`() {
        let error = #expect(throws: DumpError.self) {
            try TarOptions(properties: [property("sparse", "maybe")])
        }
        #expect(error?.description == "the application's property 'sparse' is 'maybe', expected YES or NO")
    }
}
