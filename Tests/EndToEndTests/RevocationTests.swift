// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Certificates that are taken back, with real agents, and the mends as they are told.
    @Suite(.needs(Machine.cluster + ["openssl", "curl"]), .timeLimit(.minutes(9)))
    struct RevocationTests {
        @Test(.long)
        func `an observer asks as the document says, until it is revoked, also where a node was away`()
            async throws
        {
            try await withCluster(["node01", "node02"]) { cluster in
                try await cluster.startAgents()
                try await cluster.expectSuccess(cluster.amfleet(["observer", "add", "grafana"]))
                let taken = try await cluster.amfleet(["observer", "add", "grafana"])
                #expect(taken.exit == 2, "\(taken)")
                for node in cluster.nodes {
                    let answer = try await ask(node, cluster)
                    #expect(
                        answer.exit == 0 && answer.output.contains("\"node\" : \"\(node.name)\""), "\(answer)"
                    )
                }
                try await cluster.nodes[1].stop()
                let revoked = try await cluster.amfleet(["revoke", "grafana"])
                #expect(revoked.exit == 3, "\(revoked)")
                #expect(revoked.output.contains("node02 gets the list with its next contact"), "\(revoked)")
                #expect(try await ask(cluster.nodes[0], cluster).exit != 0)
                let away = try await cluster.amfleet(["status"])
                #expect(
                    away.output.contains("has the newest list of revoked certificates is unknown"), "\(away)")
                try await cluster.nodes[1].start()
                #expect(try await ask(cluster.nodes[1], cluster).exit == 0)
                let back = try await cluster.amfleet(["status"])
                #expect(!back.output.contains("revoked"), "\(back)")
                #expect(try await ask(cluster.nodes[1], cluster).exit != 0)
                // The list outlives the agent.
                try await cluster.nodes[1].stop()
                try await cluster.nodes[1].start()
                #expect(try await ask(cluster.nodes[1], cluster).exit != 0)
            }
        }

        @Test
        func `a node that is revoked is not spoken to, until the hint's command gave it a new identity`()
            async throws
        {
            try await withCluster(["node01", "node02"]) { cluster in
                try await cluster.startAgents()
                let revoked = try await cluster.expectSuccess(cluster.amfleet(["revoke", "node02"]))
                #expect(revoked.output.contains("1/1 nodes have the list"), "\(revoked)")
                let status = try await cluster.amfleet(["status"])
                #expect(status.output.contains("shows a certificate that is revoked"), "\(status)")
                #expect(status.output.contains("amfleet node renew node02 --folder DIRECTORY"), "\(status)")
                try await cluster.expectSuccess(
                    cluster.amfleet(["node", "renew", "node02", "--folder", "new"]))
                try await script(
                    "cp \"$1\"/new/* \"$2\"",
                    [cluster.coordinatorDirectory, "\(cluster.nodes[1].directory)/agent"])
                try await eventually("node02 is spoken to again") {
                    let status = try await cluster.amfleet(["status"])
                    return !status.output.contains("revoked")
                }
            }
        }

        @Test(.long) func `an earlier coordinator is shut out, and the present one keeps and finds its list`()
            async throws
        {
            try await withCluster(["node01"]) { cluster in
                try await cluster.startAgents()
                let folder = cluster.coordinatorDirectory
                try await script(
                    "mkdir \"$1/old\"; cp \"$1\"/ca.pem \"$1\"/coordinator.* \"$1/old\"", [folder])
                let own = try await cluster.amfleet(["revoke", "coordinator"])
                #expect(own.exit == 2 && own.errors.contains("amfleet coordinator renew"), "\(own)")
                try await cluster.expectSuccess(cluster.amfleet(["coordinator", "renew"]))
                #expect(try await ask(cluster.nodes[0], cluster, "coordinator", in: "old").exit == 0)
                try await script("mkdir \"$1/safe\"; mv \"$1/ca.key\" \"$1/safe/\"", [folder])
                #expect(try await cluster.amfleet(["revoke", "coordinator"]).exit == 2)
                try await cluster.expectSuccess(
                    cluster.amfleet(["revoke", "coordinator", "--authority-key", "safe/ca.key"]))
                #expect(try await ask(cluster.nodes[0], cluster, "coordinator", in: "old").exit != 0)
                let list = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/revoked.pem"))
                // Lost, and damaged: what the hint says brings it back.
                try write("damaged", to: "\(folder)/revoked.pem")
                let damaged = try await cluster.amfleet(["status"])
                #expect(damaged.exit == 2 && damaged.errors.contains("take '"), "\(damaged)")
                try await script("rm \"$1/revoked.pem\"", [folder])
                _ = try await cluster.amfleet(["status"])
                #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/revoked.pem")) == list)
                let mistyped = try await cluster.amfleet([
                    "revoke", "node1", "--authority-key", "safe/ca.key",
                ])
                #expect(
                    mistyped.exit == 2 && mistyped.errors.contains("did you mean 'node01'?"), "\(mistyped)")
            }
        }

        @Test(.long) func `what two authorities have signed is revoked while both are believed, and after`()
            async throws
        {
            try await withCluster(["node01", "node02"]) { cluster in
                let folder = cluster.coordinatorDirectory
                try await cluster.startAgents()
                try await cluster.expectSuccess(cluster.amfleet(["observer", "add", "early"]))
                try await cluster.nodes[1].stop()
                #expect(try await cluster.amfleet(["authority", "renew"]).exit == 3)
                try await cluster.expectSuccess(cluster.amfleet(["observer", "add", "late"]))
                // Whoever asks believes both.
                let bothBelieved =
                    "cp \"$1/ca.pem\" \"$1/observers/early\"; cp \"$1/ca.pem\" \"$1/observers/late\""
                try await script(bothBelieved, [folder])
                for name in ["early", "late"] {
                    let answer = try await ask(cluster.nodes[0], cluster, name)
                    #expect(answer.exit == 0, "\(answer)")
                    let revoked = try await cluster.amfleet(["revoke", name])
                    #expect(revoked.exit == 3, "\(revoked)")
                    #expect(try await ask(cluster.nodes[0], cluster, name).exit != 0, "\(name)")
                }
                try await cluster.nodes[1].start()
                _ = try await cluster.amfleet(["status"])
                for name in ["early", "late"] {
                    #expect(try await ask(cluster.nodes[1], cluster, name).exit != 0, "\(name)")
                }
                try await cluster.expectSuccess(cluster.amfleet(["authority", "renew"]))
                try await script(bothBelieved, [folder])
                for node in cluster.nodes {
                    #expect(try await ask(node, cluster, "late").exit != 0, "\(node.name)")
                }
                let after = try await cluster.amfleet(["status"])
                #expect(!after.text.contains("revoked"), "\(after)")
            }
        }

        /// curl as Docs/OPERATIONS.md has it.
        private func ask(
            _ node: ClusterNode, _ cluster: TestCluster, _ name: String = "grafana", in folder: String? = nil
        ) async throws -> CommandResult {
            let block = try #require(
                try DocumentBlock.all(in: "OPERATIONS.md", section: "Observers").first)
            let line =
                block.commands.replacing("NODE.CLUSTER", with: "\(node.name).demo").replacing(
                    "NAME", with: name
                )
                .replacing("HOST:PORT", with: "127.0.0.1:\(node.port)")
            return try await run(
                ["/bin/sh", "-c", line],
                directory: "\(cluster.coordinatorDirectory)/\(folder ?? "observers/\(name)")")
        }

        private func run(_ arguments: [String], directory: String) async throws -> CommandResult {
            try await command(arguments, directory: directory)
        }

        private func withCluster(_ names: [String], _ body: (TestCluster) async throws -> Void) async throws {
            let cluster = try await TestCluster(nodes: names)
            do {
                try await cluster.configure([ConfigurationPlan(name: "vertica")])
                try await body(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }
    }
}
