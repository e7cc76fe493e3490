// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import Testing

@testable import Coordinator

@Suite struct RunNamingTests {
    let now = LocalTime(year: 2026, month: 11, day: 23, hour: 3, minute: 6)

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

    @Test func `carries over months, years and leap days`() throws {
        #expect(LocalTime(try run("20241231235959")).adding(seconds: 1).runName?.digits == "20250101000000")
        #expect(LocalTime(try run("20240228235959")).adding(seconds: 1).runName?.digits == "20240229000000")
        #expect(LocalTime(try run("20260228235959")).adding(seconds: 1).runName?.digits == "20260301000000")
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

    @Test func `reads any moment of many years back to itself`() {
        for seconds in stride(from: 0, to: 4_000_000_000, by: 98_765_431) {
            let time = LocalTime(Date(timeIntervalSince1970: Double(seconds)), inUTC: true)
            #expect(time.dayClockSeconds == seconds)
        }
    }

    private func run(_ digits: String) throws -> RunName { try #require(RunName(digits)) }
}
