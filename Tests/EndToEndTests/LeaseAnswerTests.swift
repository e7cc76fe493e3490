// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.SmallClusterTests {
    /// One answer of the store that is lost, or refused once, at the start of a run.
    @Suite(.serialized) struct LeaseAnswerTests {
        @Test func `one lost answer or 503 on any of the lease's writes costs no backup`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let proxy = try FaultyProxy(to: cluster.store.port)
            let file = try cluster.clusterFile("answers") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
            }
            let faults: [ProxyFault] = [
                .cutAnswer(after: 0), .error(status: 503, code: "SlowDown"), .cutAnswer(after: 0),
            ]
            for (number, fault) in faults.enumerated() {
                proxy.inject(fault, method: "PUT", target: "lease.json", skip: number)
                let backup = try await cluster.amfleet(["backup", "--cluster", file])
                #expect(backup.exit == 0, "write \(number): \(backup)")
                proxy.clear()
            }
        }
    }
}
