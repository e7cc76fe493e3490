// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Foundation
import TestSupport
import Testing

/// A database that is frozen before its dump, and must be thawed whatever happens.
@Suite(.enabled(if: RequiredTools.areUsable("weed") && geteuid() == 0), .timeLimit(.minutes(5)))
struct FrozenDatabaseTests {
    private let scripts: ScriptFixture

    init() throws {
        scripts = try ScriptFixture([("freeze", "execute-on pre-dle-backup, post-dle-backup")])
        try scripts.write(
            "freeze",
            """
            echo $1 >> $RECORD/points
            if [ $1 = PRE-DLE-BACKUP ]; then echo frozen > $RECORD/lock; else rm $RECORD/lock; fi
            """)
    }

    private func dump(_ fixture: DumpFixture, _ plan: DumpPlan) async throws -> DumpOutcome {
        try await scripts.runner().dump(plan, of: scripts.entry) { try await fixture.dump($0) }
    }

    private var isFrozen: Bool { scripts.recorded("lock") != nil }
    private var points: String? { scripts.recorded("points") }

    @Test func `it is frozen while tar reads, and thawed afterwards`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("echo row > table; ln -s \(scripts.record)/lock lock", in: fixture.source)
        let tar = try fixture.directory.write(
            "tar", "#!/bin/sh\ncp '\(scripts.record)/lock' '\(fixture.source)/seen'\nexec /bin/tar \"$@\"\n")
        try shell("chmod 755 '\(tar)'", in: "/")
        let outcome = try await dump(
            fixture, fixture.plan { $0.properties.append(.init(name: "gnutar-path", values: [tar])) })
        guard case .done = outcome.status else {
            Issue.record("\(outcome.status) \(outcome.strange)")
            return
        }
        #expect(try shell("cat seen", in: fixture.source) == "frozen\n")
        #expect(!isFrozen && points == "PRE-DLE-BACKUP\nPOST-DLE-BACKUP\n")
    }

    @Test func `it is thawed after a dump that failed`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let outcome = try await dump(fixture, fixture.plan { $0.disk = "/no/such/directory" })
        #expect(!outcome.isUsable)
        #expect(!isFrozen && points == "PRE-DLE-BACKUP\nPOST-DLE-BACKUP\n")
    }

    @Test func `it is thawed after a run that was cancelled in mid-dump`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let tar = try fixture.directory.write("tar", "#!/bin/sh\nsleep 100\n")
        try shell("chmod 755 '\(tar)'", in: "/")
        let plan = try fixture.plan { $0.properties.append(.init(name: "gnutar-path", values: [tar])) }
        let task = Task { try await dump(fixture, plan) }
        while !isFrozen { try await Task.sleep(for: .milliseconds(20)) }
        try await Task.sleep(for: .milliseconds(300))
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(!isFrozen && points == "PRE-DLE-BACKUP\nPOST-DLE-BACKUP\n")
    }

    @Test func `a database that cannot be frozen is not dumped, and the reason stands in the outcome`()
        async throws
    {
        try scripts.write(
            "freeze", "echo $1 >> $RECORD/points; echo 'database is down' >&2; [ $1 = POST-DLE-BACKUP ]")
        let fixture = try await DumpFixture(server: .shared())
        try shell("echo row > table", in: fixture.source)
        let outcome = try await dump(fixture, fixture.plan())
        guard case .failed(let error) = outcome.status else {
            Issue.record("\(outcome.status)")
            return
        }
        #expect(
            "\(error)"
                == "script 'freeze' exited with status 1 at PRE-DLE-BACKUP of '/srv/data': database is down")
        #expect(outcome.strange == ["Script 'freeze' command 'POST-DLE-BACKUP': database is down"])
        #expect(try await fixture.listedKeys() == [])
        #expect(points == "PRE-DLE-BACKUP\nPOST-DLE-BACKUP\n")
    }

    @Test func `a database that cannot be thawed makes a whole dump strange`() async throws {
        try scripts.write("freeze", "[ $1 = PRE-DLE-BACKUP ] || { echo 'still frozen' >&2; exit 9; }")
        let fixture = try await DumpFixture(server: .shared())
        try shell("echo row > table", in: fixture.source)
        let outcome = try await dump(fixture, fixture.plan())
        guard case .strange = outcome.status else {
            Issue.record("\(outcome.status)")
            return
        }
        #expect(
            outcome.strange == [
                "script 'freeze' exited with status 9 at POST-DLE-BACKUP of '/srv/data': still frozen"
            ])
        _ = try await fixture.restore(outcome)
        try shell("cmp source/table target/table", in: fixture.directory.path)
    }

    @Test func `a dump whose scripts nobody has run is refused`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let plan = try fixture.plan {
            $0.scripts = [.init(plugin: "freeze", side: .client, points: [.preDLEBackup])]
        }
        guard case .failed(let error) = try await fixture.dump(plan).status else {
            Issue.record("it was made")
            return
        }
        #expect("\(error)" == "a dump before which its scripts have not run is not supported")
        guard case .done = try await dump(fixture, plan).status else {
            Issue.record("it was not made")
            return
        }
    }

    @Test func `a snapshot that a script names is what is dumped`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell(
            "echo live > file; mkdir -p '../snap shot'; echo frozen > '../snap shot/file'", in: fixture.source
        )
        try scripts.write(
            "freeze",
            "[ $1 = PRE-DLE-BACKUP ] && echo 'PROPERTY directory \(fixture.directory.path("snap shot"))'; true"
        )
        let outcome = try await dump(fixture, fixture.plan())
        #expect(outcome.isUsable, "\(outcome.status)")
        _ = try await fixture.restore(outcome)
        #expect(try shell("cat target/file", in: fixture.directory.path) == "frozen\n")
        #expect(outcome.header.dleText?.contains("snap shot") == false)
    }
}
