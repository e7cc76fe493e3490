// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import Testing

@testable import Coordinator

@Suite struct WatchTextTests {
    @Test func `says who holds the cluster, for what, and until when`() {
        let lease = LeaseClaim(cluster: "demo", holder: "root@here, pid 7", verb: "backup", run: Sample.run)
            .lease(fence: 3, at: Sample.time)
        #expect(
            WatchCommand.text(of: lease)
                == "root@here, pid 7 holds the cluster: backup 20261123030600; unless renewed, its lease ends at "
                + LocalTime(Sample.time.addingTimeInterval(60)).text)
    }

    @Test func `who stops looking on is told that the run goes on, and ends with 130's ending`() {
        let failure = FailureReport(CoordinatorError.watchEnded(Sample.run))
        #expect(failure.ending == .cancelled)
        #expect(
            failure.lines == [
                "no longer watching; run 20261123030600 goes on",
                "hint: 'amfleet watch' joins it, 'amfleet cancel' ends it.",
            ])
    }
}
