// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Agent

/// A job that was cancelled before its request came does not begin when it comes.
@Suite(.timeLimit(.minutes(1))) struct UnbegunJobTests {
    private let directory: StateDirectory
    private let table: JobTable
    private let work = HeldWork()

    init() throws {
        directory = try StateDirectory()
        table = try directory.table()
    }

    @Test func `a request that comes after its cancellation is answered as cancelled, and runs nothing`()
        async throws
    {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            #expect(try await table.cancel("job-1", attempt: 1, fence: 1) == nil)
            #expect(try await !table.isNew(.sample()))
            let late = try await table.accept(.sample())
            #expect(late.state == .cancelled)
            #expect(late.error?.kind == .cancelled)
            #expect(late.finishedAt != nil)
            #expect(try await table.snapshot(of: "job-1").state == .cancelled)
            #expect(await table.runningJob == nil)
            // Whoever listens hears the end.
            let feed = try await table.listen("job-1", after: 0)
            let (delivery, _) = try await table.deliver(
                "job-1", .init(sequence: 0, progress: nil, lastLine: .now))
            #expect(delivery.events.map(\.state) == [.cancelled] && delivery.isOver)
            _ = feed
            // The node is free for another.
            _ = try await table.accept(.sample(id: "job-2"))
            try await work.end()
            _ = try await wait(for: "job-2", in: table, until: [.succeeded])
        }
        #expect(work.startedCount == 1)
    }

    @Test func `it is kept over a restart, and a higher attempt begins`() async throws {
        #expect(try await table.cancel("job-1", attempt: 2) == nil)
        let later = try directory.table()
        #expect(try await later.accept(.sample(attempt: 2)).state == .cancelled)
        #expect(try await later.accept(.sample(attempt: 3)).state == .accepted)
    }

    @Test func `an operator who names no attempt means the first`() async throws {
        #expect(try await table.cancel("job-1") == nil)
        #expect(try await table.accept(.sample()).state == .cancelled)
        #expect(try await table.accept(.sample(attempt: 2)).state == .accepted)
    }

    @Test func `a further attempt that is on its way does not begin either`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            try await work.end(.failure(WireError(.interrupted, "the agent was stopped")))
            _ = try await wait(for: "job-1", in: table, until: [.interrupted])
            #expect(try await table.cancel("job-1", attempt: 2)?.state == .interrupted)
            let second = try await table.accept(.sample(attempt: 2))
            #expect(second.state == .cancelled && second.attempt == 2)
        }
        #expect(work.startedCount == 1)
    }

    @Test func `a cancellation under an older lease is refused, one without a lease is an operator's`()
        async throws
    {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample(fence: 7))
            _ = try await wait(for: "job-1", in: table, until: [.running])
            for id in ["job-1", "job-9"] {
                let error = await #expect(throws: WireError.self) {
                    _ = try await table.cancel(id, attempt: 1, fence: 6)
                }
                #expect(error?.kind == .busy)
                #expect(
                    error?.message == "the lease's number 6 is older than 7, which this node has seen")
            }
            #expect(try await table.snapshot(of: "job-1").state == .running)
            #expect(try await table.cancel("job-1", attempt: 1, fence: 7)?.state == .running)
            _ = try await wait(for: "job-1", in: table, until: [.cancelled])
            #expect(try await table.accept(.sample(id: "job-9", fence: 7)).state == .accepted)
            _ = try await table.cancel("job-9")
            _ = try await wait(for: "job-9", in: table, until: [.cancelled])
        }
    }

    @Test func `what is kept of them is bounded, and the newest stay`() {
        var state = AgentState()
        for number in 0..<1000 { state.reserve(UnbegunJob(id: "job-\(number)", attempt: 1)) }
        state.reserve(UnbegunJob(id: "job-999", attempt: 3))
        state.reserve(UnbegunJob(id: "job-999", attempt: 2))
        #expect(state.unbegun?.count == AgentState.unbegunLimit)
        #expect(!state.isReserved("job-0", attempt: 1))
        #expect(state.isReserved("job-998", attempt: 1))
        #expect(state.isReserved("job-999", attempt: 3) && !state.isReserved("job-999", attempt: 4))
    }

    @Test func `an id that is none is not kept`() async throws {
        #expect(try await table.cancel("../x", attempt: 1) == nil)
        #expect(await table.state.unbegun == nil)
    }
}
