// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import ChildProcess
import Files
import Foundation
import TestSupport
import Testing

@testable import Dump

/// COMMAND-OPTIONS, option by option, with the tar of this machine.
@Suite struct TarCommandOptionTests {
    private func options(_ words: String...) throws -> TarOptions { try options(words) }

    private func options(_ words: [String]) throws -> TarOptions {
        try TarOptions(properties: [.init(name: "COMMAND-OPTIONS", values: words)])
    }

    private func refusal(_ words: String...) -> String? {
        let error = #expect(throws: DumpError.self, "\(words)") { _ = try options(words) }
        return error?.description
    }

    /// What tar's own help lists: long names, and letters with the long name that they stand for.
    private func help() async throws -> [(letter: Character?, name: String)] {
        let result = try await ChildProcess.run(
            ChildCommand(try RequiredTools.path("tar"), ["--help"], hasOutput: true), limit: .seconds(60))
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").flatMap { line in
            let letter = line.firstMatch(of: #/^ +-(\S), +--/#)?.1.first
            let head =
                line.prefixMatch(of: #/ +(?:-\S, +)?(--[a-z0-9-]+[^ ]*(, --[a-z0-9-]+[^ ]*)*)/#)?.1 ?? ""
            return head.matches(of: #/--([a-z][a-z0-9-]+)/#).enumerated().map { index, match in
                (index == 0 ? letter : nil, String(match.1))
            }
        }
    }

    @Test func `every option of this machine's tar has its row`() async throws {
        let listed = try await help()
        #expect(listed.count > 150 && listed.count { $0.letter != nil } > 40, "\(listed.count)")
        for (letter, name) in listed {
            #expect(TarOptionTable.row(name) != nil, "--\(name)")
            guard let letter, letter != "?" else { continue }
            let own = TarOptionTable.name(ofLetter: letter).flatMap(TarOptionTable.row)
            #expect(own?.effect == TarOptionTable.row(name)?.effect, "-\(letter)")
        }
        #expect(Set(TarOptionTable.names).count == TarOptionTable.names.count)
    }

    /// Everything that is taken, each with a value that it can have.
    private static let taken =
        TarOptionTable.names.flatMap { name -> [String] in
            guard let row = TarOptionTable.row(name) else { return [] }
            switch (row.effect, row.value) {
            case (.refused, _): return []
            case (.passedFile, _): return ["--\(name)=LIST"]
            case (.passedAs(let values), _): return values.map { "--\(name)=\($0)" }
            case (_, .required) where name == "warning": return ["--warning=no-file-changed"]
            case (_, .required) where name.hasPrefix("exclude-tag"): return ["--\(name)=no-such-tag"]
            case (_, .required): return ["--\(name)=left-out"]
            default: return ["--\(name)"]
            }
        }

    @Test func `what is taken makes an archive that gives back all that it was not to leave out`()
        async throws
    {
        let scratch = try TemporaryDirectory("options")
        let (disk, list) = (scratch.path("disk"), scratch.path("list"))
        try FileManager.default.createDirectory(atPath: "\(disk)/sub", withIntermediateDirectories: true)
        for name in ["a", "sub/b", "left-out"] { _ = try scratch.write("disk/\(name)", "of \(name)\n") }
        try FileManager.default.linkItem(atPath: "\(disk)/a", toPath: "\(disk)/hard")
        try FileManager.default.createSymbolicLink(atPath: "\(disk)/soft", withDestinationPath: "a")
        _ = try scratch.write("list", "./left-out\n")
        #expect(Self.taken.count > 70, "\(Self.taken.count)")
        for word in Self.taken {
            let word = word.replacing("LIST", with: list)
            let made = try options(word)
            let restored = try await restored(disk, made, scratch)
            let wanted = ["a", "hard", "soft", "sub/b"]
            #expect(wanted.allSatisfy(restored.contains), "\(word): \(restored)")
            let excludes = ["--exclude=", "--exclude-from="].contains { word.hasPrefix($0) }
            #expect(restored.contains("left-out") == !excludes, "\(word): \(restored)")
        }
    }

    /// A full dump and an increment without a change, as `TarCommand` has them made; the names that come back.
    private func restored(
        _ disk: String, _ options: TarOptions, _ scratch: TemporaryDirectory
    ) async throws -> Set<String> {
        let (snapshot, target) = (scratch.path("snapshot"), scratch.path("target"))
        for path in [snapshot, target] { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        for level in 0...1 {
            let made = try await tar(
                TarCommand.create(
                    options, directory: disk, snapshot: snapshot, excludeFile: nil, includeFile: nil))
            #expect(made.exit == .status(0), "\(options.commandOptions), level \(level): \(made.messages)")
            let unpacked = try await tar(
                TarCommand.extract(options, directory: target, deletes: level > 0), input: made.output)
            #expect(unpacked.exit == .status(0), "\(options.commandOptions): \(unpacked.messages)")
        }
        return Set(try FileManager.default.subpathsOfDirectory(atPath: target))
    }

    @Test(.enabled(if: geteuid() == 0))
    func `owners are of the archive's names where asked, else of its numbers`() async throws {
        let scratch = try TemporaryDirectory()
        let (disk, number) = (scratch.path("disk"), 54_321)
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        for name in ["known", "strange"] { try Data(name.utf8).write(to: URL(filePath: "\(disk)/\(name)")) }
        let flags = ["--create", "--file", "-", "--directory", disk]
        for (owner, name, byName) in [("root", "known", 0), ("no-such-user-here", "strange", number)] {
            let made = try await tar(
                flags + ["--owner=\(owner):\(number)", "--group=\(owner):\(number)", name])
            for (isByNames, expected) in [(false, number), (true, byName)] {
                let target = scratch.path("\(name)-\(isByNames)")
                try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
                let unpacked = try await tar(
                    TarCommand.extract(
                        TarOptions(), directory: target, deletes: false, ownersByName: isByNames),
                    input: made.output)
                #expect(unpacked.exit == .status(0), "\(unpacked.messages)")
                let owner = try #require(try FileSystem.status("\(target)/\(name)")).owner
                #expect(
                    owner == FileOwner(userID: UInt32(expected), groupID: UInt32(expected)),
                    "\(name), by names: \(isByNames)")
            }
        }
    }

    private func tar(_ arguments: [String], input: [UInt8] = []) async throws -> ChildResult {
        try await ChildProcess.run(
            ChildCommand(try RequiredTools.path("tar"), arguments, hasInput: true, hasOutput: true),
            input: input, limit: .seconds(60))
    }

    @Test func `words are read as tar reads them, and handed on by long names`() throws {
        #expect(
            try options("-X", "/list", "--exclude", "*.o", "-SlX/other", "--sort=name").commandOptions
                == [
                    "--exclude-from=/list", "--exclude=*.o", "--check-links", "--exclude-from=/other",
                    "--sort=name",
                ])
        let folded = try options("--acls", "--xattrs-include=user.*", "--selinux", "--no-check-device")
        #expect(folded.attributes == ["xattrs", "acls", "selinux"] && !folded.checksDevice)
        #expect(folded.commandOptions == ["--xattrs-include=user.*"])
        let header = TarOptions(restoring: [.init(name: "COMMAND-OPTIONS", values: ["--acls", "--xattrs"])])
        #expect(header.attributes == ["xattrs", "acls"], "a restore asks for what was dumped")
        let both = try TarOptions(properties: [
            .init(name: "COMMAND-OPTIONS", values: ["--no-acls"]), .init(name: "ACLS", values: ["YES"]),
        ])
        #expect(both.attributes.isEmpty, "tar gets the option after the property")
    }

