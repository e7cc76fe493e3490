// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import CivilCalendar
import FoundationEssentials
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

    /// By how many seconds this machine's clock is ahead of the others'.
    struct Leads: Sendable {
        /// nil: the store was not heard.
        let overStore: Double?
        let overNodes: [Double]
    }

    @Test(arguments: [
        Leads(overStore: 259_200, overNodes: [259_200, 259_300]), Leads(overStore: 259_200, overNodes: []),
        Leads(overStore: nil, overNodes: [259_200]),
        Leads(overStore: 259_200, overNodes: [259_200, -63_072_000]),
    ])
    func `a clock that is far ahead of the others names no run`(leads: Leads) throws {
        let fault = try #require(Self.fault(leads))
        #expect(fault.ending == .unusable && fault.hint?.contains("set this machine's clock") == true)
        #expect(fault.facts.hasPrefix("this machine's clock is 3 d 0 h or more ahead of"), "\(fault)")
    }

    @Test(arguments: [
        Leads(overStore: nil, overNodes: []), Leads(overStore: 40_000, overNodes: [40_000]),
        Leads(overStore: -259_200, overNodes: [-259_200]), Leads(overStore: 63_072_000, overNodes: [0, 1]),
        Leads(overStore: 0, overNodes: [259_200]), Leads(overStore: 259_200, overNodes: [0]),
    ])
    func `neither a small lead nor one wrong clock among the others keeps a run from its name`(leads: Leads) {
        #expect(Self.fault(leads) == nil)
    }

    private static func fault(_ leads: Leads) -> CoordinatorError? {
        let now = Sample.time
        return OtherClocks(
            times: leads.overNodes.map { now.addingTimeInterval(-$0) },
            storeOffset: leads.overStore.map { -$0 }
        ).fault(at: now)
    }

    private func run(_ digits: String) throws -> RunName { try #require(RunName(digits)) }
}
