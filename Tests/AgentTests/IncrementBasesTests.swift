// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Foundation
import TestSupport
import Testing

@testable import Agent

/// An increment is planned only onto what a restore will find.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed")))
struct IncrementBasesTests {
    private func fixture(_ dumptypeLines: [String] = []) async throws -> LevelFixture {
        let node = try await NodeFixture(server: .shared())
        try node.configure(
            "data", disks: [node.data], slots: "{1..5}", tapecycle: 5,
            dumptypeLines: ["record yes"] + dumptypeLines)
        try node.write("data/file", "x")
        return LevelFixture(node)
    }

    /// A run's name so many hours from now, as this machine's clock names it.
    private func run(hours: Int) throws -> String {
        let now = Int64(Date().timeIntervalSince1970)
        return try #require(Datestamp(localTimeOf: now + Int64(hours) * 3600)).description
    }

    private func snapshot(_ fixture: LevelFixture, _ level: Int) throws -> String {
        let names = try FileSystem.list(fixture.node.path("gnutar-lists"))
        return fixture.node.path("gnutar-lists/" + (try #require(names.first { $0.hasSuffix("_\(level)") })))
    }

    @Test func `one level more than there is, and a full dump where nothing is`() async throws {
        let fixture = try await fixture()
        let first = try await fixture.bases(for: run(hours: -3))
        #expect(first.bases.baseLevels(of: first.entry) == [])
        let reason = try await fixture.refusal(1, for: run(hours: -3))
        #expect(reason == "no dump below level 1 is in the catalog")
        try await fixture.dump(run(hours: -1), level: 0)
        let second = try await fixture.bases(for: run(hours: 1))
        #expect(second.bases.baseLevels(of: second.entry) == [0])
        let record = try await fixture.dump(run(hours: 1), level: 1)
        #expect(record.bases?.map(\.level) == [0])
        #expect(record.bases?.first?.parts.map(\.byteCount).allSatisfy { ($0 ?? 0) > 0 } == true)
        let third = try await fixture.bases(for: run(hours: 2))
        #expect(third.bases.baseLevels(of: third.entry) == [0, 1])
    }

    @Test func `a snapshot that is lost takes its increments along`() async throws {
        let fixture = try await fixture()
        try await fixture.dump(run(hours: -1), level: 0)
        try await fixture.dump(run(hours: 1), level: 1)
        try FileSystem.remove(try snapshot(fixture, 1))
        let directory = fixture.node.path("gnutar-lists")
        #expect(
            try await fixture.refusal(2, for: run(hours: 2))
                == "there is no snapshot of level 1 in '\(directory)'")
        let found = try await fixture.bases(for: run(hours: 2))
        #expect(found.bases.baseLevels(of: found.entry) == [0])
        try FileSystem.removeTree(directory)
        let none = try await fixture.bases(for: run(hours: 2))
        #expect(none.bases.baseLevels(of: none.entry) == [])
    }

    @Test func `a snapshot of a time that has not come yet is not built on`() async throws {
        let fixture = try await fixture()
        let base = try run(hours: -1)
        try await fixture.dump(base, level: 0)
        #expect(try await fixture.refusal(1, for: run(hours: 1)) == nil)
        let path = try snapshot(fixture, 0)
        let bytes = try FileSystem.readAll(path)
        let line = try #require(bytes.firstIndex(of: 10)) + 1
        let digits = Array(String(Int64(Date().timeIntervalSince1970) + 7200).utf8)
        let ahead = Array(bytes[..<line]) + digits + Array(bytes[(line + digits.count)...])
        try FileSystem.writeAtomically(path, ahead, mode: 0o600)
        #expect(
            try await fixture.refusal(1, for: run(hours: 1))
                == "the snapshot of level 0 is of a time that has not come yet: this machine's clock was set back since run \(base)"
        )
        try FileSystem.writeAtomically(path, bytes, mode: 0o600)
        #expect(try await fixture.refusal(1, for: run(hours: 1)) == nil)
    }

    @Test func `a run whose clock is ahead of the store's leaves a snapshot of the store's time`()
        async throws
    {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let node = try await NodeFixture(server: server, endpoint: proxy.endpoint)
        try node.configure("data", disks: [node.data], slots: "{1..5}", dumptypeLines: ["record yes"])
        try node.write("data/file", "x")
        let format = DateFormatter()
        (format.locale, format.timeZone) = (Locale(identifier: "en_US_POSIX"), .gmt)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let behind = format.string(from: Date().addingTimeInterval(-300))
        proxy.inject(.changeHeader("date") { _ in behind }, times: 9_999)
        var runs: [String] = []
        let before = Int64(Date().timeIntervalSince1970)
        _ = try await node.backUpNow(&runs)
        let after = Int64(Date().timeIntervalSince1970)
        let fixture = LevelFixture(node)
        let head = try FileSystem.readAll(snapshot(fixture, 0)).split(separator: 10, maxSplits: 1)
        let digits = try #require(head.last).prefix { $0 != 0 }
        let started = try #require(Int64(String(decoding: digits, as: UTF8.self)))
        // The store's clock stands still here: it is the further behind the longer the job takes.
        #expect((before - 301 - (after - before)...after - 298).contains(started), "\(started - before)")
    }

    /// Stock amgtar renames the snapshot when tar has ended; the volume may fail after that.
    @Test func `a snapshot that a later run left, whose dump the catalog does not have, is not built on`()
        async throws
    {
        let fixture = try await fixture()
        let base = try run(hours: -5)
        try await fixture.dump(base, level: 0)
        #expect(try await fixture.refusal(1, for: run(hours: 1)) == nil)
        let killed = try run(hours: -2)
        let text = "DISK planner localhost \(fixture.node.data)\n"
        try fixture.node.write("etc/amanda/data/log.\(killed).0", text)
        #expect(
            try await fixture.refusal(1, for: run(hours: 1))
                == "the snapshot of level 0 is not that of run \(base)")
    }

    @Test
    func `where full dumps are made by other means, what has no base holds everything, and comes back alone`()
        async throws
    {
        let fixture = try await fixture(["strategy incronly"])
        let (first, second) = (try run(hours: -1), try run(hours: 1))
        #expect(try await fixture.dump(first, level: 1).bases == [])
        #expect(try await fixture.dump(second, level: 2).bases?.map(\.level) == [1])
        try FileSystem.removeTree(fixture.node.path("gnutar-lists"))
        let third = try run(hours: 2)
        #expect(try await fixture.dump(third, level: 2).bases == [])
        for run in [first, second, third] {
            let out = fixture.node.path("out-\(run)")
            let done = try await fixture.node.restore(
                run, to: out, configurations: [.init(name: "data", role: .data)])
            #expect(done.state == .succeeded, "\(String(describing: done.error))")
            #expect(try fixture.node.read("out-\(run)/node01/data\(fixture.node.data)/file") == "x")
            #expect(
                done.restore?.disks.first?.notes.first?.hasPrefix("no full dump is known below level") == true
            )
        }
    }
}
