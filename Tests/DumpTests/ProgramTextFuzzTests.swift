// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Logging
import TestSupport
import Testing

@testable import Dump

/// What tar, script-tools and other programs say, changed at random: something is made of each line, in bounded memory. A trap would end
/// the test program.
@Suite(.timeLimit(.minutes(5)))
struct ProgramTextFuzzTests {
    private static let rounds = LongTests.areWanted ? 20_000 : 1_500

    private static func changed(_ line: String, _ generator: inout SeededGenerator) -> [UInt8] {
        let bytes = ByteMutation.absurd(Array(line.utf8), oneIn: 2, using: &generator)
        let damaged = Bool.random(using: &generator) ? bytes : ByteMutation.damaged(bytes, using: &generator)
        return damaged.filter { $0 != 10 }
    }

    // MARK: tar

    private static let tarLines = [
        "block 0: ./", "block 12: ./a b/c", "block 12: ** Block of NULs **", #"block 7: ./new\nline"#,
        "Total bytes written: 65536 (64KiB, 177MiB/s)",
        "tar: ./x: Warning: Read error at byte 0, while reading 4096 bytes",
        "tar: ./gone: File removed before we read it",
        "tar: ./x: File shrunk by 10 bytes, padding with zeros",
        "tar: ./sock: socket ignored", "tar: /var/x/new: Cannot write: No space left on device",
        "tar: Exiting with failure status due to previous errors", "block 1: ./\u{301}x",
    ]

    @Test func `tar's lines are sorted, and no more is kept than is said`() throws {
        let directory = try TemporaryDirectory("tar-lines")
        let path = directory.path("index")
        let listing = try TarListing(
            indexPath: path, logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
        var generator = SeededGenerator(seed: 91)
        var entries: [[UInt8]] = []
        for _ in 0..<Self.rounds {
            let line = Self.changed(Self.tarLines.randomElement(using: &generator) ?? "", &generator)
            line.withUnsafeBytes { listing.take($0) }
            if !line.isEmpty, let entry = IndexPath(tarVerboseLine: String(amandaBytes: line)),
                line.starts(with: "block ".utf8)
            {
                entries.append(entry.stateLine.amandaBytes)
            }
        }
        try listing.finishIndex()
        #expect(listing.entryCount == entries.count && entries.count > Self.rounds / 20)
        #expect(try FileSystem.readAll(path) == entries.flatMap { $0 + [10] })
        for texts in [listing.notes, listing.strange] {
            #expect(texts.count <= TarListing.keptMessageCount + 1)
            #expect(texts.allSatisfy { $0.utf8.count < 20_000 })
        }
        #expect((listing.totalByteCount ?? 0) >= 0)
    }

    @Test func `a total is a number that can be, or none`() {
        for number in ByteMutation.numbers {
            let message = TarMessage(Array("Total bytes written: \(number) (x)".utf8), by: TarMessageSorter())
            if case .totals(let count) = message { #expect("\(count)" == number.prefix { $0.isNumber }) }
        }
    }

    @Test(arguments: ["((a{1,255}){1,255}){1,255}", #"(x*)*\1"#])
    func `an expression without a bound is refused, and compiled by nobody`(expression: String) {
        #expect(throws: DumpError.self) { try TarMessageRules.checked([expression], of: "strange") }
        #expect(CompiledExpression(expression) == nil)
    }

    // MARK: Script-tools

    private static let scriptLines = [
        "PROPERTY exclude ./cache", "PROPERTY gnutar-path /tmp/x", "PROPERTY X", "OK fine", "",
        "RECOVERY-POINT epoch 0x1f-77", "RECOVERY-POINT lsn", "EXECUTE-WHERE YES", "TIMESTAMP NO", "frozen",
    ]

    @Test func `a script's lines become properties, points or notes, and never a program for root`() throws {
        let fixture = try ScriptFixture([("s", "execute-on pre-dle-backup\n execute-where client")])
        let execution = try #require(
            ScriptSchedule(entries: [fixture.entry]).executions(.preDLEBackup, fixture.entry, levels: [0])
                .first)
        let run = try #require(Datestamp("20261123030600"))
        var generator = SeededGenerator(seed: 92)
        var (properties, points) = (0, 0)
        for _ in 0..<Self.rounds {
            let lines = (0..<5).map { _ in
                String(
                    decoding: Self.changed(
                        Self.scriptLines.randomElement(using: &generator) ?? "", &generator),
                    as: UTF8.self)
            }
            var report = ScriptReport()
            report.take(
                .init(end: .killed(after: .seconds(1)), output: lines, messages: lines), of: execution)
            properties += report.properties.count
            points += report.recoveryPoints.count
            #expect(
                report.notes.count + report.properties.count + report.recoveryPoints.count
                    + report.failures.count
                    == lines.count + 1, "the last is that it was killed")
            #expect(report.failures.allSatisfy { $0.description.utf8.count < 6_000 })
            for property in report.properties {
                #expect(
                    property.name != "gnutar-path" && !property.name.isEmpty
                        && !property.name.utf8.contains(32))
            }
            for point in report.recoveryPoints {
                #expect(!point.name.utf8.contains(32) && !point.value.isEmpty)
            }
            _ = execution.arguments(
                configuration: "vertica", datestamp: run,
                support: ScriptSupport(parsing: lines.joined(separator: "\n")))
        }
        #expect(properties > 0 && points > 0)
    }
}

/// Snapshots of tar, which whoever owns the directory may have changed.
@Suite(.timeLimit(.minutes(5)))
struct SnapshotFuzzTests {
    private static let rounds = LongTests.areWanted ? 3_000 : 100

