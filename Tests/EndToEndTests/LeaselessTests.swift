// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A cluster whose records lie in a store that cannot keep two writers apart: every verb says so with the way out, and the way
    /// out is gone for each.
    @Suite(.serialized, .needs(Machine.cluster), .timeLimit(.minutes(15)))
    struct LeaselessTests {
        @Test(.long) func `every verb does without a store that refuses conditions`() async throws {
            try await everyVerb(.refusing, says: "takes no conditional writes (status 501 NotImplemented")
        }

        @Test(.long, .needs(["rclone"]))
        func `every verb does without a store that ignores conditions`() async throws {
            try await everyVerb(.ignoring, says: "ignores conditional writes")
        }

        @Test(.long) func `every verb does without a store whose entity tags are weak`() async throws {
            try await everyVerb(.weak, says: "gives weak entity tags (W/\"")
        }

        @Test(.long) func `every verb does without a store that calls every condition unmet`() async throws {
            try await everyVerb(.unmet, says: "says that an object is there which is not")
        }

        @Test(.long) func `a backup whose manifests alone are never taken ends, and says why`() async throws {
            let made = try await LeaselessStore.make(.unmetManifests)
            do {
                let text = "says that an object is there which is not"
                try await refusedThenDone(made, ["backup"], text)
                #expect(made.struckCount == 20 + 1, "one more to learn it anew")
                #expect(try await made.states() == ["complete"])
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        private func everyVerb(_ kind: LeaselessStore.Kind, says text: String) async throws {
            let made = try await LeaselessStore.make(kind)
            do {
                try await plainRun(made, text)
                try await suspectRun(made, text)
                try await heldRun(made, text)
                try await cancelledRun(made, text)
                try await orphanedRun(made, text)
                let status = try await made.amfleet(["status"])
                #expect(status.exit == 0, "\(status)")
                #expect(
                    try await made.states() == Array(repeating: "complete", count: 5))
            } catch {
                await made.remove()
                throw error
            }
            await made.remove()
        }

        /// The verb as it is ends with 6 and says what to do; what it says is done.
        @discardableResult
        private func refusedThenDone(
            _ made: LeaselessStore, _ words: [String], _ text: String, exit: Int32 = 0
        ) async throws -> CommandResult {
            let refused = try await made.amfleet(words)
            #expect(refused.exit == 6, "\(refused)")
            #expect(refused.errors.contains(text), "\(refused)")
            #expect(
                refused.errors.contains("hint: say --no-lease if nobody else can start a run"), "\(refused)")
            let done = try await made.amfleet(words + ["--no-lease"])
            #expect(done.exit == exit, "\(done)")
            return done
        }

        private func plainRun(_ made: LeaselessStore, _ text: String) async throws {
            let before = try await TreeManifest(of: made.node.data)
            let plan = try await made.amfleet(["plan"])
            #expect(plan.exit == 0, "\(plan)")
            let run = try await refusedThenDone(made, ["backup"], text).run
            try await refusedThenDone(made, ["pin", run], text)
            #expect(try await made.amfleet(["list"]).output.contains("pinned"))
            try await refusedThenDone(made, ["unpin", run], text)
            #expect(try await !made.amfleet(["list"]).output.contains("pinned"))
            let target = "\(made.cluster.directory)/back"
            try await refusedThenDone(
                made, ["restore", "--run", run, "--configuration", made.plan.name, "--to", target], text)
            let restored = try await TreeManifest(of: "\(target)/node01/\(made.plan.name)\(made.node.data)")
            #expect(before.difference(from: restored) == "")
        }

        private func suspectRun(_ made: LeaselessStore, _ text: String) async throws {
            try FileManager.default.moveItem(atPath: made.node.data, toPath: "\(made.node.data)-away")
            try FileManager.default.createDirectory(atPath: made.node.data, withIntermediateDirectories: true)
            let backup = try await made.amfleet(["backup", "--no-lease"])
            #expect(backup.exit == 3 && backup.text.contains("suspect"), "\(backup)")
            try await refusedThenDone(
                made, ["accept", backup.run, "--node", "node01", "--disk", made.node.data], text)
            try FileManager.default.removeItem(atPath: made.node.data)
            try FileManager.default.moveItem(atPath: "\(made.node.data)-away", toPath: made.node.data)
        }

        private func heldRun(_ made: LeaselessStore, _ text: String) async throws {
            let backup = try await made.startSlowBackup()
            made.outage.proxy.refuse()
            let result = try await backup.end()
            try made.outage.proxy.accept()
            made.outage.proxy.setRate(bytesPerSecond: nil)
            #expect(result.exit == 3 && result.text.contains("held"), "\(result)")
            let flushed = try await refusedThenDone(made, ["flush"], text)
            #expect(flushed.text.contains("is complete now"), "\(flushed)")
        }

        private func cancelledRun(_ made: LeaselessStore, _ text: String) async throws {
            let backup = try await made.startSlowBackup()
            await backup.kill()
            made.outage.proxy.setRate(bytesPerSecond: nil)
            let cancelled = try await made.amfleet(["cancel"])
            #expect(cancelled.text.contains("the manifest still says running"), "\(cancelled)")
            #expect(cancelled.text.contains(text), "\(cancelled)")
            #expect(
                cancelled.text.contains("hint: say --no-lease if nobody else can start a run"), "\(cancelled)"
            )
            let again = try await made.amfleet(["cancel", "--no-lease"])
            #expect(again.exit == 0, "\(again)")
            let run = try #require(try await made.runs().first)
            #expect(run.state == "cancelled")
            try await refusedThenDone(made, ["retry", run.name], text)
        }

        private func orphanedRun(_ made: LeaselessStore, _ text: String) async throws {
            let backup = try await made.startSlowBackup()
            await backup.kill()
            made.outage.proxy.setRate(bytesPerSecond: nil)
            try await refusedThenDone(made, ["watch"], text)
        }
    }
}

