// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import ChildProcess
import Dump
import Files
import Foundation
import TestSupport
import Testing

/// A tar that hangs, or says what must not be overheard.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct MisbehavingTarTests {
    private func failure(_ outcome: DumpOutcome) -> String? {
        if case .failed(let error) = outcome.status { "\(error)" } else { nil }
    }

    private func tar(_ fixture: DumpFixture, _ script: String) throws -> String {
        let path = try fixture.directory.write("tar", "#!/bin/bash\n\(script)\n")
        try shell("chmod 755 \(path)", in: "/")
        return path
    }

    /// Cancels `work` after `limit`, so that what would hang fails instead.
    private func within<Value: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        let watch = Task {
            try await Task.sleep(for: limit)
            task.cancel()
        }
        defer { watch.cancel() }
        return try await task.value
    }

    @Test func `a cancelled restore ends a tar that takes no byte`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 8M /dev/urandom > random", in: fixture.source)
        let outcome = try await fixture.dump(fixture.plan())
        var plan = try await fixture.restorePlan(outcome)
        // Where it starts is all that it can write to.
        let sign = "\(plan.target)/started"
        plan.tar.gnutarPath = try tar(fixture, "touch started\nexec sleep 1000")
        plan.stallLimit = .seconds(180)
        let task = Task { [plan] in try await RestoreEngine().restore(plan) }
        while !FileSystem.exists(sign) { try await Task.sleep(for: .milliseconds(20)) }
        try await Task.sleep(for: .milliseconds(500))
        let cancelled = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(ContinuousClock.now - cancelled < .seconds(60))
    }

    @Test func `a tar that gives its output and never ends fails the dump`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > text", in: fixture.source)
        let script = try tar(fixture, "/bin/tar \"$@\"\nexec >&- 2>&-\nexec sleep 1000")
        var plan = try fixture.plan { $0.properties.append(.init(name: "gnutar-path", values: [script])) }
        plan.stallLimit = .seconds(6)
        let outcome = try await within(.seconds(120)) { [plan] in try await fixture.dump(plan) }
        #expect(failure(outcome)?.contains("neither gave nor took a byte") == true, "\(outcome.status)")
    }

    /// The real one: its last words name nothing.
    @Test func `a tar that fails says what it could not do`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > text", in: fixture.source)
        let plan = try fixture.plan {
            $0.properties.append(.init(name: "command-options", values: ["--exclude-from=/nowhere"]))
        }
        let outcome = try await fixture.dump(plan)
        #expect(
            failure(outcome)
                == "tar exited with status 2: /usr/bin/tar: /nowhere: No such file or directory",
            "\(outcome.status)")
    }

    @Test func `a tar that takes everything and never ends fails the restore`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > text", in: fixture.source)
        var plan = try await fixture.restorePlan(try await fixture.dump(fixture.plan()))
        plan.tar.gnutarPath = try tar(fixture, "cat > /dev/null\nexec sleep 1000")
        plan.stallLimit = .seconds(6)
        await #expect(throws: ChildProcessError.self) {
            _ = try await within(.seconds(120)) { [plan] in
                try await RestoreEngine().restore(plan)
            }
        }
    }

    @Test(arguments: [
        "./random: Warning: Read error at byte 65536, while reading 10240 bytes: Input/output error",
        "./lost: Warning: Cannot open: Input/output error",
    ])
    func `what the disk could not give fails the dump, and names the file`(message: String) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 100K /dev/urandom > random", in: fixture.source)
        let script = try tar(fixture, "/bin/tar \"$@\"\nstatus=$?\necho 'tar: \(message)' >&2\nexit $status")
        let outcome = try await fixture.dump(
            fixture.plan { $0.properties.append(.init(name: "gnutar-path", values: [script])) })
        #expect(failure(outcome)?.contains(message) == true, "\(outcome.status)")
        let header = try await fixture.reader.header(ofFile: 1)
        #expect(header.isPartial)
    }

    @Test func `the program that a header names is never run`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > text", in: fixture.source)
        let script = try tar(fixture, "exec /bin/tar \"$@\"")
        let outcome = try await fixture.dump(
            fixture.plan { $0.properties.append(.init(name: "gnutar-path", values: [script])) })
        #expect(outcome.isUsable)
        #expect(try await fixture.restorePlan(outcome).tar.gnutarPath == "/usr/bin/tar")
    }

    @Test(arguments: ["./nothing", "./no/such/file", "*.absent", "./x*"])
    func `an include that finds nothing is no dump`(include: String) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > text", in: fixture.source)
        let outcome = try await fixture.dump(
            fixture.plan { $0.include = .init(files: [include], lists: [], isOptional: false) })
        #expect(failure(outcome)?.contains("include") == true, "\(outcome.status) \(outcome.notes)")
    }

    @Test func `a dump without a recorded checksum says that it was not compared`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > text", in: fixture.source)
        var plan = try await fixture.restorePlan(try await fixture.dump(fixture.plan()))
        (plan.native, plan.stored) = (nil, nil)
        let restored = try await RestoreEngine().restore(plan)
        #expect(restored.messages.contains { $0.contains("no checksum") })
    }
}
