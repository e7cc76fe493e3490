// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Commands that change keys, certificates and who belongs to the cluster, killed at random moments: each is run again and comes to its
    /// end, and the cluster is whole.
    @Suite(.needs(Machine.cluster + ["openssl"]), .timeLimit(.minutes(60)))
    struct KilledCommandTests {
        private static let rounds = LongTests.whole(
            5, or: 1, leavingOut: "four of five rounds of KilledCommandTests")

        @Test(.long) func `recovery add and rotate`() async throws {
            try await withCluster(seed: 1) { commands in
                let directory = commands.cluster.directory
                var present = commands.cluster.recoveryKit
                for round in 1...Self.rounds {
                    let (added, next) = (
                        "\(directory)/added-\(round).txt", "\(directory)/rotated-\(round).txt"
                    )
                    commands.add(kit: added)
                    try await commands.cut(["recovery", "add", "--recovery-key", added])
                    try await commands.expectWhole(after: "recovery add")
                    commands.add(kit: next)
                    // Each that was killed would hold the cluster for a minute.
                    try await commands.cut(
                        ["recovery", "rotate", "--recovery-key", present, "--new-kit", next]
                            + (round == 1 ? [] : ["--no-lease"]))
                    present = next
                    try await commands.expectWhole(after: "recovery rotate")
                }
                let check = try await commands.cluster.amfleet([
                    "recovery", "check", "--recovery-key", present,
                ])
                #expect(check.exit == 0, "\(check)")
            }
        }

        @Test(.long) func `authority renew, node renew and revoke`() async throws {
            try await withCluster(seed: 2) { commands in
                for round in 1...Self.rounds {
                    try await commands.cut(["authority", "renew"])
                    try await commands.expectWhole(after: "authority renew")
                    try await commands.cut(["node", "renew", "--all"])
                    try await commands.expectWhole(after: "node renew")
                    let observer = "observer\(round)"
                    try await commands.cut(
                        ["observer", "add", observer], mayBeDone: "observers/\(observer) exists already")
                    let revoked = try await commands.cut(["revoke", observer])
                    #expect(revoked.output.contains("revoked"), "\(revoked)")
                    let lists = try String(
                        contentsOfFile: "\(commands.cluster.coordinatorDirectory)/revoked.pem",
                        encoding: .utf8)
                    #expect(lists.contains("BEGIN X509 CRL"))
                    try await commands.expectWhole(after: "revoke")
                }
                try await commands.cluster.expectSuccess(commands.cluster.amfleet(["backup"]))
            }
        }

        @Test(.long) func `init, node add and node replace`() async throws {
            try await withCluster(seed: 3) { commands in
                for round in 1...Self.rounds {
                    try await found(&commands, round)
                    let port = FreePort.find()
                    try await commands.cut(["node", "add", "other\(round)", "127.0.0.1:\(port)"])
                    try await commands.cluster.expectSuccess(
                        commands.cluster.amfleet(["node", "remove", "other\(round)"]))
                    let node = commands.cluster.nodes[1]
                    try await commands.cut(["node", "replace", node.name, "127.0.0.1:\(node.port)"])
                    try await script(
                        "cp \"$1/nodes/$3/$3\".* \"$1/nodes/$3/ca.pem\" \"$2/agent\"",
                        [commands.cluster.coordinatorDirectory, node.directory, node.name])
                    let cluster = commands.cluster
                    try await eventually("\(node.name) is spoken to again") {
                        !(try await cluster.amfleet(["status"]).text.contains("is revoked"))
                    }
                    try await commands.expectWhole(after: "node replace")
                }
            }
        }

        /// A cluster of its own, which nobody uses.
        private func found(_ commands: inout KilledCommands, _ round: Int) async throws {
            let cluster = commands.cluster
            let (directory, kit) = (
                "\(cluster.directory)/founded-\(round)", "\(cluster.directory)/founded-\(round).txt"
            )
            try await commands.cut(
                [
                    "init", "other", "--bucket", ClusterStore.bucket, "--directory", directory,
                    "--recovery-key", kit,
                ], mayBeDone: "cluster.json exists already")
            let file = ["--cluster", "\(directory)/cluster.json"]
            try await cluster.expectSuccess(cluster.amfleet(["node", "add", "node01", "127.0.0.1:1"] + file))
            try await cluster.expectSuccess(
                cluster.amfleet(
                    ["recovery", "kit", "--recovery-key", kit, "--output", "\(kit).again"] + file))
            let left = try FileManager.default.subpathsOfDirectory(atPath: directory).filter {
                $0.hasSuffix(".tmp") || $0.hasSuffix(".founding")
            }
            #expect(left == [])
        }

        /// - Parameter seed: of the moments. What a command is at when one comes is another each time all the same.
        private func withCluster(
            seed: UInt64, _ body: (inout KilledCommands) async throws -> Void
        ) async throws {
            let cluster = try await TestCluster(nodes: ["node01", "node02"])
            do {
                try await cluster.configure([ConfigurationPlan(name: "vertica")])
                try await cluster.startAgents()
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                var commands = KilledCommands(cluster, seed: seed)
                try await body(&commands)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }
    }
}
