// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Foundation
import TestSupport
import Testing

@testable import Agent

/// Whatever lies in the state directory, the agent starts, and writes nowhere else. A trap would end the test program.
@Suite struct AgentStateFuzzTests {
    private static let rounds = LongTests.areWanted ? 400 : 60

    private let state: StateDirectory
    private let run: RunName

    init() throws {
        state = try StateDirectory()
        run = try #require(RunName("20261123030600"))
    }

    private func tree(_ bytes: [UInt8]) throws -> Any { try JSONSerialization.jsonObject(with: Data(bytes)) }

    private func bytes(_ tree: Any) throws -> [UInt8] {
        Array(try JSONSerialization.data(withJSONObject: tree, options: [.sortedKeys, .fragmentsAllowed]))
    }

    private func changed(_ tree: Any, _ generator: inout SeededGenerator) -> Any {
        (0..<Int.random(in: 1...3, using: &generator)).reduce(tree) { tree, _ in
            WireMutation.changed(tree, &generator)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `jobs and state that were changed at random are read or set aside, and the agent starts`()
        async throws
    {
        var error = WireError(.failed, node: "node01", "no room", hint: "make room.")
        error.newestRun = run
        let request = try JobRequest.sample()
        let job = try tree(
            WireJSON.document(
                StoredJob(
                    request: request,
                    snapshot: JobSnapshot(
                        id: request.id, run: run, kind: .backup, attempt: 1, state: .running,
                        startedAt: Date(timeIntervalSince1970: 1_795_000_000), lastSequence: 3, error: error))
            ))
        var memory = AgentState(highestFence: 1)
        memory.reserve(UnbegunJob(id: "job-2", attempt: 2))
        let fences = try tree(WireJSON.document(memory))
        let event = try tree(
            WireJSON.line(
                JobEvent(
                    sequence: 1, time: Date(timeIntervalSince1970: 1_795_000_000), kind: .note, text: "word"))
        )
        var generator = SeededGenerator(seed: 21)
        var readCount = 0
        for _ in 0..<Self.rounds {
            try FileSystem.removeTree(state.path)
            let store = try state.store()
            let jobs = "\(state.path)/jobs"
            try FileSystem.writeAtomically("\(jobs)/job-1.json", bytes(changed(job, &generator)))
            try FileSystem.append("\(jobs)/job-1.events", bytes(changed(event, &generator)) + [10])
            try FileSystem.writeAtomically(
                "\(state.path)/agent-state.json", bytes(changed(fences, &generator)))
            readCount += try store.loadJobs(logger: .silent).count
            _ = try store.events(of: "job-1")
            let table = try state.table()
            _ = try WireJSON.document(await table.list())
            let names = try FileSystem.list(state.path) + FileSystem.list(jobs)
            #expect(
                names.allSatisfy {
                    $0 == "jobs" || $0.hasPrefix("agent-state.json") || $0.hasPrefix("job-1.")
                }, "\(names)")
        }
        #expect(readCount > 0)
    }

    /// Its other files would be looked for under that id, and it would be written there.
    @Test(arguments: ["../../outside", "job-2"])
    func `a job of another id than its file's is set aside`(id: String) throws {
        let request = try JobRequest.sample(id: id)
        let job = StoredJob(
            request: request,
            snapshot: JobSnapshot(
                id: id, run: run, kind: .backup, attempt: 1, state: .running,
                startedAt: Date(timeIntervalSince1970: 1_795_000_000)))
        let store = try state.store()
        try FileSystem.writeAtomically("\(state.path)/jobs/job-1.json", WireJSON.document(job))
        #expect(try store.loadJobs(logger: .silent).isEmpty)
        #expect(FileSystem.exists("\(state.path)/jobs/job-1.json.damaged"))
    }

    @Test(.timeLimit(.minutes(5)))
    func `ledgers of restores that were changed at random are gone on with or begun anew`() throws {
        let order = RestoreOrder(
            sourceNode: "node01", configurations: [.init(name: "data", role: .data)], directory: nil,
            overwrite: false)
        let top = "\(state.path)/data"
        try FileSystem.makeDirectories(top)
        let step = RestoreStep(
            disk: RestorableDisk(
                configuration: .init(name: "data", role: .data), disk: "/data", device: "/data", dumps: [],
                recoveryThreadCount: 1), target: .directory(top), plans: [])
        let ledgers = RestoreLedgers(stateDirectory: "\(state.path)/state")
        var ledger = RestoreLedger(run: run, order: order)
        ledger.entries = [try .init(step)]
        ledger.entries[0].report = .init(configuration: "data", disk: "/data", target: top, restoredBytes: 7)
        ledger.entries[0].finishedAt = Date(timeIntervalSince1970: 1_795_000_000)
        try ledgers.save(ledger, logger: .silent)
        let name = try #require(try FileSystem.list("\(state.path)/state/restores").first)
        let path = "\(state.path)/state/restores/\(name)"
        let whole = try tree(FileSystem.readAll(path))
        var generator = SeededGenerator(seed: 22)
        var goneOnCount = 0
        for _ in 0..<Self.rounds {
            try FileSystem.writeAtomically(path, bytes(changed(whole, &generator)))
            ledgers.removeStaging(logger: .silent)
            let found = ledgers.ledger(of: run, order, logger: .silent)
            goneOnCount += found.entries.count
            _ = (
                try? found.finishedEntry(of: step), try? found.hasBegun(step.target), found.isOver(at: Date())
            )
            try ledgers.end(found, logger: .silent)
        }
        #expect(goneOnCount > 0)
    }
}
