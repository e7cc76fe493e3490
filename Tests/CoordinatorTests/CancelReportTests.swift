// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Coordinator

/// How `cancel` ends.
@Suite struct CancelReportTests {
    @Test func `a verdict that was not written is not all that was asked for`() {
        var report = CancelReport(nodes: [.init(node: "node01", jobs: [])])
        #expect(report.ending == .complete)
        // A coordinator that lives writes it.
        report.remark = "root@desk, pid 1 (backup 20261123030600) writes the verdict"
        #expect(report.ending == .complete)
        report.verdictError = WireError(.storageRefused, "refused")
        #expect(report.ending == .partial)
        report.nodes[0].error = WireError(.agentLost, node: "node01", "silent")
        #expect(report.ending == .failed)
    }
}
