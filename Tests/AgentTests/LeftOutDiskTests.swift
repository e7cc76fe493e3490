// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import S3
import TestSupport
import Testing

@testable import Agent

/// A run that leaves a disk out on purpose still brings back the whole node.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct LeftOutDiskTests {
    private static let data = [ConfigurationChoice(name: "data", role: .data)]

    /// Two disks: one is dumped in full every night, the other as `lines` say.
    private func fixture(_ lines: String = "") async throws -> NodeFixture {
        let fixture = try await NodeFixture(server: .shared())
        try configure(fixture, lines)
        for name in ["data/a", "more/stays", "more/goes"] { try fixture.write(name, "first") }
        return fixture
    }

    private func configure(
        _ fixture: NodeFixture, _ lines: String, slots: String = "{1..9}", globals: [String] = [],
        definitions: [String] = []
    ) throws {
        try fixture.configure(
            "data", disks: [], slots: slots, tapecycle: 1, dumpcycle: 7,
            dumptypeLines: ["record yes", "bumpsize 1 kb", "bumpdays 1"],
            globalLines: ["runspercycle 7"] + globals, definitions: definitions)
        try fixture.write(
            "etc/amanda/data/disklist",
            """
            localhost \(fixture.data) {
              all
              strategy noinc
            }
            localhost \(fixture.path("more")) {
              all
              \(lines)
            }

            """)
    }

    /// Level 0, level 1 with a deletion, and a night without the disk.
    private func nights() async throws -> (fixture: NodeFixture, runs: [String], trees: [[String: String]]) {
        let fixture = try await fixture()
        var runs: [String] = []
        #expect(try await fixture.backUpNow(&runs).map(\.level) == [0, 0])
        try FileSystem.remove(fixture.path("more/goes"))
        try fixture.write("more/new", "second")
        let more = try tree(fixture.path("more"))
        #expect(try await fixture.backUpNow(&runs).map(\.level) == [0, 1])
        try configure(fixture, "skip-incr yes")
        try fixture.write("data/a", "third")
        let data = try tree(fixture.data)
        try fixture.write("more/late", "in no dump")
        let dumps = try await fixture.backUpNow(&runs)
        #expect(dumps.map(\.status) == [.ok, .skipped])
        #expect(dumps[1].bases?.map(\.level) == [0, 1])
        #expect(dumps[1].bases?.map(\.run.digits) == Array(runs.dropLast()))
        #expect(dumps[1].notes.isEmpty)
        return (fixture, runs, [data, more])
    }

    private func restored(_ fixture: NodeFixture, _ out: String) throws -> [[String: String]] {
        try [fixture.data, fixture.path("more")].map { try tree("\(fixture.path(out))/node01/data\($0)") }
    }

    @Test func `it comes back with its chain, on an empty machine and from the catalog`() async throws {
        let (fixture, runs, trees) = try await nights()
        try FileSystem.rename(fixture.path("etc"), to: fixture.path("etc-gone"))
        let empty = try await fixture.restore(
            runs[2], to: fixture.path("out"), configurations: Self.data)
        #expect(empty.state == .succeeded, "\(String(describing: empty.error))")
        #expect(try restored(fixture, "out") == trees)
        let note = "left out of this run: it is back as run \(runs[1]) found it"
        #expect(empty.restore?.disks.map(\.notes) == [[], [note]])

        try FileSystem.rename(fixture.path("etc-gone"), to: fixture.path("etc"))
        let run = try #require(RunName(runs[2]))
        try await fixture.client.delete(BucketLayout(fixture.storage).nodeRecord(run, node: "node01"))
        let known = try await fixture.restore(
            runs[2], to: fixture.path("again"), configurations: Self.data)
        #expect(known.state == .succeeded, "\(String(describing: known.error))")
        #expect(try restored(fixture, "again") == trees)
        #expect(known.restore?.disks.map(\.notes) == [[], [note]])
    }

    @Test func `an overwritten volume of its chain is named, and nothing is written`() async throws {
        let (fixture, runs, _) = try await nights()
        let base = try #require(try await fixture.record(runs[2])?.configurations[0].dumps[1].bases?.last)
        let volume = try #require(base.volumes.first)
        let newer = VolumeHeader(datestamp: Datestamp("20271126030600"), label: volume.label)
        _ = try await fixture.client.put(ObjectKeys(slotPrefix: volume.prefix).volumeLabel, newer.bytes)
        let out = fixture.path("out")
        let error = try await fixture.restore(runs[2], to: out, configurations: Self.data).error
        #expect(
            error?.message == """
                level 1 of '\(fixture.path("more"))' of run \(runs[1]), on volume '\(volume.label)', which was \
                overwritten by run 20271126030600 (volume '\(volume.label)') in '\(volume.place)'
                """)
        #expect(!FileSystem.exists(out))
    }

    @Test func `where nothing stands for it, run and restore say so and the others come back`() async throws {
        let fixture = try await fixture("skip-full yes")
        var runs: [String] = []
        let dumps = try await fixture.backUpNow(&runs)
        #expect(dumps.map(\.status) == [.ok, .skipped])
        #expect(dumps[1].bases == nil)
        #expect(dumps[1].notes == ["nothing stands for it: it was never dumped"])
        let expected = """
            run \(runs[0]) has no usable dump of '\(fixture.path("more"))': it was left out of the run; nothing stands \
            for it: it was never dumped
            """
        for out in ["out", "again"] {
            let done = try await fixture.restore(runs[0], to: fixture.path(out), configurations: Self.data)
            #expect(done.restore?.disks.compactMap(\.error?.message) == [expected])
            #expect(FileSystem.exists("\(fixture.path(out))/node01/data\(fixture.data)/a"))
            let run = try #require(RunName(runs[0]))
            try await fixture.client.delete(BucketLayout(fixture.storage).nodeRecord(run, node: "node01"))
        }
    }

    @Test func `a dump that was held stands for it once it is sent, and an older one never does`()
        async throws
    {
        let fixture = try await fixture()
        var runs: [String] = []
        func reconfigure(_ slots: String, _ autoflush: String, _ lines: String = "") throws {
            try configure(
                fixture, lines, slots: slots, globals: ["autoflush \(autoflush)"],
                definitions: ["holdingdisk hd {\n directory \"\(fixture.path("holding"))\"\n}"])
        }
        #expect(try await fixture.backUpNow(&runs).map(\.status) == [.ok, .ok])
        try fixture.write("more/new", "held")
        // The only slot holds what nothing may overwrite.
        try FileSystem.makeDirectories(fixture.path("holding"))
        try reconfigure("1", "no")
        let dumps = try await fixture.backUpNow(&runs)
        #expect(dumps.map(\.status) == [.held, .held])
        let held = try tree(fixture.path("more"))
        try fixture.write("more/late", "in no dump")
        try reconfigure("{1..9}", "no", "skip-full yes")
        try fixture.force("more")
        let waiting = try await fixture.backUpNow(&runs)[1]
        #expect(waiting.status == .skipped && waiting.bases == nil)
        #expect(
            waiting.notes == [
                "nothing stands for it: its newest dump, level \(dumps[1].level) of run \(runs[1]), lies on this node's "
                    + "holding disk"
            ])
        try reconfigure("{1..9}", "yes", "skip-full yes")
        try fixture.force("more")
        let sent = try await fixture.backUpNow(&runs)[1]
        #expect(sent.status == .skipped && sent.notes.isEmpty)
        #expect(sent.bases?.last?.run.digits == runs[1])
        let done = try await fixture.restore(runs[3], to: fixture.path("out"), configurations: Self.data)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try restored(fixture, "out")[1] == held)
    }
}
