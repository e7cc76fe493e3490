// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Foundation
import TestSupport
import Testing

private let isRoot = geteuid() == 0

@Suite(.enabled(if: isRoot), .timeLimit(.minutes(5)))
struct ScriptRunnerTests {
    private static let bothBackupPoints = "execute-on pre-dle-backup, post-dle-backup"

    @Test func `a script runs as the dumpuser with Amanda's arguments and nothing of our environment`()
        async throws
    {
        let fixture = try ScriptFixture([
            ("freeze", "execute-on pre-dle-backup\n property \"Data_Base\" \"it's\" \"two\"")
        ])
        try fixture.write(
            "freeze",
            """
            { printf '%s|' "$@"; echo; id -un; id -G; pwd; env | sort; } > $RECORD/call
            readlink /proc/$$/fd/0 > $RECORD/stdin
            """)
        let report = try await fixture.runner().run(.preDLEBackup, fixture.entry, levels: [1])
        #expect(report.failures.isEmpty && report.strange.isEmpty, "\(report)")
        let lines = try #require(fixture.recorded("call")).split(separator: "\n").map(String.init)
        #expect(
            lines[0]
                == "PRE-DLE-BACKUP|--execute-where|client|--config|vertica|--host|localhost|--disk|/srv/data|--device|/srv/data|--timestamp|20261123030600|--level|1|--data-base|it's|--data-base|two|"
        )
        #expect(lines[1] == "nobody" && lines[2] == "\(fixture.account.owner.groupID)")
        #expect(["/tmp", "/tmp/amanda"].contains(lines[3]))
        let names = lines[4...].map { String($0.prefix { $0 != "=" }) }
        #expect(
            Set(names).isSubset(of: [
                "HOME", "LC_ALL", "LOGNAME", "OLDPWD", "PATH", "PWD", "SHLVL", "USER", "_",
            ]))
        #expect(lines.contains("USER=nobody"))
        #expect(fixture.recorded("stdin") == "/dev/null\n")
    }

    @Test func `a recovery point is taken from a script's output around a dump`() async throws {
        let fixture = try ScriptFixture([("epoch", Self.bothBackupPoints)])
        try fixture.write(
            "epoch",
            "echo 'RECOVERY-POINT epoch 0x2f at 12:00'; echo RECOVERY-POINT lsn; echo RECOVERY-POINTS a b")
        let report = try await fixture.runner().run(.preDLEBackup, fixture.entry, levels: [0])
        #expect(report.recoveryPoints.map(\.name) == ["epoch"])
        #expect(report.recoveryPoints.map(\.value) == ["0x2f at 12:00"])
        #expect(report.notes.count == 2)
    }

    @Test func `standard output is a note, standard error strange, and a failure names both`() async throws {
        let fixture = try ScriptFixture([
            ("talks", Self.bothBackupPoints), ("fails", Self.bothBackupPoints),
            ("after", Self.bothBackupPoints),
        ])
        try fixture.write("talks", "echo all is well; echo but slow >&2")
        try fixture.write("fails", "echo half; echo 'no connection' >&2; echo 'giving up' >&2; exit 3")
        try fixture.write("after", "touch $RECORD/after")
        let report = try await fixture.runner().run(.preDLEBackup, fixture.entry, levels: [0])
        #expect(
            report.notes == [
                "Script 'talks' command 'PRE-DLE-BACKUP': all is well",
                "Script 'fails' command 'PRE-DLE-BACKUP': half",
            ])
        #expect(report.strange == ["Script 'talks' command 'PRE-DLE-BACKUP': but slow"])
        #expect(
            report.failures.map(\.description) == [
                "script 'fails' exited with status 3 at PRE-DLE-BACKUP of '/srv/data': no connection / giving up"
            ])
        #expect(fixture.recorded("after") != nil)
    }

    @Test func `a script that hangs is killed with all that it started, and what it said is kept`()
        async throws
    {
        let fixture = try ScriptFixture([("hangs", "execute-on pre-dle-estimate")])
        try fixture.write(
            "hangs",
            "trap '' TERM; echo waiting for the lock >&2; sleep 987 & echo $! > $RECORD/child; wait; sleep 987"
        )
        let start = ContinuousClock.now
        let report = try await fixture.runner(limit: 5).run(.preDLEEstimate, fixture.entry, levels: [0, 1])
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(
            report.failures.map(\.description) == [
                "script 'hangs' did not end within 5.0 seconds at PRE-DLE-ESTIMATE of '/srv/data' and was killed: waiting for the lock"
            ])
        let child = try #require(fixture.recorded("child").flatMap { Int32($0.dropLast()) })
        // Killed; init has yet to reap it.
        while RunningProcess.isAlive(child) { try await Task.sleep(for: .milliseconds(50)) }
    }

    @Test func `what a script leaves running outlives it, and does not hold us up`() async throws {
        let fixture = try ScriptFixture([("session", Self.bothBackupPoints)])
        try fixture.write(
            "session",
            """
            if [ $1 = PRE-DLE-BACKUP ]; then sleep 600 & echo $! > $RECORD/session
            else kill $(cat $RECORD/session); fi
            """)
        let runner = try fixture.runner()
        let start = ContinuousClock.now
        _ = try await runner.run(.preDLEBackup, fixture.entry, levels: [0])
        #expect(ContinuousClock.now - start < .seconds(60))
        let session = try #require(fixture.recorded("session").flatMap { Int32($0.dropLast()) })
        #expect(RunningProcess.isAlive(session))
        let after = try await runner.run(.postDLEBackup, fixture.entry, levels: [0])
        #expect(after.failures.isEmpty, "\(after)")
    }

    @Test func `what goes on writing to a script's output does not hold us up either`() async throws {
        let fixture = try ScriptFixture([("talker", Self.bothBackupPoints)])
        // Of standard error another pipe is waited for. It outlives the end of the pipe.
        try fixture.write(
            "talker",
            """
            echo first
            (trap '' PIPE; while [ -e $RECORD ]; do echo still here; sleep 0.05; done) 2>/dev/null &
            echo $! > $RECORD/talker
            """)
        let start = ContinuousClock.now
        let report = try await fixture.runner().run(.postDLEBackup, fixture.entry, levels: [0])
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(report.notes.first == "Script 'talker' command 'POST-DLE-BACKUP': first", "\(report)")
        let talker = try #require(fixture.recorded("talker").flatMap { Int32($0.dropLast()) })
        #expect(RunningProcess.isAlive(talker))
        kill(talker, SIGKILL)
    }

    @Test func `a flood of output is bounded`() async throws {
        let fixture = try ScriptFixture([("floods", Self.bothBackupPoints)])
        try fixture.write("floods", "seq 1 100000; seq 1 100000 >&2")
        let report = try await fixture.runner().run(.postDLEBackup, fixture.entry, levels: [0])
        #expect(report.notes.count == 201 && report.strange.count == 201)
        #expect(report.notes.last?.hasSuffix(": and 99800 more lines") == true)
    }

    @Test func `a plugin that is missing, or may not be started, fails with its path`() async throws {
        let fixture = try ScriptFixture([("gone", Self.bothBackupPoints), ("closed", Self.bothBackupPoints)])
        try fixture.write("closed", "true")
        try shell("chmod 644 closed", in: fixture.directory.path)
        let report = try await fixture.runner().run(.preDLEBackup, fixture.entry, levels: [0])
        #expect(report.failures.count == 2)
        #expect(
            report.failures[0].description.hasPrefix(
                "script 'gone': there is no '\(fixture.directory.path("gone"))'\nhint: install the plugin"))
        #expect(report.failures[1].description.contains("Permission denied"), "\(report.failures[1])")
    }

    @Test func `where the dumpuser is root, a plugin that others can change is refused`() async throws {
        let fixture = try ScriptFixture([("freeze", Self.bothBackupPoints)])
        try fixture.write("freeze", "touch $RECORD/ran")
        let root = try #require(UserAccount(named: "root"))
        let report = try await fixture.runner(account: root).run(.preDLEBackup, fixture.entry, levels: [0])
        // The directory of plugins lies below /tmp, which all may write.
        #expect(
            report.failures.first?.description.hasPrefix(
                "script 'freeze' would run as root, and '/tmp' can be changed by others than root") == true,
            "\(report.failures)")
        #expect(fixture.recorded("ran") == nil)
    }

    @Test func `properties for the application are taken as they stand, a program for root is not`()
        async throws
    {
        let fixture = try ScriptFixture([("snapshot", "execute-on pre-dle-backup")])
        try fixture.write(
            "snapshot",
            "echo 'PROPERTY DIRECTORY /mnt/snap shot'; echo property x y; echo PROPERTY Gnutar_Path /tmp/evil"
        )
        let report = try await fixture.runner().run(.preDLEBackup, fixture.entry, levels: [0])
        #expect(report.properties == [.init(name: "directory", values: ["/mnt/snap shot"])])
        #expect(report.notes == ["Script 'snapshot' command 'PRE-DLE-BACKUP': property x y"])
        #expect(
            report.failures.first?.description.hasPrefix("script 'snapshot' sets the property 'gnutar-path'")
                == true)
    }

    @Test func `the scripts that close a host run whatever became of the work, and with a bound`()
        async throws
    {
        let fixture = try ScriptFixture([
            (
                "host",
                "execute-where server\n execute-on pre-host-backup, post-host-backup, pre-backup, post-backup"
            )
        ])
        try fixture.write("host", "echo $1 >> $RECORD/points; case $1 in POST-HOST*) sleep 987;; esac")
        struct Broken: Error {}
        let runner = try fixture.runner(limit: 2)
        await #expect(throws: Broken.self) {
            _ = try await runner.around(.backup) { _ in
                try await runner.around(.backup, host: "localhost") { before in
                    #expect(before.failures.isEmpty)
                    throw Broken()
                }
            }
        }
        #expect(fixture.recorded("points") == "PRE-BACKUP\nPRE-HOST-BACKUP\nPOST-HOST-BACKUP\nPOST-BACKUP\n")
        #expect(fixture.reports.all.failures.count == 1)
    }
}
