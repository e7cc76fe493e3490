// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    /// A coordinator that was suspended, and whose cluster is another's by now: the jobs are the other's, too.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(TwoNodes.self), .timeLimit(.minutes(9)))
    struct LostLeaseTests {
        @Test func `Ctrl-C of who has lost the lease cancels nothing`() async throws {
            let made = try Arranged.as(TwoNodes.self)
            let job = EndlessJob()
            let result = try await made.night(job, [:]) { file in
                let backup = try made.cluster.startAmfleet(["backup", "--cluster", file])
                try await eventually("it runs: \(backup.text)") { job.submissionCount == 1 }
                try await made.giveLease(to: "root@elsewhere, pid 7")
                backup.send(SIGINT)
                return try await backup.end(within: .seconds(150))
            }
            #expect(result.exit != 0, "\(result)")
            #expect(
                result.text.contains("the cluster is held by root@elsewhere, pid 7 now"), "\(result)")
            #expect(job.deletions == [], "\(result)")
            #expect(try await made.lease()["holder"] as? String == "root@elsewhere, pid 7")
            try await made.giveLease(to: nil)
        }

        @Test(.long) func `who has lost the lease submits nothing more, not even what was interrupted`()
            async throws
        {
            let made = try Arranged.as(TwoNodes.self)
            let (first, then) = (EndlessJob(.reconnecting), EndlessJob(.interrupted))
            let isLost = Mutex(false)
            let agent = try await made.cluster.misbehave(made.node) { question in
                await (isLost.withLock { $0 } ? then : first).answer(question)
            }
            let backup = try made.cluster.startAmfleet(["backup"])
            try await eventually("it runs: \(backup.text)") { first.submissionCount == 1 }
            try await made.giveLease(to: "root@elsewhere, pid 7")
            try await eventually("it is noticed: \(backup.text)") {
                backup.text.contains("lost the cluster's lease to root@elsewhere, pid 7")
            }
            isLost.withLock { $0 = true }
            let result = try await backup.end(within: .seconds(150))
            await agent.stop()
            try made.cluster.behave(made.node)
            try await made.giveLease(to: nil)

            #expect(result.exit != 0, "\(result)")
            #expect(then.submissionCount == 0, "\(result)")
            #expect(first.deletions + then.deletions == [], "\(result)")
        }
    }
}

extension TwoNodes {
    /// As another coordinator that has taken it over; nil: given back.
    fileprivate func giveLease(to holder: String?) async throws {
        var lease = try await lease()
        let formatter = ISO8601DateFormatter()
        lease["isReleased"] = holder == nil
        if let holder {
            lease["holder"] = holder
            lease["fence"] = (lease["fence"] as? Int ?? 0) + 1
            lease["hold"] = "7"
            lease["acquiredAt"] = formatter.string(from: Date())
            lease["expiresAt"] = formatter.string(from: Date().addingTimeInterval(60))
        }
        let text = String(decoding: try JSONSerialization.data(withJSONObject: lease), as: UTF8.self)
        try await cluster.store.putObject(text, key)
    }

    fileprivate func lease() async throws -> [String: Any] {
        let answer = try await cluster.store.aws(
            "s3", "cp", "--quiet", "s3://\(ClusterStore.bucket)/\(key)", "-")
        return try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any] ?? [:]
    }

    private var key: String { "\(TestCluster.prefix)/_amfleet/lease.json" }
}
