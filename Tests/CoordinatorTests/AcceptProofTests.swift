// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Testing

@testable import Coordinator

/// `accept` says what the record in the bucket says.
@Suite struct AcceptProofTests {
    private let choice = ConfigurationChoice(name: "vertica", role: .data)

    private func record(acceptedAt: Date?) -> NodeRecord {
        var dump = Sample.dump()
        dump.suspect = SuspectRecord(lacking: [], besides: nil, now: dump.measure(of: Sample.run))
        dump.suspect?.acceptedAt = acceptedAt
        return Sample.record(dumps: [dump])
    }

    @Test func `an agent's word alone accepts nothing`() {
        func fault(_ record: NodeRecord?, disk: String = "/data") -> WireError? {
            AcceptCommand.fault(of: record, choice, disk: disk, node: "node01")
        }
        #expect(fault(record(acceptedAt: Sample.time)) == nil)
        for unproved in [
            fault(record(acceptedAt: nil)), fault(nil),
            fault(record(acceptedAt: Sample.time), disk: "/other"),
        ] {
            #expect(unproved?.message.hasSuffix("does not: nothing is accepted") == true)
            #expect(unproved?.node == "node01")
        }
    }
}
