// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import Dump

@Suite struct TarMessageTests {
    private func message(_ line: String) -> TarMessage {
        TarMessage(Array(line.utf8), by: TarMessageSorter())
    }

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

/// What amgtar 3.5.1 made of these lines, which a tar said that it was told to run.
@Suite struct TarMessageRulesTests {
    private static let shrunk = "tar: File ./x shrunk by 10 bytes, padding with zeros"
    private static let socket = "tar: ./s: socket ignored"
    private static let new = "tar: .: Directory is new"

    private func kind(_ line: String, _ properties: [(String, [String])] = []) throws -> TarMessageRules.Kind
    {
        let options = try TarOptions(properties: properties.map { .init(name: $0.0, values: $0.1) })
        return TarMessageSorter(options.messageRules).kind(of: line)
    }

    @Test func `amgtar's own expressions`() throws {
        #expect(try kind(Self.shrunk) == .note && kind(Self.socket) == .note && kind(Self.new) == .ignored)
        #expect(try kind("tar: Cannot add file ./a: No such file or directory") == .note)
        #expect(try kind("tar: Error exit delayed from previous errors") == .note)
        #expect(try kind("tar: ./m: directory is on a different filesystem; not dumped") == .note)
        #expect(try kind("tar: ./b: Directory has been renamed from './a'") == .ignored)
        for line in [
            "tar: ./x: File shrunk by 10 bytes; padding with zeros", "tar: ./x: file changed as we read it",
            "tar: ./p: Warning: Cannot open: Permission denied",
            "tar: ./Cannot add file q: No such file or directory",
            "tar: Exiting with failure status due to previous errors",
            "tar: ./m: Directory has been moved: contents",
            "tar: Removing leading `/' from member names", "foo special thing",
        ] {
            #expect(try kind(line) == .strange, "\(line)")
        }
    }

    @Test func `ignore goes before normal, and normal before strange, whosever they are`() throws {
        let all: [(String, [String])] = [("strange", ["foo"]), ("normal", ["foo"]), ("ignore", ["foo"])]
        #expect(try kind("foo bar", all) == .ignored)
        #expect(try kind("foo bar", Array(all.prefix(2))) == .note)
        #expect(try kind("foo bar", Array(all.prefix(1))) == .strange)
        #expect(try kind(Self.socket, [("STRANGE", ["socket"])]) == .note)
        #expect(try kind(Self.socket, [("IGNORE", ["socket"])]) == .ignored)
        #expect(try kind(Self.new, [("NORMAL", ["is new"])]) == .ignored)
    }

    @Test func `an own expression that is repeated word by word is what the repetition says`() throws {
        #expect(try kind(Self.socket, [("STRANGE", [": socket ignored$"])]) == .strange)
        #expect(try kind(Self.new, [("NORMAL", ["x", ": Directory is new$"])]) == .note)
        #expect(try kind("tar: ./a: File removed before we read it", [("STRANGE", ["removed"])]) == .strange)
    }

    @Test func `a read error fails the dump whatever the configuration says`() throws {
        let options = try TarOptions(properties: [.init(name: "ignore", values: ["."])])
        let line = "tar: ./x: Read error at byte 0, while reading 512 bytes: Input/output error"
        #expect(TarMessage(Array(line.utf8), by: TarMessageSorter(options.messageRules)) == .readError(line))
    }

    @Test(arguments: [
        (
            "normal", "[x",
            "the application's property 'normal' is '[x', expected POSIX extended regular expressions"
        ),
        ("no-such", "1", "the application has no property 'no-such'"),
        ("xatrs", "YES", "the application has no property 'xatrs'\nhint: write 'xattrs'."),
        (
            "exit-handling", "1=MAYBE",
            "the application's property 'exit-handling' is '1=MAYBE', expected words such as 1=GOOD and 2=BAD"
        ),
        (
            "command-options", "--checkpoint-action=exec=sh",
            "the application's property 'command-options' has '--checkpoint-action=exec=sh': its actions can run a program as root, or write among tar's messages\nhint: remove it; 'amfleet' shows the progress."
        ),
    ])
    func `refuses what amgtar would not run with, or what could run anything as root`(
        name: String, value: String, expected: String
    ) {
        let error = #expect(throws: DumpError.self) {
            try TarOptions(properties: [.init(name: name, values: [value])])
        }
        #expect(error?.description == expected)
    }

    @Test func `exit statuses are good or bad as they are told`() throws {
        #expect(try TarOptions(properties: []).goodStatuses == [0, 1])
        let options = try TarOptions(properties: [.init(name: "EXIT-HANDLING", values: ["1=bad 2=GOOD"])])
        #expect(options.goodStatuses == [0, 2])
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
            property("Command_Options", "--exclude-vcs"),
        ])
        #expect(
            TarCommand.create(
                options, directory: "/data", snapshot: "/s.new", excludeFile: "/e", includeFile: nil) == [
                    "--create", "--verbose", "--block-number", "--file", "-", "--directory", "/data",
                    "--atime-preserve=system", "--no-check-device", "--acls", "--xattrs",
                    "--listed-incremental", "/s.new",
                    "--sparse", "--blocking-factor", "128", "--ignore-failed-read", "--totals",
                    "--exclude-vcs", "--exclude-from", "/e", ".",
                ])
        #expect(options.attributes == ["xattrs", "acls"])
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
