// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import CivilCalendar
import Testing

@testable import Coordinator

@Suite struct RunNamingTests {
    private let now: LocalTime

    init() throws {
        now = LocalTime(try #require(RunName("20261123030600")))
    }

    @Test func `is the local time where nothing newer is known`() throws {
        #expect(try RunNaming.name(at: now, newerThan: []).digits == "20261123030600")
        #expect(
            try RunNaming.name(at: now, newerThan: [try run("20261122235959")]).digits == "20261123030600")
    }

    @Test(arguments: [
        ("20261123030600", "20261123030601"), ("20261123035959", "20261123040000"),
        ("20261123235959", "20261124000000"),
    ])
    func `moves on by a second from the newest`(newest: String, name: String) throws {
        #expect(
            try RunNaming.name(at: now, newerThan: [try run(newest), try run("20200101000000")]).digits
                == name)
    }

    @Test func `a name in the bucket that the store's clock cannot have reached moves nobody`() throws {
        let stored = try ["20261123030600", "20261124030600", "20990101000000"].map { try run($0) }
        let time = stored[0].civil.secondsSince1970
        #expect(RunNaming.possible(stored, at: time) == Array(stored.prefix(2)))
        #expect(RunNaming.possible(stored, at: 0).isEmpty)
    }

    @Test func `carries over months, years and leap days`() throws {
        #expect(try run("20241231235959").nextSecond == run("20250101000000"))
        #expect(try run("20240228235959").nextSecond == run("20240229000000"))
        #expect(try run("20260228235959").nextSecond == run("20260301000000"))
    }

    @Test func `refuses to follow a clock that is days ahead`() throws {
        let error = #expect(throws: CoordinatorError.self) {
            try RunNaming.name(at: now, newerThan: [try run("20301123030600")])
        }
        #expect(
            error?.description == """
                the newest run is 20301123030600, but this machine's clock says 2026-11-23 03:06:00
                hint: set the clock of whichever machine is wrong; Amanda sorts volumes by these names.
                """)
    }

    private func run(_ digits: String) throws -> RunName { try #require(RunName(digits)) }
}
