// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import FoundationEssentials
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(5))) struct JobTableTests {
    private let directory: StateDirectory
    private let table: JobTable
    private let work = HeldWork()

    init() throws {
        directory = try StateDirectory()
        table = try directory.table()
    }

    @Test func `asking twice with one id and attempt is one job`() async throws {
        let request = try JobRequest.sample()
        let first = try await table.accept(request)
        let second = try await table.accept(request)
        #expect(first.state == .accepted)
        #expect(second.startedAt == first.startedAt)
        #expect(await table.list().jobs.count == 1)
    }

    @Test func `a job lies on disk before it is told`() async throws {
        let request = try JobRequest.sample()
        _ = try await table.accept(request)
        let stored = try directory.store().loadJobs(logger: .silent)
        #expect(stored.map(\.request) == [request])
        #expect(stored.map(\.snapshot.state) == [.accepted])
    }

    @Test func `runs to success and keeps what it found`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            try await work.end()
            let snapshot = try await wait(for: "job-1", in: table, until: .final)
            #expect(snapshot.state == .succeeded)
            #expect(snapshot.progress.dumpedBytes == 42)
            #expect(snapshot.finishedAt != nil)
        }
    }

    @Test func `refuses a second job while one runs and names the running one`() async throws {
        _ = try await table.accept(.sample())
        let error = await #expect(throws: WireError.self) {
            _ = try await table.accept(.sample(id: "job-2", configurations: ["other"]))
        }
        #expect(error?.kind == .busy)
        #expect(error?.runningJob == "job-1")
        #expect(
            error?.message
                == "job 'job-1' (backup of run 20261123030600) is running here for root@test, pid 1")
    }

    @Test func `refuses another order under a known id`() async throws {
        _ = try await table.accept(.sample())
        let error = await #expect(throws: WireError.self) {
            _ = try await table.accept(.sample(configurations: ["other"]))
        }
        #expect(error?.message == "job 'job-1' exists with another order")
    }

    @Test(arguments: ["https://s3.example.net", nil])
    func `a further attempt goes where the store is now`(endpoint: String?) async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            var first = try JobRequest.sample()
            first.storage.endpoint = "https://mistyped.example.net"
            _ = try await table.accept(first)
            try await work.end(.success(JobResult(faults: [WireError(.storageUnreachable, "no answer")])))
            _ = try await wait(for: first.id, in: table, until: .final)
            var second = first
            second.storage.endpoint = endpoint
            #expect(
                await Self.refusal(of: second, table)?.message == "job 'job-1' exists with another order")
            second.attempt = 2
            #expect(try await table.accept(second).state == .accepted)
            try await work.end()
            _ = try await wait(for: first.id, in: table, until: [.succeeded])
            second.attempt = 3
            #expect(try await table.accept(second).state == .succeeded)
            second.storage.bucket = "another"
            #expect(try await table.accept(second).state == .accepted)
        }
    }

    @Test func `a further attempt may be of other configurations, and is no restore`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            let first = try JobRequest.sample()
            _ = try await table.accept(first)
            try await work.end(.success(JobResult(faults: [WireError(.failed, "tar ended with 2")])))
            _ = try await wait(for: first.id, in: table, until: .final)
            var other = try JobRequest.sample(attempt: 2)
            other.order = .restore(RestoreOrder(sourceNode: "node01", configurations: []))
            #expect(await Self.refusal(of: other, table)?.kind == .busy)
            let more = try JobRequest.sample(attempt: 2, configurations: ["vertica", "logs"])
            #expect(try await table.accept(more).state == .accepted)
        }
    }

    private static func refusal(of request: JobRequest, _ table: JobTable) async -> WireError? {
        do {
            _ = try await table.accept(CheckedJob(request: request))
            return nil
        } catch {
            return error as? WireError
        }
    }

    @Test func `refuses an older fence, keeps the highest over a restart, and lets 0 pass`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample(fence: 7))
            try await work.end()
            _ = try await wait(for: "job-1", in: table, until: .final)
        }
        let later = try directory.table()
        let error = await #expect(throws: WireError.self) {
            _ = try await later.accept(.sample(id: "job-2", fence: 6))
        }
        #expect(error?.kind == .busy)
        #expect(error?.message == "the lease's number 6 is older than 7, which this node has seen")
        #expect(try await later.accept(.sample(id: "job-3", fence: 0)).state == .accepted)
    }

    @Test func `refuses a job that is meant for another node or cluster`() async throws {
        let error = await #expect(throws: WireError.self) {
            _ = try await table.accept(.sample(node: "node02"))
        }
        #expect(error?.kind == .configuration)
        #expect(
            error?.message == """
                the job is for node 'node02' of cluster 'demo', this is node 'node01' of cluster 'demo'
                """)
    }

    @Test(arguments: ["", "../x", "a b", "a/b", String(repeating: "a", count: 101)])
    func `refuses an id that is no file name`(id: String) async throws {
        let error = await #expect(throws: WireError.self) { _ = try await table.accept(.sample(id: id)) }
        #expect(error?.kind == .configuration)
    }

    @Test func `a higher attempt starts a failed job again, with events numbered on`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            let first = try await table.accept(.sample())
            try await work.end(.success(JobResult(faults: [WireError(.failed, "tar ended with 2")])))
            let failed = try await wait(for: first.id, in: table, until: .final)
            #expect(failed.state == .failed)
            #expect(failed.error?.message == "tar ended with 2")
            #expect(try await table.accept(.sample()).state == .failed)
            let second = try await table.accept(.sample(attempt: 2))
            #expect(second.state == .accepted)
            #expect(second.lastSequence == failed.lastSequence + 1)
            try await work.end()
            let done = try await wait(for: first.id, in: table, until: [.succeeded])
            #expect(done.attempt == 2)
            #expect(try await table.accept(.sample(attempt: 3)).state == .succeeded)
            #expect(work.startedCount == 2)
        }
    }

    @Test func `cancelling ends the work, cleans up and says so`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            _ = try await wait(for: "job-1", in: table, until: [.running])
            _ = try await table.cancel("job-1")
            let snapshot = try await wait(for: "job-1", in: table, until: .final)
            #expect(snapshot.state == .cancelled)
            #expect(snapshot.error?.description == "node01: the job was cancelled")
            #expect(work.cleanedUp == ["job-1/1"])
            #expect(try await table.cancel("job-1")?.state == .cancelled)
        }
    }

    @Test func `a job that was cancelled before it began never begins`() async throws {
        let (table, work) = (table, work)
        _ = try await table.accept(.sample())
        _ = try await table.cancel("job-1")
        try await withRunner(table, work) {
            let snapshot = try await wait(for: "job-1", in: table, until: .final)
            #expect(snapshot.state == .cancelled)
            #expect(work.startedCount == 0)
        }
    }

    @Test func `stopping the agent interrupts what runs`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            _ = try await wait(for: "job-1", in: table, until: [.running])
        }
        let snapshot = try await table.snapshot(of: "job-1")
        #expect(snapshot.state == .interrupted)
        #expect(work.cleanedUp == ["job-1/1"])
    }

    @Test func `a store that is gone for good is not asked twice a minute for ever`() {
        func delay(_ failures: Int) -> Duration {
            JobRunner.cleanUpDelay(after: failures, first: .seconds(30))
        }
        #expect([1, 2, 3, 7].map(delay) == [30, 60, 120, 1920].map { .seconds($0) })
        for failures in [8, 9, 100, .max] { #expect(delay(failures) == .seconds(3600)) }
    }

    @Test func `a job found running after a crash is interrupted and cleaned up`() async throws {
        let crashed = try directory.store()
        var snapshot = try await table.accept(.sample())
        snapshot.state = .running
        try crashed.save(StoredJob(request: .sample(), snapshot: snapshot))
        let later = try directory.table()
        let found = try await later.snapshot(of: "job-1")
        #expect(found.state == .interrupted)
        #expect(found.error?.kind == .interrupted)
        #expect(await later.runningJob == nil)
        let work = work
        try await withRunner(later, work) {
            while work.cleanedUp.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            #expect(work.cleanedUp == ["job-1/1"])
            #expect(try await later.accept(.sample(attempt: 2)).state == .accepted)
        }
    }

    @Test func `an unknown job is named`() async throws {
        let error = await #expect(throws: WireError.self) { _ = try await table.snapshot(of: "job-9") }
        #expect(error?.message == "there is no job 'job-9' on this node")
    }

    @Test func `keeps the newest finished jobs only`() async throws {
        let (table, work) = (table, work)
        let count = JobTable.finishedJobLimit + 3
        try await withRunner(table, work) {
            for number in 0..<count {
                _ = try await table.accept(.sample(id: "job-\(number)"))
                try await work.end()
                _ = try await wait(for: "job-\(number)", in: table, until: .final)
            }
        }
        #expect(await table.list().jobs.count == JobTable.finishedJobLimit)
        #expect(try directory.store().loadJobs(logger: .silent).count == JobTable.finishedJobLimit)
    }

    /// A clock that was ahead has been put right, or one without a battery has begun anew.
    @Test func `the job that has just ended is kept, whatever the clock said of those before it`()
        async throws
    {
        let store = try directory.store()
        for number in 0..<JobTable.finishedJobLimit {
            let request = try JobRequest.sample(id: "ahead-\(number)")
            var snapshot = JobSnapshot(
                id: request.id, run: request.run, kind: .backup, attempt: 1, state: .succeeded,
                startedAt: Date(timeIntervalSinceNow: 86_400 + Double(number)))
            snapshot.finishedAt = snapshot.startedAt
            try store.save(StoredJob(request: request, snapshot: snapshot))
        }
        let (table, work) = (try directory.table(), work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            try await work.end()
            let ended = try await withTimeLimit(.seconds(100)) {
                try await wait(for: "job-1", in: table, until: .final)
            }
            #expect(ended?.state == .succeeded)
        }
        #expect(await table.lastJob?.id == "job-1")
        #expect(await table.list().jobs.map(\.id).prefix(2) == ["job-1", "ahead-99"])
    }
}
