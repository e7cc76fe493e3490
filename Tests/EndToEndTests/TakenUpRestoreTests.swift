// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Two nodes behind a proxy that can hold the second's data, and two coordinators' folders.
struct TwoCoordinators: Arrangement {
    static let plan = ConfigurationPlan(
        name: StockAmanda.newName("taken"), partSize: "50 megabytes", blockSize: "5 megabytes")

    let cluster: TestCluster
    let proxy: FaultyProxy
    /// Both ask the store through the proxy.
    let file: String
    let otherFile: String

    static func arrange() async throws -> TwoCoordinators {
        let cluster = try await TestCluster(nodes: ["node01", "node02"], configurations: [plan.name])
        do {
            for node in cluster.nodes {
                try write("of \(node.name)\n", to: "\(node.data)/file")
                try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 12, randomMebibytes: 12)
            }
            try await cluster.configure([plan])
            try await cluster.startAgents()
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let proxy = try FaultyProxy(to: cluster.store.port)
            let file = try cluster.clusterFile("held") { $0.set("storage", "endpoint", to: proxy.endpoint) }
            let other = "\(cluster.directory)/other-coordinator"
            try FileManager.default.copyItem(atPath: cluster.coordinatorDirectory, toPath: other)
            return TwoCoordinators(
                cluster: cluster, proxy: proxy, file: file, otherFile: "\(other)/held.json")
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func arguments(_ file: String, _ target: String, isLeased: Bool = false) -> [String] {
        // The first coordinator's lease outlives it by a minute.
        ["restore", "--cluster", file, "--configuration", Self.plan.name, "--to", target]
            + (isLeased ? [] : ["--no-lease"])
    }

    /// Whether the node has come to the end of a restore there.
    func hasEnded(_ node: ClusterNode, _ target: String) -> Bool {
        ledgers(node).contains {
            $0.contains("endedAt") && $0.replacingOccurrences(of: "\\/", with: "/").contains(target)
        }
    }

    /// What the node remembers of its restores; one that is just being written may be gone by the time that it is read.
    func ledgers(_ node: ClusterNode) -> [String] {
        let directory = "\(node.state)/restores"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { try? String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }
    }

    func restored(_ node: ClusterNode, _ target: String, _ entry: String) -> String {
        "\(target)/\(node.name)/\(Self.plan.name)\(node.data)/\(entry)"
    }

    /// What was held comes to its end at once, and not when its reader has lost patience.
    func letGo() {
        proxy.clear()
        proxy.cutAll()
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}

extension EndToEnd {
    /// A restore belongs to the nodes: a coordinator that comes later goes on with what another has begun.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(TwoCoordinators.self), .timeLimit(.minutes(9)))
    struct TakenUpRestoreTests {
        /// The first node is done and the second stands still in its data, then the coordinator is killed.
        private func begun(
            _ made: TwoCoordinators, _ target: String, isLeased: Bool = false
        ) async throws {
            let (first, second) = (made.cluster.nodes[0], made.cluster.nodes[1])
            made.proxy.inject(
                .stallAnswer(after: 1 << 20), method: "GET",
                // Its reader asks again after a minute, which a busy machine may need until it is let go.
                target: "node02/\(TwoCoordinators.plan.name)/slot-01f00000001-mp", times: 9)
            let running = try made.cluster.startAmfleet(
                made.arguments(made.file, target, isLeased: isLeased))
            try await eventually("one node is done, the other at work: \(running.text)") {
                let staging = made.restored(second, target, ".amfleet-restore")
                let name = String(target.split(separator: "/").last ?? "")
                return made.ledgers(first).contains { $0.contains("endedAt") && $0.contains(name) }
                    && FileManager.default.fileExists(atPath: staging)
            }
            await running.kill()
        }

        private func expectWhole(_ made: TwoCoordinators, _ target: String) async throws {
            for node in made.cluster.nodes {
                let before = try await TreeManifest(of: node.data)
                let after = try await TreeManifest(of: made.restored(node, target, ""))
                #expect(before.difference(from: after) == "")
            }
        }

        @Test func `a coordinator of another folder takes a running job up, and what was done counts`()
            async throws
        {
            let made = try Arranged.as(TwoCoordinators.self)
            let target = "\(made.cluster.directory)/taken-up"
            try await begun(made, target)
            let running = try made.cluster.startAmfleet(made.arguments(made.otherFile, target))
            try await eventually("the job is taken up: \(running.text)") {
                running.text.contains("node02: the same restore runs there already")
            }
            made.letGo()
            let result = try await running.end()
            #expect(result.exit == 0, "\(result)")
            #expect(result.text.contains("restored by an earlier attempt"), "\(result)")
            try await expectWhole(made, target)
            let anew = try await made.cluster.amfleet(made.arguments(made.otherFile, target))
            #expect(anew.exit == 1 && anew.text.contains("is not empty"), "\(anew)")
        }

        @Test func `a coordinator that died before it saw the end leaves nothing to be done twice`()
            async throws
        {
            let made = try Arranged.as(TwoCoordinators.self)
            let target = "\(made.cluster.directory)/unseen"
            try await begun(made, target, isLeased: true)
            made.letGo()
            for node in made.cluster.nodes {
                try await eventually("\(node.name) comes to its end") { made.hasEnded(node, target) }
            }
            let arguments = made.arguments(made.otherFile, target, isLeased: true)
            let early = try await made.cluster.amfleet(arguments)
            #expect(early.exit == 4, "\(early)")
            // As after a minute.
            try await made.cluster.store.changeDocument("lease.json") { $0["expiresAt"] = $0["acquiredAt"] }
            let result = try await made.cluster.amfleet(arguments)
            #expect(result.exit == 0 && result.text.contains("took over the lease"), "\(result)")
            #expect(result.text.contains("restored by an earlier attempt"), "\(result)")
            try await expectWhole(made, target)
            // It has been told: what lies there now is the operator's.
            let anew = try await made.cluster.amfleet(arguments)
            #expect(anew.exit == 1 && anew.text.contains("is not empty"), "\(anew)")
        }

        @Test func `where the agent was killed as well it goes on where it was`() async throws {
            let made = try Arranged.as(TwoCoordinators.self)
            let target = "\(made.cluster.directory)/both-killed"
            try await begun(made, target)
            await made.cluster.nodes[1].kill()
            made.letGo()
            try await made.cluster.nodes[1].start()
            let result = try await made.cluster.amfleet(made.arguments(made.otherFile, target))
            #expect(result.exit == 0, "\(result)")
            #expect(result.text.contains("restored by an earlier attempt"), "\(result)")
            try await expectWhole(made, target)
        }

        @Test func `another place is another restore, and a busy node has no part in it`() async throws {
            let made = try Arranged.as(TwoCoordinators.self)
            let target = "\(made.cluster.directory)/first-place"
            try await begun(made, target)
            let other = try await made.cluster.amfleet(
                made.arguments(made.otherFile, "\(made.cluster.directory)/second-place"))
            #expect(
                other.exit == 3 && other.text.contains("node02") && other.text.contains("busy"), "\(other)")
            made.letGo()
            let result = try await made.cluster.amfleet(made.arguments(made.otherFile, target))
            #expect(result.exit == 0, "\(result)")
            try await expectWhole(made, target)
        }

        @Test func `data of one node go to the machine of another, and nobody else is asked`() async throws {
            let made = try Arranged.as(TwoCoordinators.self)
            let target = "\(made.cluster.directory)/mapped"
            let refused = try await made.cluster.amfleet(
                made.arguments(made.file, target) + ["--map", "node02=node01"])
            #expect(refused.exit == 2 && refused.text.contains("'node02' itself"), "\(refused)")
            let arguments =
                made.arguments(made.file, target) + ["--map", "node02=node01", "--node", "node01"]
            let planned = try await made.cluster.amfleet(arguments + ["--dry-run", "--json"])
            // The machine's own credentials do not reach another node's data.
            #expect(planned.exit != 0, "\(planned)")
            let node = made.cluster.nodes[0]
            let credentials = "\(node.directory)/agent/s3-credentials"
            let own = try String(contentsOfFile: credentials, encoding: .utf8)
            try write(made.cluster.store.credentials(of: "node02"), to: credentials, mode: 0o600)
            try await node.stop()
            try await node.start()
            let result = try await made.cluster.amfleet(arguments)
            #expect(result.exit == 0, "\(result)")
            #expect(result.text.contains("node01: gets the data of node 'node02'"), "\(result)")
            let place = "\(target)/node02/\(TwoCoordinators.plan.name)\(made.cluster.nodes[1].data)/file"
            #expect(try String(contentsOfFile: place, encoding: .utf8) == "of node02\n")
            try write(own, to: credentials, mode: 0o600)
            try await node.stop()
            try await node.start()
        }

        @Test func `the newest run that had begun by then is taken, and a dry run writes nothing`()
            async throws
        {
            let made = try Arranged.as(TwoCoordinators.self)
            let target = "\(made.cluster.directory)/by-time"
            let dry = try await made.cluster.amfleet(
                made.arguments(made.file, target) + ["--dry-run", "--at", "2999-01-01T00:00:00Z"])
            #expect(dry.exit == 0 && dry.text.contains("nothing was written"), "\(dry)")
            #expect(dry.text.contains("would come back whole on 2/2 nodes"), "\(dry)")
            #expect(!FileManager.default.fileExists(atPath: target))
            let none = try await made.cluster.amfleet(
                made.arguments(made.file, target) + ["--at", "2000-01-01 00:00"])
            #expect(
                none.exit == 1 && none.text.contains("no run that is left had been begun by 2000-01-01"),
                "\(none)")
        }
    }
}