/// One node that holds what it cannot send; the cluster's own store cannot do conditional writes.
struct LeaselessStore: Sendable {
    enum Kind {
        /// 501 to any condition.
        case refusing
        /// `rclone serve s3`.
        case ignoring
        /// Weak entity tags, which meet no condition.
        case weak
        /// 412 to any condition.
        case unmet
        /// 412 to any condition on a manifest, and none on the lease.
        case unmetManifests
    }

    let outage: StoreOutage
    let file: String
    /// Before the cluster's own store; nil before rclone.
    private let proxy: FaultyProxy?

    var cluster: TestCluster { outage.cluster }
    var node: ClusterNode { outage.node }
    var plan: ConfigurationPlan { outage.plan }

    static func make(_ kind: Kind) async throws -> LeaselessStore {
        let outage = try await StoreOutage.make("leaseless", isHolding: true)
        do {
            let cluster = outage.cluster
            var proxy: FaultyProxy?
            let endpoint: String
            switch kind {
            case .ignoring:
                let server = try await RcloneServer.shared()
                endpoint = server.endpoint
                try await useKeys(of: server, outage)
            case .refusing, .weak, .unmet, .unmetManifests:
                let before = try FaultyProxy(to: cluster.store.port)
                let headers = ["if-match", "if-none-match"]
                switch kind {
                case .refusing:
                    before.inject(
                        .error(status: 501, code: "NotImplemented"), method: "PUT", headers: headers,
                        times: .max)
                case .unmet:
                    before.inject(
                        .error(status: 412, code: "PreconditionFailed"), method: "PUT", headers: headers,
                        times: .max)
                case .unmetManifests:
                    before.inject(
                        .error(status: 412, code: "PreconditionFailed"), method: "PUT",
                        target: "/manifest.json", headers: ["if-none-match"], times: .max)
                case .weak, .ignoring:
                    before.inject(
                        .error(status: 412, code: "PreconditionFailed"), method: "PUT", headers: ["if-match"],
                        times: .max)
                    before.inject(.changeHeader("etag") { "W/\($0)" }, times: .max)
                }
                endpoint = before.endpoint
                proxy = before
            }
            let file = try cluster.clusterFile("leaseless") {
                $0.set("storage", "endpoint", to: endpoint)
                $0.set("limits", "storageOutage", to: "8s")
                $0.set("limits", "holdAfter", to: "4s")
            }
            return LeaselessStore(outage: outage, file: file, proxy: proxy)
        } catch {
            await outage.remove()
            throw error
        }
    }

    /// The self-backup lies in the cluster's own store too.
    private static func useKeys(of server: RcloneServer, _ outage: StoreOutage) async throws {
        let keys = """
            [default]
            aws_access_key_id = \(server.accessKey)
            aws_secret_access_key = \(server.secretKey)

            """
        let (cluster, node) = (outage.cluster, outage.node)
        try write(keys, to: "\(cluster.coordinatorDirectory)/s3-credentials", mode: 0o600)
        try await node.stop()
        try write(keys, to: "\(node.directory)/agent/s3-credentials", mode: 0o600)
        var own = ConfigurationPlan.selfBackup
        own.changerLines = [
            "device-property \"S3_HOST\" \"\(server.endpoint.dropFirst("http://".count))\"",
            "device-property \"S3_ACCESS_KEY\" \"\(server.accessKey)\"",
            "device-property \"S3_SECRET_KEY\" \"\(server.secretKey)\"",
        ]
        try await node.configure(own, disks: ["\(node.directory)/etc"])
        try await node.start()
    }

    func amfleet(_ words: [String]) async throws -> CommandResult {
        try await cluster.amfleet([words[0], "--cluster", file] + words.dropFirst())
    }

    /// Starts a backup of something new and returns once a part of it is sent.
    func startSlowBackup() async throws -> RunningProgram {
        try await SourceTree.writeFile(
            "\(node.data)/new-\(UUID().uuidString.prefix(8))", mebibytes: 24, randomMebibytes: 4)
        let seen = outage.proxy.requests.count
        outage.proxy.setRate(bytesPerSecond: 4 << 20)
        let backup = try cluster.startAmfleet(["backup", "--cluster", file, "--no-lease"])
        do {
            try await eventually("a part is sent") {
                outage.proxy.requests.dropFirst(seen).contains { $0.contains("partNumber=2") }
            }
        } catch {
            await backup.kill()
            throw CommandError.never("\(error)\n\(backup.text)", .zero)
        }
        return backup
    }

    /// Newest first.
    func runs() async throws -> [(name: String, state: String)] {
        let listed = try await amfleet(["list"])
        return listed.output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 1, words[0].count == 14, words[0].allSatisfy(\.isNumber) else { return nil }
            return (words[0], words[1])
        }
    }

    /// How many requests to the cluster's own store were answered as its kind has it.
    var struckCount: Int { proxy?.struckCount ?? 0 }

    func states() async throws -> [String] { try await runs().map(\.state) }

    func remove() async {
        proxy?.refuse()
        await outage.remove()
    }
}
