// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Three nodes with as many slots as `tapecycle` asks for, and not one more.
struct TightCluster: Arrangement {
    let cluster: TestCluster
    /// `cluster.json` with little patience for a node that is dead.
    let file: String

    static func arrange() async throws -> TightCluster {
        let cluster = try await TestCluster(nodes: ["node01", "node02", "node03"])
        do {
            for node in cluster.nodes {
                try write("the first night of \(node.name)\n", to: "\(node.data)/file")
                for (plan, disk) in [
                    (ConfigurationPlan(name: "vertica", slots: "{1..3}"), node.data),
                    (
                        ConfigurationPlan(name: ConfigurationPlan.selfBackup.name, slots: "{1..3}"),
                        "\(node.directory)/etc"
                    ),
                ] { try await node.configure(plan, disks: [disk]) }
            }
            try await cluster.startAgents()
            return TightCluster(
                cluster: cluster,
                file: try cluster.clusterFile("tight") { $0.set("limits", "agentLost", to: "10s") })
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async { await cluster.remove() }

    func amfleet(_ arguments: String...) async throws -> CommandResult {
        try await cluster.amfleet(arguments + ["--cluster", file])
    }

    /// What a command's `--json` says.
    func json(_ arguments: String...) async throws -> [String: Any] {
        let result = try await cluster.amfleet(arguments + ["--json", "--cluster", file])
        return try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
    }

    /// Runs by name, newest first, with their states.
    func list() async throws -> [(run: String, state: String)] {
        let rows = try await json("list")["runs"] as? [[String: Any]] ?? []
        return rows.map { ("\($0["run"] ?? "")", "\($0["state"] ?? "")") }
    }
}

extension EndToEnd {
    /// The newest run that every node can have back stays until there is a newer one, and nothing comes to a standstill for it.
    @Suite(
        .serialized, .needs(Machine.cluster), .arranged(TightCluster.self), .timeLimit(.minutes(10)))
    struct ProtectedSetTests {
        /// Why one of three nodes has no part in so many nights.
        struct Ill: Sendable, CustomStringConvertible {
            let nights: Int
            /// Its agent does not answer; otherwise its disk is gone.
            let isDead: Bool

            var description: String { "\(nights) nights, \(isDead ? "dead" : "without its disk")" }

            func strike(_ node: ClusterNode) async throws {
                if isDead {
                    try await node.stop()
                } else {
                    try FileManager.default.moveItem(atPath: node.data, toPath: "\(node.data)-gone")
                }
            }

            func mend(_ node: ClusterNode) async throws {
                if isDead {
                    try await node.start()
                } else {
                    try FileManager.default.moveItem(atPath: "\(node.data)-gone", toPath: node.data)
                }
            }
        }

        static let cases = LongTests.whole(
            [Ill(nights: 10, isDead: true)], or: [Ill(nights: 5, isDead: false)],
            leavingOut: "ten nights with a dead node, in ProtectedSetTests")

        @Test(.long, arguments: cases)
        func `with one node ill the others are backed up every night, and the last whole set stays`(
            ill: Ill
        ) async throws {
            let made = try Arranged.as(TightCluster.self)
            let (alive, dead) = (made.cluster.nodes.prefix(2), made.cluster.nodes[2])
            let first = try await made.amfleet("backup")
            #expect(first.exit == 0, "\(first)")
            let set = try #require(try await made.list().first?.run)
            try await ill.strike(dead)

            for night in 2...ill.nights {
                for node in alive { try write("night \(night) of \(node.name)\n", to: "\(node.data)/file") }
                let backup = try await made.amfleet("backup")
                #expect(backup.exit == 3, "night \(night): \(backup)")
                #expect(backup.output.contains("2/3 nodes complete"), "night \(night): \(backup)")
            }

            let rows = try await made.list()
            #expect(
                rows.count == ill.nights && rows.last?.run == set && rows.last?.state == "complete", "\(rows)"
            )
            for verb in ["plan", "status"] {
                let said = try await made.amfleet(verb).output
                #expect(
                    said.contains("retention: 1 of the newest 2 volumes is left after this run"), "\(said)")
                #expect(
                    said.contains("not overwritten: run \(set) (the newest that every node can have back)"),
                    "\(said)")
            }
            let volumes = try await made.amfleet("volumes", "--node", "node01").output
            #expect(
                volumes.contains("holds run \(set), the newest that every node can have back"), "\(volumes)")
            let target = "\(made.cluster.directory)/restored"
            let restored = try await made.cluster.amfleet([
                "restore", "--cluster", made.file, "--run", set, "--to", target, "--node", "node01", "--node",
                "node02", "--configuration", "vertica",
            ])
            #expect(restored.exit == 0, "\(restored)")
            for node in alive {
                let file = "\(target)/\(node.name)/vertica\(node.data)/file"
                #expect(
                    try String(contentsOfFile: file, encoding: .utf8) == "the first night of \(node.name)\n")
            }

            try await ill.mend(dead)
            let whole = try await made.amfleet("backup")
            #expect(whole.exit == 0, "\(whole)")
            let newest = try #require(try await made.list().first?.run)
            let plan = try await made.amfleet("plan").output
            #expect(!plan.contains("retention:"), "\(plan)")
            #expect(plan.contains("not overwritten: run \(newest) ("), "\(plan)")
            _ = try await made.amfleet("backup")
            #expect(try await made.list().last?.state == "overwritten")
        }
    }
}

