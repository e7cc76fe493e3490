// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

/// Two commands of one machine at the same time: the other one is a real process, for the locks are a process's.
@Suite(.enabled(if: RequiredTools.areUsable("python3")), .timeLimit(.minutes(2)))
struct OtherProcessTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
        var roster = NodeRoster(try ClusterFile.load(directory.path("cluster.json")))
        _ = try roster.add("node00", "127.0.0.1:7000")
    }

    private var path: String { directory.path("cluster.json") }
    private func file() throws -> ClusterFile { try ClusterFile.load(path) }

    private struct Step: Sendable {
        let lock: @Sendable (ClusterFile) -> String
        let run: @Sendable (ClusterFile) throws -> Void
    }

    private static let roster: @Sendable (ClusterFile) -> String = { ClusterFile.lockPath($0.path) }

    private static let steps: [String: Step] = [
        "node add": Step(lock: roster) { file in
            var roster = NodeRoster(file)
            _ = try roster.add("node01", "127.0.0.1:7001")
        },
        "node remove": Step(lock: roster) { file in
            var roster = NodeRoster(file)
            try roster.remove("node00")
        },
        "the cluster's id": Step(lock: roster) { try $0.enter(clusterID: "12345678-9") },
        "revoke": Step(lock: { "\(RevocationKeeper.path($0)).lock" }) { file in
            try RevocationKeeper(file).change { $0 }
        },
        "coordinator renew": Step(
            lock: { "\(FileSystem.parentDirectory(of: $0.authorityPath))/renewal.lock" }
        ) { file in
            _ = try CoordinatorRenewal(file, authorityKey: nil).renew()
        },
        "recovery seal": Step(lock: { "\($0.sealPath).lock" }) { _ = try SealTurn($0) },
    ]

    @Test(arguments: steps.keys.sorted())
    func `a command waits for another process that does the same`(name: String) async throws {
        let step = try #require(Self.steps[name])
        let file = try file()
        let waited = try await waits(for: step.lock(file)) {
            try await runBlocking("test") { try step.run(file) }
        }
        #expect(waited, "\(name) had its turn beside the other")
    }

    @Test func `what another process enters in cluster.json meanwhile stays there`() async throws {
        let file = try file()
        var others = file
        others.settings.nodes.append(
            .init(name: "others", address: try #require(AgentAddress("127.0.0.1:7009"))))
        let changed = try directory.write("others.json", others.settings.text)
        let waited = try await waits(for: ClusterFile.lockPath(path), moving: changed, to: path) {
            try await runBlocking("test") {
                var roster = NodeRoster(file)
                _ = try roster.add("node01", "127.0.0.1:7001")
            }
        }
        #expect(waited)
        #expect(try self.file().settings.nodes.map(\.name) == ["node00", "others", "node01"])
    }

    /// Whoever saw the object before its mark took the other command for another coordinator.
    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `nothing is sealed while another command of this machine does`() async throws {
        let fixture = try await RecoveryFixture()
        try await fixture.cluster().clusterGuard().claim()
        let (sealing, key) = (try fixture.sealing(), fixture.direct.layout.coordinatorSecrets)
        let waited = try await waits(
            for: "\(fixture.file.sealPath).lock",
            meanwhile: {
                let found = try await fixture.object(key)
                #expect(found == nil)
            }
        ) { _ = try await sealing.seal() }
        #expect(waited)
        #expect(try await fixture.object(key) != nil)
        #expect(try CoordinatorSeal.last(fixture.file) != nil)
    }

    /// Runs `work` beside a process that holds the lock, which lets go of it once `work` has it open too, or is done.
    ///
    /// - Parameters:
    ///   - moving: what the other process puts in the place of `to` before it lets go.
    ///   - meanwhile: looks, while it still holds it.
    /// - Returns: whether `work` was not done by then.
    private func waits(
        for lock: String, moving changed: String? = nil, to path: String = "",
        meanwhile: () async throws -> Void = {}, _ work: @escaping @Sendable () async throws -> Void
    ) async throws -> Bool {
        let holder = try LockHolder(lock, [changed, changed.map { _ in path }].compactMap(\.self))
        let isDone = Done()
        let working = Task {
            defer { isDone.set() }
            try await work()
        }
        let real = FileSystem.realPath(lock)
        while !isDone.isSet, !Self.isOpen(real) { try await Task.sleep(for: .milliseconds(5)) }
        // Who does not wait is done by then.
        try await Task.sleep(for: .milliseconds(300))
        let waited = !isDone.isSet
        try await meanwhile()
        holder.release()
        try await working.value
        return waited
    }

    /// Whether this process has a file open.
    private static func isOpen(_ path: String) -> Bool {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return descriptors.contains { number in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")
            return target == path
        }
    }
}

private final class Done: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

/// Another process that has a lock file's fcntl lock until it is told to go on.
private final class LockHolder {
    private static let program = """
        import fcntl, os, sys
        lock = open(sys.argv[1], "a+")
        fcntl.lockf(lock, fcntl.LOCK_EX)
        print("held", flush=True)
        sys.stdin.read(1)
        if len(sys.argv) > 3:
            os.replace(sys.argv[2], sys.argv[3])
        """

    private let process = Process()
    private let input = Pipe()

    init(_ lock: String, _ arguments: [String]) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path("python3"))
        process.arguments = ["-c", Self.program, lock] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        _ = output.fileHandleForReading.availableData
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    func release() { try? input.fileHandleForWriting.write(contentsOf: Data("x".utf8)) }
}