    @Test(arguments: [
        (["--remove-files"], "'--remove-files': it deletes every file that it has dumped\nhint: remove it."),
        (["--to-command=sh"], "'--to-command=sh': it runs a program as root"),
        (["-I", "sh"], "'-I': it runs a program as root"),
        (["-SI", "sh"], "'-SI': it runs a program as root"),
        (
            ["--checkpoint-action=exec=sh"],
            "'--checkpoint-action=exec=sh': its actions can run a program as root"
        ),
        (["-g/x"], "'-g/x': what is new is kept in the snapshot that the agent gives tar"),
        (["--file=/x"], "'--file=/x': tar writes one archive, to the agent, which stores it"),
        (["-z"], "'-z': tar would run a program as root, and the header would not say"),
        (["--atime-preserve"], "'--atime-preserve': tar would set the times of each file"),
        (
            ["--warning=no-failed-read"],
            "'--warning=no-failed-read': tar would not say which files it could not read"
        ),
        (["--warning=none"], "'--warning=none': tar would not say which files it could not read"),
        (["--format=posix"], "'--format=posix': increments and their restores need tar's own format, gnu"),
        (["--exclude-from=list"], "'--exclude-from=list': the file must be named by its absolute path"),
        (
            ["--sort=size"],
            "'--sort=size': tar knows no such value\nhint: write '--sort=none' or '--sort=name'"
        ),
        (
            ["--exclude-vsc"],
            "'--exclude-vsc': no such option of GNU tar is known here\nhint: write '--exclude-vcs'."
        ),
        (["--remove"], "'--remove': no such option of GNU tar is known here"),
        (["--exclude-vcs=1"], "'--exclude-vcs=1': '--exclude-vcs' has no value"),
        (["--exclude"], "'--exclude': its value is missing"), (["-y"], "'-y': GNU tar has no option '-y'"),
        (["/etc/shadow"], "'/etc/shadow': it is no option, and tar would take it for a name to dump"),
        (["--"], "'--': it is no option"), (["-"], "'-': it is no option"), ([""], "'': it is no option"),
    ]) func `what breaks a dump is refused with its own reason`(words: [String], text: String) {
        let error = #expect(throws: DumpError.self) { _ = try options(words) }
        let said = error?.description ?? ""
        #expect(said.hasPrefix("the application's property 'command-options' has \(text)"), "\(said)")
    }

    @Test func `a list that is not there is found before the dump, and one that is counts`() throws {
        let scratch = try TemporaryDirectory("lists")
        let list = try scratch.write("list", "./x\n*.o\n")
        func reach(_ word: String) -> TarReach {
            var dle = DLEDescription(program: "APPLICATION", disk: "/d", level: 0, plugin: "amgtar")
            dle.properties = [.init(name: "COMMAND-OPTIONS", values: [word, "--exclude=y"])]
            return TarReach(dle, device: "/d")
        }
        #expect(reach("--exclude-from=\(list)").excludes == ["y", "./x", "*.o"].map { Array($0.utf8) })
        #expect(reach("--exclude-from=\(list)").fault == nil)
        #expect(
            reach("--exclude-from=/nowhere").fault?.facts
                == "cannot read '/nowhere', which '--exclude-from' of 'command-options' names: No such file or directory"
        )
    }
}
