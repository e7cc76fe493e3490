// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import Agent

/// A state directory of its own, removed with the value.
final class StateDirectory: Sendable {
    let path: String

    init() throws {
        path = try FileSystem.makeTemporaryDirectory(named: "amfleet-agent-tests")
    }

    deinit {
        try? FileSystem.removeTree(path)
    }

    func store() throws -> JobStore { try JobStore(stateDirectory: path) }

    func table() throws -> JobTable {
        try JobTable(node: "node01", cluster: "demo", store: store(), logger: .silent)
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension JobRequest {
    static func sample(
        id: String = "job-1", node: String = "node01", run: String = "20261123030600", fence: Int = 1,
        attempt: Int = 1, configurations: [String] = ["vertica"]
    ) throws -> JobRequest {
        JobRequest(
            id: id, cluster: "demo", node: node, run: try #require(RunName(run)), fence: fence,
            attempt: attempt,
            coordinator: "root@test, pid 1",
            storage: StorageAddress(bucket: "backups", prefix: "demo", region: "us-east-1"),
            storageOutageSeconds: 60,
            order: .backup(
                BackupOrder(configurations: configurations.map { .init(name: $0, role: .data) })))
    }
}

/// Work whose course the test decides: it waits until it is told how to end.
final class HeldWork: JobWork {
    private let doors = Mutex<[AsyncStream<Result<JobResult, any Error>>.Continuation]>([])
    private let counts = Mutex((started: 0, cleanedUp: [String]()))

    var startedCount: Int { counts.withLock(\.started) }
    var cleanedUp: [String] { counts.withLock(\.cleanedUp) }

    func check(_ request: JobRequest) async throws -> CheckedJob { CheckedJob(request: request) }

    func run(_ job: CheckedJob, reporter: JobReporter) async throws -> JobResult {
        let (door, continuation) = AsyncStream<Result<JobResult, any Error>>.makeStream()
        doors.withLock { $0.append(continuation) }
        counts.withLock { $0.started += 1 }
        reporter.progress { $0.dumpedBytes = 42 }
        await reporter.note("begun")
        for await outcome in door { return try outcome.get() }
        throw CancellationError()
    }

    func cleanUp(after request: JobRequest) async throws {
        counts.withLock { $0.cleanedUp.append("\(request.id)/\(request.attempt)") }
    }

    /// Ends the oldest run that is waiting, as soon as there is one.
    func end(_ outcome: Result<JobResult, any Error> = .success(JobResult())) async throws {
        while true {
            let door = doors.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let door {
                door.yield(outcome)
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension JobTable {
    /// Accepts a job that nobody has looked at.
    func accept(_ request: JobRequest) throws -> JobSnapshot { try accept(CheckedJob(request: request)) }
}

/// Runs the table's jobs while `body` runs.
func withRunner(
    _ table: JobTable, _ work: any JobWork, _ body: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await JobRunner(
                table: table, work: work, logger: .silent, cleanUpRetryDelay: .milliseconds(10)
            ).run()
        }
        try await body()
        group.cancelAll()
    }
}

/// Waits until a job is in one of `states`; a suite's time limit bounds it.
func wait(for id: String, in table: JobTable, until states: Set<JobState>) async throws -> JobSnapshot {
    while true {
        let snapshot = try await table.snapshot(of: id)
        if states.contains(snapshot.state) { return snapshot }
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension Set<JobState> {
    static let final = Set(JobState.allCases.filter(\.isFinal))
}
