// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import S3
import TestSupport
import Testing

@testable import Agent

/// Levels 0, 1 and 2 of one disk, restored to each of the three days.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct ChainRestoreTests {
    private static let runs = ["20261123030600", "20261124030600", "20261125030600"]
    private static let data = [ConfigurationChoice(name: "data", role: .data)]

    private struct Days {
        let node: NodeFixture
        let levels: LevelFixture
        let trees: [[String: String]]
    }

    /// - Parameter recorded: of which runs the bucket gets a node record.
    private func days(recorded: Set<Int> = [0, 1, 2]) async throws -> Days {
        let node = try await NodeFixture(server: .shared())
        try node.configure(
            "data", disks: [node.data], slots: "{1..5}", tapecycle: 5, dumptypeLines: ["record yes"])
        let levels = LevelFixture(node)
        var trees: [[String: String]] = []
        for (level, run) in Self.runs.enumerated() {
            try change(node, level)
            trees.append(try tree(node.data))
            try await levels.dump(run, level: level, writesRecord: recorded.contains(level))
        }
        return Days(node: node, levels: levels, trees: trees)
    }

    private func change(_ node: NodeFixture, _ day: Int) throws {
        switch day {
        case 0:
            for name in ["stays", "goes", "changes", "directory/file", "moved/sub/deep"] {
                try node.write("data/\(name)", "\(name) of day 0")
            }
        case 1:
            try FileSystem.remove("\(node.data)/goes")
            try FileSystem.rename("\(node.data)/moved", to: "\(node.data)/moved on")
            try node.write("data/changes", "of day 1")
            try node.write("data/new", "of day 1")
        default:
            try FileSystem.removeTree("\(node.data)/directory")
            try node.write("data/directory", "a file now")
            try FileSystem.remove("\(node.data)/new")
            try FileSystem.rename("\(node.data)/moved on/sub", to: "\(node.data)/sub")
        }
    }

    @Test(arguments: [[0, 1, 2], [2], []] as [Set<Int>])
    func `every day comes back on an empty machine or from the catalog`(recorded: Set<Int>) async throws {
        let days = try await days(recorded: recorded)
        for (level, run) in Self.runs.enumerated() {
            let out = days.node.path("out-\(level)")
            if recorded.contains(level) {
                // A record names all that it builds on: nothing else is read.
                try? FileSystem.rename(days.node.path("etc"), to: days.node.path("etc-gone"))
            }
            let done = try await days.node.restore(run, to: out, configurations: Self.data)
            try? FileSystem.rename(days.node.path("etc-gone"), to: days.node.path("etc"))
            #expect(done.state == .succeeded, "\(level): \(String(describing: done.error))")
            #expect(try tree("\(out)/node01/data\(days.node.data)") == days.trees[level])
            #expect(done.restore?.disks.map(\.notes) == [[]])
        }
    }

    @Test func `over a directory that holds other files they stay, unless told otherwise`() async throws {
        let days = try await days()
        try FileSystem.removeTree(days.node.data)
        try days.node.write("data/mine", "foreign")
        try days.node.write("data/moved on/mine too", "foreign")
        try days.node.write("data/changes", "newer")
        try FileSystem.makeDirectories("\(days.node.data)/.amfleet-restore/left by a killed one")
        let refused = try await days.node.restore(Self.runs[1], configurations: Self.data)
        #expect(refused.error?.message == "'\(days.node.data)' is not empty")
        let laid = try await days.node.restore(Self.runs[1], overwrite: true, configurations: Self.data)
        #expect(laid.state == .succeeded, "\(String(describing: laid.error))")
        var expected = days.trees[1]
        expected["mine"] = "foreign"
        expected["moved on/mine too"] = "foreign"
        #expect(try tree(days.node.data) == expected)
        let exact = try await days.node.restore(
            Self.runs[2], overwrite: true, delete: true, configurations: Self.data)
        #expect(exact.state == .succeeded, "\(String(describing: exact.error))")
        #expect(try tree(days.node.data) == days.trees[2])
    }

    @Test func `a base that was overwritten is named, and nothing is written`() async throws {
        let days = try await days()
        let (node, keys) = (days.node, ObjectKeys(slotPrefix: "demo/node01/data/slot-1"))
        let newer = VolumeHeader(datestamp: Datestamp("20261126030600"), label: "data-01")
        _ = try await node.client.put(keys.volumeLabel, newer.bytes)
        let out = node.path("out")
        let error = try await node.restore(Self.runs[2], to: out, configurations: Self.data).error
        #expect(error?.kind == .damaged)
        #expect(
            error?.message == """
                level 0 of '\(node.data)' of run \(Self.runs[0]), on volume 'data-01', which was overwritten by run \
                20261126030600 (volume 'data-01') in 's3:\(node.storage.bucket)/demo/node01/data/slot-1'
                """)
        #expect(!FileSystem.exists(out))
        #expect(try await days.levels.refusal(1, for: "20261127030600")?.contains("volume 'data-01'") == true)
    }

    @Test(arguments: [true, false])
    func `a base without an object, or with a shorter one, is named before the first byte`(
        isMissing: Bool
    ) async throws {
        let days = try await days()
        let (node, keys) = (days.node, ObjectKeys(slotPrefix: "demo/node01/data/slot-2"))
        if isMissing {
            try await node.client.delete(keys.data(file: 1))
        } else {
            let bytes = try await node.client.get(keys.data(file: 1), limit: 1 << 20).bytes
            _ = try await node.client.put(keys.data(file: 1), Array(bytes.dropLast()))
        }
        let out = node.path("out")
        let error = try await node.restore(Self.runs[2], to: out, configurations: Self.data).error
        #expect(error?.kind == .damaged)
        let start =
            "level 1 of '\(node.data)' of run \(Self.runs[1]), on volume 'data-02': '\(keys.data(file: 1))' "
        #expect(error?.message.hasPrefix(start) == true, "\(String(describing: error))")
        #expect(!FileSystem.exists(out))
        let full = try await node.restore(Self.runs[0], to: out, configurations: Self.data)
        #expect(full.state == .succeeded, "the full dump does not need it")
    }

    @Test func `an increment whose record names no base is never restored alone`() async throws {
        let days = try await days()
        var record = try #require(try await days.node.record(Self.runs[2]))
        record.configurations[0].dumps[0].bases = nil
        try await NodeRecordStore(client: days.node.client, layout: BucketLayout(days.node.storage)).write(
            record)
        let error = try await days.node.restore(
            Self.runs[2], to: days.node.path("out"), configurations: Self.data
        ).error
        #expect(error?.message.contains("names no dump below level 2 for '\(days.node.data)'") == true)
    }

    @Test func `a self-backup's increments come back in place, Amanda's part alone`() async throws {
        let node = try await NodeFixture(server: .shared())
        try node.configure(
            "self", disks: [node.path("etc")], slots: "{1..5}", tapecycle: 5, dumptypeLines: ["record yes"])
        let choice = ConfigurationChoice(name: "self", role: .selfBackup)
        let levels = LevelFixture(node, choice)
        try node.write("etc/amanda/self/goes", "x")
        try await levels.dump(Self.runs[0], level: 0)
        try FileSystem.remove(node.path("etc/amanda/self/goes"))
        try node.write("etc/amanda/self/comes", "y")
        try await levels.dump(Self.runs[1], level: 1)
        try FileSystem.removeTree(node.path("etc"))
        let done = try await node.restore(Self.runs[1], configurations: [choice])
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try node.read("etc/amanda/self/comes") == "y")
        #expect(!FileSystem.exists(node.path("etc/amanda/self/goes")))
        #expect(!FileSystem.exists(node.path("etc/hostname")))
        #expect(FileSystem.exists(node.path("etc/amanda-security.conf")))
    }
}
