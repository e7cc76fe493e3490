// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Glibc
import HTTPTransport
import S3
import TestSupport
import Testing

@testable import Agent

/// One directory dumped as three disks, Amanda's way for large file systems.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct SplitDirectoryTests {
    private static let data = [ConfigurationChoice(name: "data", role: .data)]
    private static let split = [
        #"localhost home-a-m DIR { all; include "./[a-m]*" }"#,
        #"localhost home-n-z DIR { all; include "./[n-z]*" }"#,
        #"localhost home-rest DIR { all; exclude "./[a-m]*"; exclude append "./[n-z]*" }"#,
    ]

    private let node: NodeFixture

    init() async throws {
        node = try await NodeFixture(server: .shared())
    }

    private func configure(_ disklist: [String], name: String = "data") throws {
        try node.configure(
            name, disks: [], slots: "{1..5}", tapecycle: 4, dumpcycle: 7,
            dumptypeLines: ["record yes", "bumpsize 1 kb", "bumpdays 1"], globalLines: ["runspercycle 7"])
        let text = disklist.map {
            $0.replacing("DIR", with: node.data).replacing("; ", with: "\n").replacing("{ ", with: "{\n")
                .replacing(" }", with: "\n}") + "\n"
        }
        try node.write("etc/amanda/\(name)/disklist", text.joined())
    }

    /// Two nights, between which something at the top goes from every part.
    private func nights() async throws -> (runs: [String], trees: [[String: String]]) {
        try configure(Self.split)
        for name in [
            "alpha", "anna/goes", "anna/stays", "north", "nora/x", "zoe", "0rest", "0dir/y", "\n\\odd",
        ] {
            try node.write("data/\(name)", "\(name), first night")
        }
        var runs: [String] = []
        var trees = [try tree(node.data)]
        #expect(try await node.backUpNow(&runs).map(\.level) == [0, 0, 0])
        for gone in ["alpha", "nora", "0rest", "anna/goes"] {
            try FileSystem.removeTree("\(node.data)/\(gone)")
        }
        for name in ["beta", "anna/new", "0new"] { try node.write("data/\(name)", "\(name), second night") }
        trees.append(try tree(node.data))
        let second = try await node.backUpNow(&runs)
        #expect(second.map(\.level) == [1, 1, 1])
        return (runs, trees)
    }

    @Test func `every night comes back, side by side, without what was deleted at the top`() async throws {
        let (runs, trees) = try await nights()
        let record = try #require(try await node.record(runs[1])).configurations[0]
        #expect(record.dumps.map(\.selection?.included) == [["anna", "beta"], ["north", "zoe"], nil])
        for night in [1, 0] {
            let out = node.path("out-\(night)")
            let done = try await node.restore(runs[night], to: out, configurations: Self.data)
            #expect(done.state == .succeeded, "\(String(describing: done.error))")
            #expect(done.restore?.disks.allSatisfy(\.notes.isEmpty) == true)
            #expect(try tree("\(out)/node01/data\(node.data)") == trees[night])
        }
        try FileSystem.removeTree(node.data)
        let inPlace = try await node.restore(runs[1], configurations: Self.data)
        #expect(inPlace.state == .succeeded, "\(String(describing: inPlace.error))")
        #expect(try tree(node.data) == trees[1])
    }

    @Test func `with delete each part is exact, without it other files stay`() async throws {
        let (runs, trees) = try await nights()
        func disturb() throws {
            for name in ["alpha", "nora/x", "0rest", "anna/stranger", "0dir/stranger", "zoe"] {
                try node.write("data/\(name)", "later")
            }
        }
        try disturb()
        let laid = try await node.restore(runs[1], overwrite: true, configurations: Self.data)
        #expect(laid.state == .succeeded, "\(String(describing: laid.error))")
        let others = ["alpha", "nora/x", "0rest", "anna/stranger", "0dir/stranger"].map { ($0, "later") }
        let expected = trees[1].merging(others + [("nora/", "")]) { $1 }
        #expect(try tree(node.data) == expected)
        try disturb()
        let exact = try await node.restore(
            runs[1], overwrite: true, delete: true, configurations: Self.data)
        #expect(exact.state == .succeeded, "\(String(describing: exact.error))")
        #expect(try tree(node.data) == trees[1])
    }

    @Test func `with delete and another disk inside, each part leaves the others alone`() async throws {
        try configure(Self.split + [#"localhost DIR/zoe/inner all"#])
        for name in ["alpha", "anna/stays", "north", "zoe/x", "zoe/inner/file", "0rest"] {
            try node.write("data/\(name)", "dumped")
        }
        try node.write("data/gone", "in the first night alone")
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        try FileSystem.removeTree("\(node.data)/gone")
        let before = try tree(node.data)
        _ = try await node.backUpNow(&runs)
        for name in ["alpha", "gone", "beta", "anna/new", "zoe/new", "zoe/inner/new", "0new", "\u{e9}/new"] {
            try node.write("data/\(name)", "later")
        }
        let exact = try await node.restore(
            runs[1], overwrite: true, delete: true, configurations: Self.data)
        #expect(exact.state == .succeeded, "\(String(describing: exact.error))")
        #expect(try tree(node.data) == before)
    }

    @Test func `a directory above what an include names is what the disk that holds it says`() async throws {
        try configure([
            #"localhost deep DIR { all; include "./a/x" }"#, #"localhost rest DIR { all; exclude "./a/x" }"#,
        ])
        for name in ["a/x/file", "a/y/file"] { try node.write("data/\(name)", "first night") }
        let above = "\(node.data)/a"
        #expect(chmod(above, 0o710) == 0 && chown(above, 1234, 4321) == 0)
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        try node.write("data/a/x/new", "second night")
        #expect(try await node.backUpNow(&runs).map(\.level) == [1, 1])

        let out = node.path("out")
        let beside = try await node.restore(runs[1], to: out, configurations: Self.data)
        #expect(beside.state == .succeeded, "\(String(describing: beside.error))")
        let over = try await node.restore(runs[1], overwrite: true, configurations: Self.data)
        #expect(over.state == .succeeded, "\(String(describing: over.error))")
        for path in ["\(out)/node01/data\(above)", above] {
            let status = try FileSystem.status(path)
            #expect(status?.mode == 0o710, "\(path)")
            #expect(status?.owner == FileOwner(userID: 1234, groupID: 4321), "\(path)")
        }
    }

    @Test func `a level whose names nobody recorded says that deleted ones are back`() async throws {
        let (runs, trees) = try await nights()
        var record = try #require(try await node.record(runs[0]))
        for index in record.configurations[0].dumps.indices {
            record.configurations[0].dumps[index].selection = nil
        }
        try await NodeRecordStore(client: node.client, layout: BucketLayout(node.storage)).write(record)
        let out = node.path("out")
        let done = try await node.restore(runs[1], to: out, configurations: Self.data)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let noted = done.restore?.disks.filter {
            $0.notes.contains { $0.contains("are not recorded for every level") }
        }
        #expect(noted?.map(\.disk) == ["home-a-m", "home-n-z"])
        let found = try tree("\(out)/node01/data\(node.data)")
        #expect(found["alpha"] == "alpha, first night")
        #expect(trees[1].allSatisfy { found[$0.key] == $0.value })
    }

    @Test func `without a record the index tells the parts apart`() async throws {
        let (runs, trees) = try await nights()
        for run in runs {
            try await node.client.delete(
                BucketLayout(node.storage).nodeRecord(try #require(RunName(run)), node: "node01"))
        }
        let first = try await node.restore(runs[0], to: node.path("first"), configurations: Self.data)
        #expect(first.state == .succeeded, "\(String(describing: first.error))")
        #expect(try tree("\(node.path("first"))/node01/data\(node.data)") == trees[0])
        let second = try await node.restore(runs[1], to: node.path("second"), configurations: Self.data)
        #expect(second.state == .succeeded, "\(String(describing: second.error))")
        #expect(second.restore?.disks.contains { $0.notes.contains { $0.contains("is back") } } == true)
    }

    @Test(arguments: [
        ([#"localhost one DIR all"#, #"localhost two DIR all"#], "both are the whole directory"),
        (
            [
                #"localhost one DIR { all; include "./[a-m]*" }"#,
                #"localhost two DIR { all; include "./a*" }"#,
            ], "both hold './alpha'"
        ),
        (
            [
                #"localhost one DIR { all; include "./[a-m]*" }"#,
                #"localhost two DIR { all; exclude "./[b-m]*" }"#,
            ], "both hold './alpha'"
        ),
        ([#"localhost one DIR/. all"#, #"localhost two DIR all"#], "both are the whole directory"),
    ])
    func `disks that would overwrite each other are refused, and status and plan say so before`(
        disklist: [String], reason: String
    ) async throws {
        try configure(disklist)
        try node.write("data/alpha", "a")
        let work = NodeStorage(settings: node.settings, transport: try HTTPTransport())
        let checked = [try await node.checked(Self.data[0])]
        let status = try await ConfigurationStatus.all(of: checked, node.settings)
        let said = try #require(status[0].restoreErrors?.first, "\(status)")
        #expect(said.message.contains(reason) && said.message.contains("'one' of 'data' and 'two' of 'data'"))
        #expect(status[0].faults.isEmpty)
        let plan = try await node.backUp("20261123030600", dryRun: true)
        let notes = try #require(plan.record).configurations[0].notes
        #expect(
            notes.contains { $0.contains("a restore would refuse it") && $0.contains(reason) }, "\(notes)")

        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        let run = try #require(RunName(runs[0]))
        let question = RestorabilityQuestion(
            StatusQuestion(storage: node.storage, configurations: Self.data), run: run, provesFiles: true)
        let answer = await RestorabilityAnswer(settings: node.settings, storage: work).restorability(
            answering: question)
        #expect(answer.state == .refused, "\(answer)")
        for target in [nil, node.path("out")] {
            let refused = try await node.restore(
                runs[0], to: target, overwrite: true, configurations: Self.data)
            #expect(refused.error?.message.contains(reason) == true, "\(refused)")
        }
        #expect(!FileSystem.exists(node.path("out")))
    }

    @Test func `one device in two configurations is refused together, and restored one at a time`()
        async throws
    {
        try configure([#"localhost one DIR all"#])
        try configure([#"localhost DIR all"#], name: "self")
        try node.write("data/alpha", "a")
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        let refused = try await node.restore(runs[0], overwrite: true)
        #expect(refused.error?.message.contains("would both go to '\(node.data)'") == true, "\(refused)")
        #expect(refused.error?.hint == "restore one configuration at a time, with '--configuration'.")
        let one = try await node.restore(runs[0], overwrite: true, configurations: Self.data)
        #expect(one.state == .succeeded, "\(String(describing: one.error))")
    }
}