extension EndToEnd.ProtectedSetTests {
    /// After the nights, on the same cluster.
    @Suite(.serialized) struct AfterwardsTests {
        @Test
        func
            `a run that leaves nodes out by choice is no set, and one that leaves out configurations is one beside it`()
            async throws
        {
            let made = try Arranged.as(TightCluster.self)
            let whole = try await made.amfleet("backup")
            #expect(whole.exit == 0, "\(whole)")
            let set = try #require(try await made.list().first?.run)
            _ = try await made.amfleet("backup", "--node", "node01")
            let after = try await made.amfleet("plan").output
            #expect(after.contains("not overwritten: run \(set) ("), "\(after)")
            #expect(!after.contains("no run that every node"), "\(after)")
            let part = try await made.amfleet("backup", "--configuration", "vertica")
            #expect(part.exit == 0, "\(part)")
            let newest = try #require(try await made.list().first?.run)
            let plan = try await made.amfleet("plan").output
            #expect(
                plan.contains(
                    "not overwritten: run \(newest) (without configuration 'amanda-server'), run \(set) (the newest that every node can have back)"
                ), "\(plan)")
        }

        @Test(.long)
        func `a node that is new today does not take the earlier set's protection away, and status says so`()
            async throws
        {
            let made = try Arranged.as(TightCluster.self)
            let whole = try await made.amfleet("backup")
            #expect(whole.exit == 0, "\(whole)")
            let set = try #require(try await made.list().first?.run)
            let grown = try made.cluster.clusterFile("grown") {
                var nodes = $0["nodes"] as? [[String: Any]] ?? []
                nodes.append(["name": "node04", "address": "127.0.0.1:\(FreePort.find())"])
                $0["nodes"] = nodes
                $0.set("limits", "agentLost", to: "10s")
            }
            for _ in 0..<3 {
                let backup = try await made.cluster.amfleet(["backup", "--cluster", grown])
                #expect(backup.exit == 3, "\(backup)")
                #expect(backup.output.contains("3/4 nodes complete"), "\(backup)")
            }
            #expect(try await made.list().first { $0.run == set }?.state == "complete")
            // The set stays one where the new node is asked for its part too, and does not answer.
            let retry = try await made.cluster.amfleet(["retry", set, "--cluster", grown])
            #expect(retry.exit == 1, "\(retry)")
            let status = try await made.cluster.amfleet(["status", "--cluster", grown]).output
            #expect(status.contains("not overwritten: run \(set) (without node 'node04')"), "\(status)")
            #expect(
                status.contains("until there is one, run \(set) (without node 'node04') stays"), "\(status)")
        }
    }
}
