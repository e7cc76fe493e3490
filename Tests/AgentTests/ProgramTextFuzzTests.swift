// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Foundation
import TestSupport
import Testing

@testable import Agent

/// What Amanda's user, an old node and a script may have written, read by an agent that is root. A trap, or work without an end, would end
/// the test program.
@Suite struct ProgramTextFuzzTests {
    private static let rounds = LongTests.areWanted ? 20_000 : 1_500

    private static func text(
        _ pieces: [String], _ count: ClosedRange<Int>, _ generator: inout SeededGenerator
    ) -> String {
        (0..<Int.random(in: count, using: &generator)).map { _ in
            pieces.randomElement(using: &generator) ?? ""
        }.joined()
    }

    private static let pieces = [
        "A", "B", "AM_PASSPHRASE", "=", "\"", "'", "$", "${", "}", "~", "~backup", "/x", "\n", " ", "#", ";",
        "(",
        "getpwnam", "export ", "my ", "$ENV{'", "'}", "\u{301}", "`", "\\",
    ]

    @Test func `a script's variable is a path of words alone, or none`() {
        var generator = SeededGenerator(seed: 131)
        var pathCount = 0
        for _ in 0..<(Self.rounds * 4) {
            let script =
                "A=/srv\nB=$A\n" + Self.text(Self.pieces, 0...30, &generator) + "\nAM_PASSPHRASE="
                + Self.text(Self.pieces, 1...6, &generator)
            let variables = ScriptVariables(parsing: script)
            guard let path = variables.path("AM_PASSPHRASE", own: "/home/own", home: { _ in "/var/backups" })
            else {
                continue
            }
            pathCount += 1
            #expect(path.hasPrefix("/") && path.utf8.count <= 4_096)
            #expect(!path.utf8.contains { "$`()*?;|&<>\"'\\\n".utf8.contains($0) }, "'\(path)' of \(script)")
        }
        #expect(pathCount > 100)
    }

    /// Each of them has the next one many times.
    @Test(.timeLimit(.minutes(1)), arguments: [2, 30, 20_000])
    func `variables in variables cost no more than their script is long`(count: Int) {
        let names = ["AM_PASSPHRASE", "B", "C", "D", "E", "F"]
        var script = ""
        for (name, next) in zip(names, names.dropFirst()) {
            script += "\(name)=/" + String(repeating: "$\(next)", count: count) + "\n"
        }
        script += "F=/" + String(repeating: "x", count: count) + "\n"
        let variables = ScriptVariables(parsing: script)
        let path = variables.path("AM_PASSPHRASE", own: nil) { _ in nil }
        #expect(path.map { $0.utf8.count <= 4_096 } ?? true)
        #expect(ScriptVariables(parsing: "D=/k\nC=$D\nB=$C\nA=$B/x").path("A") { _ in nil } == "/k/x")
    }

