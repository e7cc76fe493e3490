// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Agent

/// Runs of a node whose levels are planned.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(9)))
struct PlannedRunTests {
    private func fixture(globals: [String] = [], dumptype: [String] = []) async throws -> NodeFixture {
        let fixture = try await NodeFixture(server: .shared())
        try fixture.configure(
            "data", disks: [fixture.data, fixture.path("more")], slots: "{1..9}", tapecycle: 8, dumpcycle: 7,
            dumptypeLines: ["record yes", "bumpsize 1 kb", "bumpdays 1"] + dumptype,
            globalLines: ["runspercycle 7"] + globals)
        for directory in ["data", "more"] {
            try fixture.write("\(directory)/a.txt", String(repeating: "first\n", count: 1000))
        }
        return fixture
    }

    @Test func `levels follow one another, and amadmin's force is obeyed once`() async throws {
        let fixture = try await fixture()
        var runs: [String] = []
        #expect(try await fixture.backUpNow(&runs).map(\.level) == [0, 0])
        try fixture.write("data/b.txt", "second\n")
        let second = try await fixture.backUpNow(&runs)
        #expect(second.map(\.level) == [1, 1])
        #expect(second.allSatisfy { $0.expectation?.reason == "level 1 follows a full dump" })
        try fixture.force("data")
        let third = try await fixture.backUpNow(&runs)
        #expect(third.map(\.level) == [0, 1], "\(third.compactMap(\.expectation?.reason))")
        #expect(third[0].expectation?.reason == "forced by amadmin force")
        let fourth = try await fixture.backUpNow(&runs)
        #expect(fourth.map(\.level) == [1, 1], "\(fourth.compactMap(\.expectation?.reason))")
    }

    @Test func `an increment is not built on a snapshot of another dump`() async throws {
        let fixture = try await fixture()
        var runs: [String] = []
        _ = try await fixture.backUpNow(&runs)
        // Another configuration has dumped the same disk into the same list directory since.
        let lists = fixture.path("gnutar-lists")
        let name = try #require(try FileSystem.list(lists).first { $0.hasSuffix("_data_0") })
        let text = String(decoding: try FileSystem.readAll("\(lists)/\(name)"), as: UTF8.self)
        let lines = text.split(separator: "\n", maxSplits: 1)
        let rest = lines[1].drop { $0 != "\0" }
        try FileSystem.writeAtomically(
            "\(lists)/\(name)", Array("\(lines[0])\n\(Int64(Date().timeIntervalSince1970) + 60)\(rest)".utf8))
        #expect(try await fixture.backUpNow(&runs).map(\.level) == [0, 1])
    }

    @Test func `disks are dumped side by side where maxdumps allows it`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        let disks = (1...3).map { fixture.path("disk\($0)") }
        try fixture.configure(
            "data", disks: disks, dumptypeLines: ["record no", "maxdumps 3"], globalLines: ["inparallel 3"])
        for number in 1...3 { try fixture.write("disk\(number)/x.txt", "\(number)\n") }
        proxy.inject(.delay(.seconds(12)), method: "POST", target: "uploads", times: 3)
        let done = try await fixture.backUp("20261123030600")
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let dumps = try #require(done.record).configurations[0].dumps
        #expect(dumps.map(\.disk) == disks)
        #expect(dumps.flatMap(\.parts).map(\.fileNumber).sorted() == [1, 2, 3])
        // Every upload has begun before the first of them ends.
        let uploads = proxy.requests.filter { $0.hasPrefix("POST ") && $0.contains("/node01/data/slot-") }
        #expect(uploads.count == 6)
        #expect(uploads.prefix(3).allSatisfy { $0.contains("uploads") }, "\(uploads)")
    }

    @Test func `a plan says level, size and why, and what cannot fit is refused before`() async throws {
        let fixture = try await fixture(globals: ["maxdumpsize 10 kb"])
        let planned = try await fixture.backUp("20261123030600", dryRun: true)
        let dumps = try #require(planned.record).configurations[0].dumps
        #expect(dumps.map(\.status) == [.failed, .failed])
        #expect(planned.state == .failed)
        #expect(planned.error?.kind == .configuration)
        #expect(
            planned.error?.message.contains("does not fit into") == true,
            "\(String(describing: planned.error))")
        #expect(planned.error?.hint?.contains("maxdumpsize") == true)
    }

    @Test func `a plan names lists that are missing and the share of the cluster's cap`() async throws {
        let fixture = try await fixture(dumptype: ["exclude list \".excludes\"", "strategy hanoi"])
        try fixture.write("data/large.bin", String(repeating: "0123456789abcdef", count: 1 << 18))
        try fixture.write("more/.excludes", "./x\n")
        var request = try fixture.request(
            "20261123030600", .backup(BackupOrder(configurations: NodeFixture.both, dryRun: true)))
        request.sendBytesPerSecond = 10
        let notes = try #require(try await fixture.run(request).record).configurations[0].notes
        let strange = notes.filter { $0.contains("every dump is STRANGE: ") }
        #expect(strange.count == 1, "\(notes)")
        #expect(strange.first?.contains("'\(fixture.data)/.excludes': No such file or directory") == true)
        #expect(
            notes.contains {
                $0.contains("without this node's share of limits.sendMiBPerSecond in cluster.json")
            },
            "\(notes)")
        #expect(notes.contains { $0.contains("strategy hanoi is planned as standard") }, "\(notes)")
    }

    @Test func `a night is too short for all configurations together`() async throws {
        let fixture = try await fixture()
        try fixture.configure("self", disks: [fixture.path("etc")])
        for directory in ["data", "etc"] {
            try fixture.write("\(directory)/large.bin", String(repeating: "0123456789abcdef", count: 1 << 18))
        }
        var request = try fixture.request(
            "20261123030600", .backup(BackupOrder(configurations: NodeFixture.both, dryRun: true)))
        request.sendBytesPerSecond = 40
        let configurations = try #require(try await fixture.run(request).record).configurations
        let notes: [String] = configurations.flatMap(\.notes)
        let warnings = notes.filter { $0.contains("is expected to take") }
        #expect(warnings.count == 1, "\(notes)")
        let parts = /take (\d+) h \d+ min \(one after the other: data (\d+) h \d+ min, self (\d+) h \d+ min\)/
        let warning = try #require(warnings.first)
        let match = try #require(warning.firstMatch(of: parts), "\(warnings)")
        let hours = [match.1, match.2, match.3].compactMap { Int($0) }
        #expect(hours[0] >= 24 && hours[1] < 24 && hours[2] < 24, "\(warnings)")
    }
}
