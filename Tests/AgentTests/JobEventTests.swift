// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(5))) struct JobEventTests {
    private let directory: StateDirectory
    private let table: JobTable
    private let work = HeldWork()

    init() throws {
        directory = try StateDirectory()
        table = try directory.table()
    }

    /// Everything a listener gets until the job is over.
    private static func listen(
        _ table: JobTable, _ id: String, after sequence: Int
    ) async throws -> [JobEvent] {
        var events: [JobEvent] = []
        var feed = try await table.listen(id, after: sequence)
        for await _ in feed.wakes {
            let delivery = try await feed.take(from: table)
            events += delivery.events
            if delivery.isOver { break }
        }
        return events
    }

    /// nil: it was not over in time.
    private static func boundedListen(
        _ table: JobTable, _ id: String, after sequence: Int
    ) async throws -> [JobEvent]? {
        try await withTimeLimit(.seconds(100)) { try await listen(table, id, after: sequence) }
    }

    /// Waits until the job has said all that it says by itself.
    ///
    /// - Returns: the number of the event.
    private static func lastBegun(_ table: JobTable, _ id: String) async throws -> Int {
        while try await table.snapshot(of: id).lastSequence < 3 {
            try await Task.sleep(for: .milliseconds(5))
        }
        return try await table.snapshot(of: id).lastSequence
    }

    @Test func `every listener gets every numbered event without gaps`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            async let first = Self.listen(table, "job-1", after: 0)
            async let second = Self.listen(table, "job-1", after: 0)
            _ = try await wait(for: "job-1", in: table, until: [.running])
            for number in 1...700 { await table.record(.disk, "disk \(number)", of: "job-1") }
            try await work.end()
            for events in try await [first, second] {
                let numbered = events.filter { $0.kind == .state || $0.kind == .disk || $0.kind == .note }
                #expect(numbered.compactMap(\.text).filter { $0.hasPrefix("disk") }.count == 700)
                #expect(numbered.last?.state == .succeeded)
                let sequences = events.map(\.sequence)
                #expect(sequences == sequences.sorted())
                #expect(Set(sequences).subtracting([0]) == Set(1...(sequences.last ?? 0)))
            }
        }
    }

    @Test func `a listener that comes back gets what follows its number`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            try await work.end()
            let done = try await wait(for: "job-1", in: table, until: .final)
            let all = try await Self.listen(table, "job-1", after: 0)
            #expect(all.map(\.sequence) == Array(1...done.lastSequence))
            let rest = try await Self.listen(table, "job-1", after: 2)
            #expect(rest == Array(all.dropFirst(2)))
            #expect(try await Self.listen(table, "job-1", after: done.lastSequence).isEmpty)
        }
    }

    @Test func `events survive a restart, and a torn last line costs only itself`() async throws {
        _ = try await table.accept(.sample())
        let path = "\(directory.path)/jobs/job-1.events"
        try appendBytes(Array("{\"sequence\":2,\"ti".utf8), to: path)
        let later = try directory.table()
        let events = try await Self.listen(later, "job-1", after: 0)
        #expect(events.map(\.sequence) == [1, 2])
        #expect(events.map(\.state) == [.accepted, .interrupted])
    }

    @Test func `notes are bounded, states and disks are not`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            _ = try await wait(for: "job-1", in: table, until: [.running])
            for number in 0..<(JobTable.noteLimit + 50) {
                await table.record(.note, "note \(number)", of: "job-1")
            }
            await table.record(.disk, "a disk", of: "job-1")
            try await work.end()
            let events = try await Self.listen(table, "job-1", after: 0)
            #expect(events.filter { $0.kind == .note }.count <= JobTable.noteLimit)
            #expect(events.contains { $0.kind == .disk })
            #expect(events.last?.state == .succeeded)
        }
    }

    /// Its state directory was full, or gone, when it ended.
    @Test func `a job whose last events could not be written down is over all the same`() async throws {
        let (table, work, path) = (table, work, directory.path)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            let before = try await Self.lastBegun(table, "job-1")
            // Neither can be written, root or not.
            try FileSystem.removeTree("\(path)/jobs")
            async let live = Self.boundedListen(table, "job-1", after: before)
            try await work.end()
            let done = try await wait(for: "job-1", in: table, until: .final)
            #expect(done.state == .succeeded)
            #expect(done.lastSequence > before)
            #expect(try await live != nil)
            #expect(try await Self.boundedListen(table, "job-1", after: 0) != nil)
        }
    }

    @Test func `the end of a job is kept where only its events cannot be written`() async throws {
        let (table, work, path) = (table, work, directory.path)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            _ = try await Self.lastBegun(table, "job-1")
            try FileSystem.remove("\(path)/jobs/job-1.events")
            try FileSystem.makeDirectories("\(path)/jobs/job-1.events")
            try await work.end()
            _ = try await wait(for: "job-1", in: table, until: .final)
        }
        let kept = try directory.store().loadJobs(logger: .silent)
        #expect(kept.map(\.snapshot.state) == [.succeeded])
    }

    @Test func `a quiet job sends heartbeats that repeat the newest number`() async throws {
        let (table, work) = (table, work)
        try await withRunner(table, work) {
            _ = try await table.accept(.sample())
            var feed = try await table.listen("job-1", after: 0)
            var heartbeat: JobEvent?
            for await _ in feed.wakes {
                heartbeat = try await feed.take(from: table).events.first { $0.kind == .heartbeat }
                if heartbeat != nil { break }
            }
            #expect(heartbeat?.sequence == (try await table.snapshot(of: "job-1").lastSequence))
            try await work.end()
        }
    }

    @Test func `a listener that leaves is forgotten`() async throws {
        _ = try await table.accept(.sample())
        do {
            let feed = try await table.listen("job-1", after: 0)
            #expect(feed.id == "job-1")
            #expect(await table.listenerCount(of: "job-1") == 1)
        }
        await table.tick()
        #expect(await table.listenerCount(of: "job-1") == 0)
    }
}

extension JobTable {
    fileprivate func listenerCount(of id: String) -> Int { entries[id]?.listeners.count ?? 0 }
}
