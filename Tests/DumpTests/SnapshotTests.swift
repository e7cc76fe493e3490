// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Dump

/// What the next increment builds on is never a dump that does not count.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct SnapshotTests {
    private func names(_ fixture: DumpFixture) throws -> [String] {
        let stem = "localhost\(sanitisedDiskName(fixture.source))_"
        return try FileSystem.list(fixture.snapshots).map { $0.replacing(stem, with: "") }
    }

    private func snapshots(_ fixture: DumpFixture) throws -> TarSnapshots {
        try TarSnapshots(host: "localhost", dle: fixture.plan().dle)
    }

    private func failure(_ outcome: DumpOutcome) -> String {
        if case .failed(let error) = outcome.status { "\(error)" } else { "" }
    }

    @Test func `it has its name only when the dump stands in the catalog, and belongs to the dumpuser`()
        async throws
    {
        let fixture = try await DumpFixture(server: .shared())
        try shell("touch x", in: fixture.source)
        try shell("chown 1234:4321 .", in: fixture.snapshots)  // whose rights it is written with
        #expect(try snapshots(fixture).highestLevel == nil)
        var plan = try fixture.plan()
        plan.snapshotOwner = FileOwner(userID: 1234, groupID: 4321)
        let before = Int64(Date().timeIntervalSince1970)
        let outcome = try await fixture.dump(plan)
        #expect(try names(fixture) == ["0.new"] && snapshots(fixture).highestLevel == nil)
        try outcome.snapshot?.keep()
        #expect(try names(fixture) == ["0"] && snapshots(fixture).highestLevel == 0)
        let path = try fixture.snapshots + "/" + #require(FileSystem.list(fixture.snapshots).first)
        let status = try FileSystem.status(path)
        #expect(status?.owner == plan.snapshotOwner && status?.mode == 0o600)
        #expect(try #require(snapshots(fixture).startedAt(level: 0)) >= before)
    }

    /// Set back afterwards, such a clock gives what changes next a time before the snapshot's, and tar leaves it out.
    @Test func `made by a clock that is ahead, it is put back to when it was`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("touch x", in: fixture.source)
        var plan = try fixture.plan()
        plan.clockAheadSeconds = 3600
        let before = Int64(Date().timeIntervalSince1970)
        try await fixture.dump(plan).snapshot?.keep()
        let started = try #require(snapshots(fixture).startedAt(level: 0))
        let after = Int64(Date().timeIntervalSince1970)
        #expect((before - 3600...after - 3600).contains(started), "\(started), \(before)")
        let next = try await fixture.dumpLevel(1, firstFile: 2)
        #expect(next.strange.isEmpty && next.notes.isEmpty)
        #expect(try next.indexedNames.contains("/x"))
    }

    /// What changed since its base has a time before it.
    @Test func `by a clock that is behind, an increment holds what changed around its base once more`()
        async throws
    {
        let fixture = try await DumpFixture(server: .shared())
        try shell("touch x; touch -d '2 hours ago' x; sleep 1.1", in: fixture.source)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        func names(behind seconds: Int64, level: Int, file: UInt32) async throws -> [String] {
            var plan = try fixture.increment(level, fixture.volume(firstFile: file))
            plan.clockAheadSeconds = -seconds
            let outcome = try await fixture.dump(plan)
            try #require(outcome.isUsable, "\(outcome.status)")
            try outcome.snapshot?.keep()
            return try outcome.indexedNames
        }
        #expect(try await !names(behind: 0, level: 1, file: 2).contains("/x"))
        #expect(try await names(behind: 3600, level: 1, file: 3).contains("/x"))
    }

    @Test func `a dump that the catalog did not get leaves none, and none of its level stays`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        for level in 0...3 { _ = try await fixture.dumpLevel(level, firstFile: UInt32(level) + 1) }
        #expect(try names(fixture) == ["0", "1", "2", "3"])
        let outcome = try await fixture.dump(fixture.increment(2, fixture.volume(firstFile: 5)))
        outcome.snapshot?.discard()
        #expect(try names(fixture) == ["0", "1"], "those above are outdated")
        #expect(try snapshots(fixture).highestLevel == 1)
    }

    @Test func `an unrecorded dump leaves every snapshot as it was`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        for level in 0...1 { _ = try await fixture.dumpLevel(level, firstFile: UInt32(level) + 1) }
        let before = try shell("sha256sum *", in: fixture.snapshots)
        let outcome = try await fixture.dump(
            fixture.plan(volume: fixture.volume(firstFile: 3)) { $0.isRecorded = false })
        #expect(outcome.isUsable && outcome.snapshot == nil)
        #expect(try shell("sha256sum *", in: fixture.snapshots) == before)
    }

    @Test func `a dump that fails or is cancelled leaves every snapshot as it was`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        for level in 0...1 { _ = try await fixture.dumpLevel(level, firstFile: UInt32(level) + 1) }
        let before = try shell("sha256sum *", in: fixture.snapshots)
        try shell("head -c 20M /dev/urandom > random", in: fixture.source)
        let storage = StoragePlan(blockByteCount: 5 << 20)
        proxy.inject(
            .error(status: 403, code: "AccessDenied"), method: "PUT", target: "partNumber=2", times: 100)
        let failed = try await fixture.dump(
            fixture.increment(1, fixture.volume(storage, firstFile: 3)))
        #expect(!failed.isUsable && failed.snapshot == nil)
        #expect(try shell("sha256sum *", in: fixture.snapshots) == before)

        proxy.clear()
        proxy.inject(.delay(.seconds(30)), method: "PUT", target: "partNumber=1", times: 100)
        let plan = try fixture.increment(2, fixture.volume(storage, firstFile: 4))
        let sent = proxy.requests.count
        let task = Task { try await fixture.dump(plan) }
        while !proxy.requests.dropFirst(sent).contains(where: { $0.contains("partNumber=1") }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try shell("sha256sum *", in: fixture.snapshots) == before)
    }

    @Test func `an increment without a base is refused before the first byte`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("touch x", in: fixture.source)
        let none = try await fixture.dump(fixture.plan { $0.level = 1 })
        #expect(
            failure(none) == """
                '\(fixture.snapshots)' has no snapshot that a dump of level 1 could build on
                hint: make a full dump of this disk ('amadmin CONFIGURATION force HOST DISK').
                """)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        var plan = try fixture.plan { $0.level = 2 }
        plan.base = .level(1)
        let missing = try await fixture.dump(plan)
        #expect(failure(missing).hasPrefix("'\(fixture.snapshots)' has no snapshot of level 1 that"))
        try shell("for f in *_0; do : > $f; done", in: fixture.snapshots)
        #expect(try snapshots(fixture).highestLevel == nil, "an empty file would make tar store everything")
    }

    @Test func `the highest level is found over gaps, and among the files of other disks`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("touch x", in: fixture.source)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        let name = "localhost\(sanitisedDiskName(fixture.source))_"
        for copy in ["\(name)7", "\(name)399.new", "\(name)08", "\(name)400", "\(name)x_9", "other_11"] {
            try shell("cp '\(name)0' '\(copy)'", in: fixture.snapshots)
        }
        try shell(": > '\(name)12'", in: fixture.snapshots)
        let lasting = try snapshots(fixture)
        #expect(lasting.highestLevel == 7, "one that is empty is no base")
        #expect(lasting.highestLevel(below: 7) == 0)
        let listing = SnapshotListing(fixture.snapshots)
        #expect(listing.levels(of: name) == [12, 7, 0] && listing.levels(of: "other_") == [11])
        #expect(SnapshotListing(fixture.snapshots + "/none").levels(of: name).isEmpty)
    }

    @Test func `a link in the place of a snapshot is neither read nor written through`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("touch x", in: fixture.source)
        let name = "localhost\(sanitisedDiskName(fixture.source))_0"
        try shell(
            "echo precious > precious; ln -s ../precious 'snapshots/\(name).new'", in: fixture.directory.path)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        #expect(try shell("cat precious", in: fixture.directory.path) == "precious\n")
        try shell(
            "mv 'snapshots/\(name)' kept; ln -s ../kept 'snapshots/\(name)'", in: fixture.directory.path)
        #expect(try snapshots(fixture).highestLevel == nil)
    }

    @Test func `a snapshot that is cut short fails the increment by its name`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("mkdir a b; touch a/x b/x", in: fixture.source)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        let name = "localhost\(sanitisedDiskName(fixture.source))_0"
        let size = try FileSystem.readAll("\(fixture.snapshots)/\(name)").count
        for length in [size - 1, size - 2, size / 2, 60] {
            try shell("truncate -s \(length) '\(name)'", in: fixture.snapshots)
            let outcome = try await fixture.dump(
                fixture.increment(1, fixture.volume(firstFile: 2)))
            #expect(failure(outcome).hasPrefix("the snapshot '\(fixture.snapshots)/\(name)' is damaged"))
        }
    }

    /// `rm -r x y; mkdir y`: the new `y` has the number of the old `x`, and tar would say that it was renamed.
    @Test func `a directory that took another's number is no renaming`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("mkdir x y; echo 1 > x/1; echo 2 > y/2", in: fixture.source)
        let full = try await fixture.dumpLevel(0, firstFile: 1)
        try shell("sleep 0.1; mv x z; rm -r y; mv z y; echo 3 > y/3", in: fixture.source)
        let increment = try await fixture.dumpLevel(1, firstFile: 2)
        try await fixture.restoreChain([full, increment])
        try shell("diff -r source target", in: fixture.directory.path)
        let again = try await fixture.dump(
            fixture.increment(2, fixture.volume(firstFile: 3)))
        #expect(try again.indexedNames == ["/", "/y/"], "the new snapshot knows everything")
    }
}
