// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Three nodes of which the last has most, and a proxy that makes storing as slow as a test needs it.
struct SlowCluster: Arrangement {
    static let largeMebibytes = 64

    let cluster: TestCluster
    let proxy: FaultyProxy
    /// `cluster.json` with the proxy as the store and short limits.
    let slowFile: String

    var large: ClusterNode { cluster.nodes[2] }

    static func arrange() async throws -> SlowCluster {
        let cluster = try await TestCluster(nodes: ["node01", "node02", "node03"])
        do {
            for node in cluster.nodes { try await SourceTree.writeFile("\(node.data)/small", mebibytes: 1) }
            try await SourceTree.writeFile(
                "\(cluster.nodes[2].data)/large", mebibytes: largeMebibytes, randomMebibytes: 4)
            try await cluster.configure([
                ConfigurationPlan(name: "vertica", blockSize: "5 megabytes", tapecycle: 9)
            ])
            try await cluster.startAgents()
            let proxy = try FaultyProxy(to: cluster.store.port, mode: .opaque)
            let slowFile = try cluster.clusterFile("slow") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
                $0.set("limits", "agentLost", to: "15s")
            }
            return SlowCluster(cluster: cluster, proxy: proxy, slowFile: slowFile)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// Starts a backup and returns once the large node has a part of its data in the store, and not all.
    func startSlowBackup() async throws -> RunningProgram {
        proxy.setRate(bytesPerSecond: 3 << 20)
        let backup = try cluster.startAmfleet(["backup", "--cluster", slowFile])
        do {
            _ = try await cluster.store.firstStoredPart(under: "\(TestCluster.prefix)/\(large.name)/")
        } catch {
            await backup.kill()
            throw CommandError.never("\(error)\n\(backup.text)", .zero)
        }
        return backup
    }

    /// The newest run that the bucket knows.
    func newestRun() async throws -> String {
        let keys = try await cluster.store.keys("\(TestCluster.prefix)/_amfleet/runs/")
        let runs = keys.compactMap { $0.split(separator: "/").dropFirst(3).first.map(String.init) }
        guard let newest = runs.max() else { throw CommandError.never("a run in the bucket", .zero) }
        return newest
    }

    /// The newest run's manifest.
    func manifest() async throws -> [String: Any] { try await manifest(of: newestRun()) }

    func manifest(of run: String) async throws -> [String: Any] {
        try await cluster.store.document("runs/\(run)/manifest.json")
    }

    /// Lets the minute pass after which a dead coordinator's lease is anybody's.
    func letLeaseRunOut() async throws {
        try await cluster.store.changeDocument("lease.json") { $0["expiresAt"] = $0["acquiredAt"] }
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}

extension EndToEnd {
    /// What happens when something fails in the middle.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(SlowCluster.self), .timeLimit(.minutes(9)))
    struct FailureTests {
        @Test func `a killed agent costs its own node only, and retry completes that node alone`()
            async throws
        {
            let made = try Arranged.as(SlowCluster.self)
            let backup = try await made.startSlowBackup()

            await made.large.kill()
            made.proxy.setRate(bytesPerSecond: nil)
            let result = try await backup.end()

            #expect(result.exit == 3, "\(result)")
            #expect(result.text.contains("node03"), "\(result)")
            #expect(try await made.manifest().states == ["complete", "complete", "failed"])

            try await made.large.start()
            try await eventually("the stale upload is aborted") {
                try await made.cluster.store.openUploads().isEmpty
            }
            let run = try await made.newestRun()
            let retry = try await made.cluster.amfleet(["retry", run, "--cluster", made.slowFile])

            #expect(retry.exit == 0, "\(retry)")
            #expect(try await made.manifest().states == ["complete", "complete", "complete"])
            #expect(try await made.manifest().attempts == [1, 1, 2])
            #expect(try await made.cluster.store.openUploads().isEmpty)
        }

        @Test(.long) func `a second backup is refused and told who holds the cluster`() async throws {
            let made = try Arranged.as(SlowCluster.self)
            let first = try await made.startSlowBackup()

            let second = try await made.cluster.amfleet(["backup"])

            made.proxy.setRate(bytesPerSecond: nil)
            let result = try await first.end()
            #expect(second.exit == 4, "\(second)")
            #expect(second.text.contains("pid \(first.pid)"), "\(second)")
            #expect(result.exit == 0, "\(result)")
        }

        @Test(.long) func `agents finish without their coordinator and watch completes the manifest`()
            async throws
        {
            let made = try Arranged.as(SlowCluster.self)
            let backup = try await made.startSlowBackup()

            await backup.kill()
            made.proxy.setRate(bytesPerSecond: nil)
            try await made.letLeaseRunOut()
            let watch = try await made.cluster.amfleet(["watch"])

            #expect(watch.exit == 0, "\(watch)")
            #expect(try await made.manifest()["verdict"] as? String == "complete")
            #expect(try await made.manifest().states == ["complete", "complete", "complete"])
        }

        @Test func `Ctrl-C cancels everywhere and leaves no upload open`() async throws {
            let made = try Arranged.as(SlowCluster.self)
            let backup = try await made.startSlowBackup()

            backup.send(SIGINT)
            made.proxy.setRate(bytesPerSecond: nil)
            let result = try await backup.end()

            #expect(result.exit == 130, "\(result)")
            #expect(try await made.cluster.store.openUploads().isEmpty)
            let next = try await made.cluster.amfleet(["backup"])
            #expect(next.exit == 0, "\(next)")
        }
    }
}

extension [String: Any] {
    /// Of a manifest: each node's state, in order.
    fileprivate var states: [String] { nodes.compactMap { $0["state"] as? String } }

    /// Of a manifest: each node's attempt, in order.
    fileprivate var attempts: [Int] { nodes.compactMap { $0["attempt"] as? Int } }

    private var nodes: [[String: Any]] { self["nodes"] as? [[String: Any]] ?? [] }
}
