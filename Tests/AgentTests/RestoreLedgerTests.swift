// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Foundation
import Testing

@testable import Agent

/// What an agent remembers of a restore that has not ended.
@Suite struct RestoreLedgerTests {
    private let state: StateDirectory
    private let run: RunName
    private var ledgers: RestoreLedgers { RestoreLedgers(stateDirectory: "\(state.path)/state") }

    init() throws {
        state = try StateDirectory()
        run = try #require(RunName("20261123030600"))
    }

    private func order(_ directory: String? = nil, overwrite: Bool = false) -> RestoreOrder {
        RestoreOrder(
            sourceNode: "node01", configurations: [.init(name: "data", role: .data)], directory: directory,
            overwrite: overwrite)
    }

    private func step(_ name: String) throws -> RestoreStep {
        try FileSystem.makeDirectories("\(state.path)/\(name)")
        let disk = RestorableDisk(
            configuration: .init(name: "data", role: .data), disk: "/\(name)", device: "/\(name)", dumps: [],
            recoveryThreadCount: 1)
        return RestoreStep(disk: disk, target: .directory("\(state.path)/\(name)"), plans: [])
    }

    private func saved(_ steps: [RestoreStep], _ order: RestoreOrder) throws -> RestoreLedger {
        var ledger = RestoreLedger(run: run, order: order)
        ledger.entries = try steps.map { try .init($0) }
        try ledgers.save(ledger, logger: .silent)
        return ledger
    }

    @Test func `the same restore finds what it has begun, another one does not`() throws {
        let step = try step("a")
        let ledger = try saved([step], order())
        let found = ledgers.ledger(of: run, order(), logger: .silent).entries
        #expect(found.map(\.target) == [step.target.path] && found.first?.report == nil)
        #expect(found.map(\.directory) == ledger.entries.map(\.directory))
        #expect(ledgers.ledger(of: run, order(overwrite: true), logger: .silent).entries.isEmpty)
        let later = try #require(RunName("20261124030600"))
        #expect(ledgers.ledger(of: later, order(), logger: .silent).entries.isEmpty)
        try ledgers.end(ledger, logger: .silent)
        #expect(ledgers.ledger(of: run, order(), logger: .silent).entries.isEmpty)
    }

    @Test func `what has ended here counts for a while where the restore goes on elsewhere`() throws {
        let step = try step("a")
        let ledger = try saved([step], order())
        let then = Date(timeIntervalSince1970: 1_800_000_000)
        try ledgers.end(ledger, at: then, logger: .silent)
        var going = order()
        going.continues = true
        func found(after seconds: Double) -> RestoreLedger {
            ledgers.ledger(of: run, going, at: then + seconds, logger: .silent)
        }
        #expect(found(after: 86_400).entries.map(\.target) == [step.target.path])
        #expect(found(after: 86_400).endedAt == nil)
        #expect(found(after: 4 * 86_400).entries.isEmpty)
        #expect(found(after: -1).entries.isEmpty)
    }

    @Test func `how a restore came to be asked for makes no other one of it`() throws {
        _ = try saved([step("a")], order())
        var going = order()
        going.continues = true
        #expect(!ledgers.ledger(of: run, going, logger: .silent).entries.isEmpty)
    }

    @Test func `a directory that was put in the place of the first is another one`() throws {
        let step = try step("a")
        let ledger = try saved([step], order())
        #expect(try ledger.entry(of: step) != nil && ledger.hasBegun(step.target))
        try FileSystem.rename("\(state.path)/a", to: "\(state.path)/moved")
        #expect(try ledger.entry(of: step) == nil && !ledger.hasBegun(step.target))
        try FileSystem.makeDirectories("\(state.path)/a")
        #expect(try ledger.entry(of: step) == nil && !ledger.hasBegun(step.target))
    }

    @Test func `what was brought back and then emptied is not back`() throws {
        let step = try step("a")
        var ledger = try saved([step], order())
        try FileSystem.writeAtomically("\(state.path)/a/file", [1])
        #expect(try ledger.finishedEntry(of: step) == nil)
        ledger.entries[0].report = .init(configuration: "data", disk: "/a", target: step.target.path)
        #expect(try ledger.finishedEntry(of: step) != nil)
        try FileSystem.remove("\(state.path)/a/file")
        #expect(try ledger.finishedEntry(of: step) == nil && ledger.hasBegun(step.target))
    }

    @Test func `a restore into the same directories ends the claim of another`() throws {
        _ = try saved([step("a/inner"), step("b")], order())
        _ = try saved([step("c")], order("/elsewhere"))
        #expect(!ledgers.ledger(of: run, order(), logger: .silent).entries.isEmpty)
        _ = try saved([step("a")], order(overwrite: true))
        #expect(ledgers.ledger(of: run, order(), logger: .silent).entries.isEmpty)
        #expect(!ledgers.ledger(of: run, order("/elsewhere"), logger: .silent).entries.isEmpty)
    }

    @Test func `a ledger that cannot be read is none`() throws {
        _ = try saved([step("a")], order())
        let directory = "\(state.path)/state/restores"
        for name in try FileSystem.list(directory) {
            try FileSystem.writeAtomically("\(directory)/\(name)", Array("{".utf8))
        }
        #expect(ledgers.ledger(of: run, order(), logger: .silent).entries.isEmpty)
    }

    @Test func `what killed restores were putting together goes at the next start, and nothing else`() throws
    {
        let done = try step("done")
        var ledger = try saved([step("begun"), done], order())
        ledger.entries[1].report = .init(configuration: "data", disk: "/done", target: done.target.path)
        try ledgers.save(ledger, logger: .silent)
        for name in ["begun", "done", "foreign"] {
            try FileSystem.makeDirectories("\(state.path)/\(name)/.amfleet-restore/left")
            try FileSystem.writeAtomically("\(state.path)/\(name)/file", [1])
        }
        ledgers.removeStaging(logger: .silent)
        #expect(try FileSystem.list("\(state.path)/begun") == ["file"])
        #expect(FileSystem.exists("\(state.path)/done/.amfleet-restore"))
        #expect(FileSystem.exists("\(state.path)/foreign/.amfleet-restore"))
    }
}
