// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import InMemoryLogging
import Logging
import TestSupport
import Testing

/// What the log tells of a dump and a restore.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct DumpLogTests {
    private let log = InMemoryLogHandler()

    private var logger: Logger {
        var logger = Logger(label: "test") { [log] _ in log }
        logger.logLevel = .debug
        return logger
    }

    private func lines(_ text: String) -> [Logger.Metadata] {
        log.entries.filter { "\($0.message)" == text }.map(\.metadata)
    }

    @Test func `every step is a line, from tar's start to the last part`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 12M /dev/urandom > random", in: fixture.source)
        let layout = StoragePlan(blockByteCount: 5 << 20, partByteCount: 5 << 20)
        var plan = try fixture.plan(nil, storage: layout)
        plan.logger = logger
        let outcome = try await fixture.dump(plan)
        #expect(lines("dump begins") == [["level": "0"]])
        #expect(lines("program started").map { $0["program"] } == ["/usr/bin/tar"])
        #expect(
            lines("program ended") == [["program": "/usr/bin/tar", "end": "exited with status 0"]])
        let parts = lines("part ended").sorted { "\($0["part"] ?? "")" < "\($1["part"] ?? "")" }
        #expect(parts.map { $0["part"] } == ["1", "2", "3"])
        #expect(parts.map { $0["bytes"] } == outcome.parts.map { "\($0.byteCount)" })
        #expect(parts.allSatisfy { $0["volume"] == "vertica-01" })
        #expect(lines("dump ended").map { $0["status"] } == ["done"])

        log.clear()
        var restore = try await fixture.restorePlan(outcome)
        restore.logger = logger
        _ = try await RestoreEngine().restore(restore)
        #expect(lines("restore begins").map { $0["parts"] } == ["3"])
        #expect(lines("program ended").count == 1)
        #expect(lines("restore ended") == [["bytes": "\(outcome.native.byteCount)"]])
    }

    @Test func `tar's messages are bounded, in number and in length`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let name = String(repeating: "n", count: 250)
        try shell(
            "mkdir -p \(name)/\(name); cd \(name)/\(name); "
                + "python3 -c \"import socket; [socket.socket(socket.AF_UNIX).bind(f's{i}') for i in range(150)]\"",
            in: fixture.source)
        var plan = try fixture.plan()
        plan.logger = logger
        let outcome = try await fixture.dump(plan)
        #expect(outcome.notes.count + outcome.strange.count >= 150)
        let said = log.entries.map { "\($0.message)" }.filter { $0.hasPrefix("tar: ") }
        #expect(said.count == 100 && said.allSatisfy { $0.count <= 310 })
        #expect(lines("further messages of tar are not logged").count == 1)
    }
}