    @Test func `a path of an old node leads down, whatever its names are`() {
        let pieces = ["/", "..", ".", "a", "\u{301}", "\u{200D}", " ", "\u{E9}", "/..", "/\u{301}", "//"]
        var generator = SeededGenerator(seed: 132)
        var readCount = 0
        for _ in 0..<(Self.rounds * 4) {
            let text = "/" + Self.text(pieces, 1...6, &generator)
            guard let path = SecretPath(text) else { continue }
            readCount += 1
            let names = text.utf8.dropFirst().split(
                separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            for name in names {
                #expect(!["", ".", ".."].contains { name.elementsEqual($0.utf8) }, "'\(text)'")
            }
            #expect(path.names.map { Array($0.utf8) } == names.map { Array($0) })
            #expect(path.directory == FileSystem.parentDirectory(of: text))
            #expect(path.below(path.directory).map { Array($0.utf8) } == Array(path.name.utf8))
        }
        #expect(readCount > 100)
    }

    @Test func `names that a record selects stay below the directory`() throws {
        let pieces = ["/", "..", ".", "a", "\u{301}", "\u{200D}", "\u{E9}"]
        var generator = SeededGenerator(seed: 133)
        var soundCount = 0
        for _ in 0..<(Self.rounds * 2) {
            let name = Self.text(pieces, 1...6, &generator)
            let json = try WireJSON.line(["included": [name]])
            let selection = try WireJSON.read(DumpSelection.self, from: json, what: "selection")
            guard selection.isSound else { continue }
            soundCount += 1
            let names = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            for name in names { #expect(!["", ".", ".."].contains { name.elementsEqual($0.utf8) }) }
            #expect(selection.ancestors.count == names.count - 1, "'\(name)'")
            let above = names.dropLast().map { String(decoding: $0, as: UTF8.self) }
            for count in above.indices where count > 0 {
                #expect(selection.ancestors.contains(above.prefix(count).joined(separator: "/")))
            }
        }
        #expect(soundCount > 100)
    }

    /// A name below one that the newest dump has is not gone, though its own begins with a mark.
    @Test func `what lies below a selected directory is not missing from it`() throws {
        let old = try #require(
            DumpSelection(included: [Array("dir/\u{301}x".utf8), Array("dir/y".utf8)], excluded: nil))
        let new = try #require(DumpSelection(included: [Array("dir".utf8)], excluded: nil))
        #expect(new.missing(of: [old]).isEmpty)
    }

    /// As after `convmv --nfc`: the kernel tells the names apart, and so must what removes one of them.
    @Test func `a name that was only put together otherwise is another name`() throws {
        let (composed, decomposed) = ("B\u{FC}ro", "Bu\u{308}ro")
        let old = try #require(
            DumpSelection(included: [Array("\(decomposed)/x".utf8), Array(decomposed.utf8)], excluded: nil))
        let new = try #require(DumpSelection(included: [Array(composed.utf8)], excluded: nil))
        #expect(new.missing(of: [old]).map { Array($0.utf8) }.contains(Array(decomposed.utf8)))
        #expect(SelectedPart(new).holds("\(composed)/x"))
        #expect(!SelectedPart(new).holds("\(decomposed)/x"), "'--delete' would remove somebody else's file")
        let both = try #require(
            DumpSelection(
                included: ["\(composed)/x", "\(decomposed)/x"].map { Array($0.utf8) }, excluded: nil))
        #expect(both.ancestors.count == 2)
    }

    @Test func `a security file that lets nothing run lets nothing run`() throws {
        let lines = [
            "amgtar:gnutar_path=/bin/tar", "amgtar:gnutar_path=/usr/bin/tar", "# x",
            "amgtar:gnutar_path=/tmp/evil",
            "runtar:gnutar_path=/bin/tar", "restore_by_amanda_user=yes", "", "=",
            "AMGTAR:GNUTAR_PATH = /bin/tar ",
        ]
        var generator = SeededGenerator(seed: 134)
        var harmlessCount = 0
        for _ in 0..<Self.rounds {
            let text = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                let line = Array((lines.randomElement(using: &generator) ?? "").utf8)
                let isKept = Int.random(in: 0..<3, using: &generator) > 0
                return String(
                    decoding: isKept ? line : ByteMutation.damaged(line, using: &generator), as: UTF8.self)
            }.joined(separator: "\n")
            guard SecurityFile.isHarmless(text) else { continue }
            harmlessCount += 1
            #expect(
                !text.split(separator: "\n").contains {
                    $0.contains("=") && $0.hasSuffix("/tmp/evil") && !$0.contains("#")
                })
        }
        #expect(harmlessCount > 100)
    }

    // MARK: Figures of what is to be restored

    private struct Rooms {
        static func room(_ free: Int64) -> FileSystemRoom {
            FileSystemRoom(
                freeByteCount: free, privilegedFreeByteCount: free, totalByteCount: .max, device: 1,
                mayCompress: false)
        }
    }

    @Test func `what a restore needs is said so that it is read, whatever headers and kernels say`() throws {
        let numbers: [Int64] = [0, 1, 1 << 30, 1 << 60, .max]
        var generator = SeededGenerator(seed: 135)
        for _ in 0..<Self.rounds {
            func number() -> Int64 { numbers.randomElement(using: &generator) ?? 0 }
            let free = number()
            let room = RestoreRoom(node: "node01", room: { _ in Rooms.room(free) })
            let needs = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                RestoreRoom.Need(
                    name: "d", path: "/",
                    byteCounts: (0..<3).map { _ in Bool.random(using: &generator) ? number() : nil },
                    isStaged: Bool.random(using: &generator))
            }
            for need in needs { #expect(need.most >= 0 && need.most >= min(need.least, 1 << 60)) }
            let found = try room.look(needs)
            for system in found.systems {
                let read = try WireJSON.read(
                    NodeRestorePlan.Room.self, from: WireJSON.line(system), what: "room")
                #expect(read == system && system.mostBytes >= system.leastBytes)
            }
        }
    }
}