    private let directory: TemporaryDirectory
    private var path: String { directory.path("snapshot_0") }

    init() throws {
        directory = try TemporaryDirectory("snapshot-fuzz")
    }

    /// As GNU tar writes it.
    private func made() throws -> [UInt8] {
        try shell(
            "mkdir -p tree/a/b tree/c; touch tree/a/1 tree/a/2 tree/c/\(String(repeating: "n", count: 100)); "
                + "rm -f snapshot_0; tar -g snapshot_0 -cf archive -C tree .", in: directory.path)
        return try FileSystem.readAll(path)
    }

    private func fields(_ bytes: [UInt8], cutAt sizes: () -> Int) -> [String] {
        var walk = SnapshotWalk()
        var (found, start) = ([String](), 0)
        while start < bytes.count {
            let end = min(bytes.count, start + sizes())
            bytes[start..<end].withUnsafeBytes { walk.take($0) { found.append("\($0)") } }
            start = end
        }
        return found
    }

    @Test func `names are found wherever a block ends`() throws {
        let bytes = try made()
        let whole = fields(bytes) { bytes.count }
        #expect(whole.count == 4 + 2 + 3 + 1)
        var generator = SeededGenerator(seed: 94)
        for _ in 0..<Self.rounds {
            #expect(fields(bytes) { Int.random(in: 1...30, using: &generator) } == whole)
        }
    }

    @Test func `one that was changed is read or refused, and its copy is no longer`() throws {
        let bytes = try made()
        var generator = SeededGenerator(seed: 95)
        var (copied, refused) = (0, 0)
        for round in 0..<Self.rounds {
            let changed =
                round % 2 == 0
                ? ByteMutation.damaged(bytes, using: &generator)
                : ByteMutation.absurd(bytes, oneIn: 6, using: &generator)
            try FileSystem.writeAtomically(path, changed)
            let need = try StateNeed(snapshot: path)
            #expect(need.fullIndexByteCount >= need.leastIndexByteCount && need.leastIndexByteCount >= 0)
            #expect(need.byteCount(level: 1, isIndexed: true) >= 2 * Int64(changed.count))
            let target = directory.path("copy")
            try FileSystem.remove(target)
            do {
                try BaseSnapshot.copy(path, to: target, directory: directory.path("tree"), checksDevice: true)
                copied += 1
                #expect(try FileSystem.readAll(target).count <= changed.count)
            } catch is DumpError {
                refused += 1
            }
            let snapshots = TarSnapshots(
                host: "snap", dle: DLEDescription(program: "GNUTAR", disk: "shot", level: 0),
                directory: directory.path)
            _ = (snapshots.highestLevel, snapshots.startedAt(level: 0))
        }
        #expect(copied > 0 && refused > 0)
    }

    @Test func `nothing of it goes unread to its copy: unchanged it is the same`() throws {
        let bytes = try made()
        try BaseSnapshot.copy(
            path, to: directory.path("copy"), directory: directory.path("tree"), checksDevice: true)
        #expect(try FileSystem.readAll(directory.path("copy")) == bytes)
    }

    /// A hole takes no room, and whoever read it to its end would not come back.
    @Test(.timeLimit(.minutes(1))) func `one that is longer than the room there is not read`() throws {
        _ = try made()
        try shell("truncate -s 8T snapshot_0", in: directory.path)
        let snapshots = TarSnapshots(
            host: "snap", dle: DLEDescription(program: "GNUTAR", disk: "shot", level: 0),
            directory: directory.path)
        let room = StateRoom(directory.path)
        for level in [0, 1, 399] {
            // nil: a file system that compresses.
            guard let need = room.need(snapshots, level: level, isIndexed: true) else { continue }
            #expect(need >= 8 << 40)
        }
    }
}
