// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import FoundationEssentials
import Testing

@testable import Agent

func appendBytes(_ bytes: [UInt8], to path: String) throws {
    try FileSystem.append(path, bytes)
}

@Suite struct JobStoreTests {
    private let directory: StateDirectory
    private let store: JobStore

    init() throws {
        directory = try StateDirectory()
        store = try directory.store()
    }

    private func job(_ id: String) throws -> StoredJob {
        let request = try JobRequest.sample(id: id)
        return StoredJob(
            request: request,
            snapshot: JobSnapshot(
                id: id, run: request.run, kind: .backup, attempt: 1, state: .succeeded,
                startedAt: Date(timeIntervalSince1970: 1_795_000_000)))
    }

    @Test func `reads back what it wrote, readable by root alone`() throws {
        try store.save(job("a"))
        #expect(try store.loadJobs(logger: .silent) == [job("a")])
        #expect(try FileSystem.status("\(directory.path)/jobs/a.json")?.mode == 0o600)
    }

    @Test func `sets a damaged job aside and keeps the others`() throws {
        try store.save(job("a"))
        try store.save(job("b"))
        try FileSystem.writeAtomically("\(directory.path)/jobs/a.json", Array("{\"format\": 1, ".utf8))
        #expect(try store.loadJobs(logger: .silent).map(\.request.id) == ["b"])
        #expect(FileSystem.exists("\(directory.path)/jobs/a.json.damaged"))
    }

    @Test func `every prefix of a job file is tolerated`() throws {
        let whole = try WireJSON.document(job("a"))
        for count in stride(from: 0, to: whole.count - 2, by: 7) {
            try FileSystem.writeAtomically("\(directory.path)/jobs/a.json", Array(whole[..<count]))
            #expect(try store.loadJobs(logger: .silent).isEmpty)
        }
    }

    @Test func `leaves out torn event lines`() throws {
        let event = JobEvent(
            sequence: 1, time: Date(timeIntervalSince1970: 1_795_000_000), kind: .note, text: "line\nbreak")
        try store.append(event, to: "a")
        try appendBytes(Array("{\"seq".utf8), to: "\(directory.path)/jobs/a.events")
        try store.mendEvents(of: "a")
        var second = event
        second.sequence = 2
        try store.append(second, to: "a")
        // What is read is on one line.
        let read = try store.events(of: "a")
        #expect(read.map(\.sequence) == [1, 2])
        #expect(read.map(\.text) == ["line; break", "line; break"])
    }

    @Test func `removes a job with its events`() throws {
        try store.save(job("a"))
        try store.append(JobEvent(sequence: 1, time: Date(), kind: .note), to: "a")
        store.remove("a", logger: .silent)
        #expect(try FileSystem.list("\(directory.path)/jobs").isEmpty)
    }

    @Test func `remembers the highest fence`() throws {
        #expect(store.loadState(logger: .silent).highestFence == 0)
        try store.save(AgentState(highestFence: 12))
        #expect(store.loadState(logger: .silent).highestFence == 12)
    }

    @Test(arguments: [
        "", "{", "[]", "{\"format\": 1}", "{\"format\": 7, \"highestFence\": 1}",
        "{\"format\": 1, \"highestFence\": -1}", "{\"format\": 1, \"highestFence\": 9223372036854775807}",
        "{\"format\": 1, \"highestFence\": 99999999999999999999}",
    ])
    func `sets a damaged state aside, and knows the fences of its jobs`(text: String) throws {
        try FileSystem.writeAtomically("\(directory.path)/agent-state.json", Array(text.utf8))
        var known = try job("a")
        known.request.fence = 41
        #expect(store.loadState([known], logger: .silent).highestFence == 41)
        #expect(FileSystem.exists("\(directory.path)/agent-state.json.damaged"))
        #expect(!FileSystem.exists("\(directory.path)/agent-state.json"))
    }

    @Test func `a job whose events cannot be read keeps no agent from starting`() throws {
        var running = try job("a")
        running.snapshot.state = .running
        running.snapshot.finishedAt = nil
        try store.save(running)
        try FileSystem.makeDirectories("\(directory.path)/jobs/a.events")
        _ = try JobTable(node: "node01", cluster: "lab", store: store, logger: .silent)
        #expect(FileSystem.exists("\(directory.path)/jobs/a.json.damaged"))
        #expect(FileSystem.exists("\(directory.path)/jobs/a.events.damaged"))
    }
}
