// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd.FailureTests {
    /// A coordinator was killed while a node is still at work: the node is busy, and in nobody's way.
    @Suite(.serialized) struct UnfinishedRunTests {
        @Test
        func
            `a node at work for a dead coordinator is left out and added later, and its own run keeps its verdict`()
            async throws
        {
            let made = try Arranged.as(SlowCluster.self)
            let old = try await made.startSlowBackup()
            await old.kill()
            // Two minutes at least for what is left: a machine may have other work.
            made.proxy.setRate(bytesPerSecond: 1 << 19)
            let first = try await made.newestRun()
            try await eventually("the small nodes are done") { try await made.areSmallNodesIdle() }
            try await made.letLeaseRunOut()

            let alone = try await made.cluster.amfleet(["backup", "--node", "node01", "--json"])
            #expect(alone.exit == 0, "\(alone)")
            #expect(try await made.verdict(of: first) == "running", "\(alone)")
            let busy = try await made.cluster.amfleet(["backup", "--node", "node03"])
            #expect(busy.exit == 4 && busy.errors.contains("backup-\(first)-node03"), "\(busy)")
            let next = try await made.cluster.amfleet(["backup", "--json"])
            #expect(next.exit == 3, "\(next)")
            let report = try CommandJSON(next)
            #expect(report.states == ["complete", "complete", "failed"])
            let reason = report.errors(of: "node03").joined()
            #expect(reason.contains("busy: job 'backup-\(first)-node03'"), "\(next)")
            #expect(
                reason.contains("since 20") && reason.contains("'amfleet retry \(report.run)'"), "\(next)")
            #expect(try await made.verdict(of: first) == "running")

            made.proxy.setRate(bytesPerSecond: nil)
            try await eventually("the old job ends") { try await made.isIdle("node03") }
            let retry = try await made.cluster.amfleet(["retry", report.run, "--json"])
            #expect(retry.exit == 0, "\(retry)")
            #expect(try CommandJSON(retry).states == ["complete", "complete", "complete"])
            try made.cluster.expectSuccess(try await made.cluster.amfleet(["backup"]))
            #expect(try await made.verdict(of: first) == "complete")
        }

        @Test(.long) func `retry goes to the store where it is now`() async throws {
            let made = try Arranged.as(SlowCluster.self)
            let backup = try await made.startSlowBackup()
            backup.send(SIGINT)
            made.proxy.setRate(bytesPerSecond: nil)
            let result = try await backup.end()
            #expect(result.exit == 130, "\(result)")
            let run = try await made.newestRun()

            // Through the proxy it was; now it is the store itself.
            let retry = try await made.cluster.amfleet(["retry", run, "--json"])
            #expect(retry.exit == 0, "\(retry)")
            #expect(try CommandJSON(retry).states == ["complete", "complete", "complete"])
        }
    }
}

extension SlowCluster {
    fileprivate func verdict(of run: String) async throws -> String? {
        try await manifest(of: run)["verdict"] as? String
    }

    fileprivate func areSmallNodesIdle() async throws -> Bool {
        guard try await isIdle("node01") else { return false }
        return try await isIdle("node02")
    }

    fileprivate func isIdle(_ node: String) async throws -> Bool {
        let status = try CommandJSON(try await cluster.amfleet(["status", "--json"])).object
        let nodes = status["nodes"] as? [[String: Any]] ?? []
        let found = nodes.first { $0["node"] as? String == node }?["status"] as? [String: Any]
        guard let found else { throw CommandError.never("\(node) answers", .zero) }
        return found["runningJob"] == nil
    }
}
