// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The authority replaced while the cluster runs.
    @Suite(.needs(Machine.cluster + ["openssl"]), .timeLimit(.minutes(10)))
    struct AuthorityRenewalTests {
        @Test
        func `a whole roll-over on three agents, a backup before, during and after, and one that was away`()
            async throws
        {
            try await withCluster(["node01", "node02", "node03"]) { cluster in
                let folder = cluster.coordinatorDirectory
                try await cluster.startAgents()
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                try await cluster.nodes[2].stop()
                let first = try await cluster.amfleet(["authority", "renew"])
                #expect(first.exit == 3, "\(first)")
                #expect(first.output.contains("not yet: node03"), "\(first)")
                #expect(try await certificates("\(folder)/ca.pem") == 2)
                for node in cluster.nodes.prefix(2) {
                    #expect(try await certificates("\(node.directory)/agent/ca.pem") == 2)
                }

                // Both are believed; the node that was away knows the old one alone, and is reached all the same.
                try await cluster.nodes[2].start()
                let during = try await cluster.amfleet(["status"])
                #expect(during.output.contains("no certificate of it yet on node03"), "\(during)")
                #expect(!during.output.contains("does not answer"), "\(during)")
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))

                let second = try await cluster.expectSuccess(cluster.amfleet(["authority", "renew"]))
                #expect(second.output.contains("the old authority is gone"), "\(second)")
                #expect(try await certificates("\(folder)/ca.pem") == 1)
                for node in cluster.nodes {
                    #expect(try await certificates("\(node.directory)/agent/ca.pem") == 1)
                }
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/authority-next"))
                let after = try await cluster.amfleet(["status"])
                #expect(
                    after.output.contains("authority: since") && !after.output.contains("taking over"),
                    "\(after)")
                #expect(!after.output.contains("does not answer"), "\(after)")
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                // What is started anew, and a node that is added now, belong to it.
                try await cluster.nodes[0].stop()
                try await cluster.nodes[0].start()
                try await cluster.expectSuccess(cluster.amfleet(["node", "renew", "--all"]))
            }
        }

        @Test(.long)
        func `a coordinator that is killed at any point goes on, and a node that is left out is told`()
            async throws
        {
            try await withCluster(["node01", "node02"]) { cluster in
                let folder = cluster.coordinatorDirectory
                try await cluster.startAgents()
                try await cluster.nodes[1].stop()
                for delay in [20, 120, 300] {
                    let cut = try cluster.startAmfleet(["authority", "renew"])
                    try await Task.sleep(for: .milliseconds(delay))
                    await cut.kill()
                }
                // Killed at three moments, whatever it was at; and between its own key and certificate, laid down by hand.
                let cut = try await cluster.amfleet(["authority", "renew"])
                #expect(cut.exit == 3, "\(cut)")
                try await script(Self.betweenKeyAndCertificate, [folder])
                try await cluster.expectSuccess(
                    cluster.amfleet(["authority", "renew", "--without", "node02"]))
                #expect(try await certificates("\(folder)/ca.pem") == 1)
                try await cluster.nodes[1].start()
                let away = try await cluster.amfleet(["status"])
                #expect(away.output.contains("amfleet node renew node02 --folder DIRECTORY"), "\(away)")
                try await cluster.expectSuccess(
                    cluster.amfleet(["node", "renew", "node02", "--folder", "new"]))
                try await script(
                    "cp \"$1\"/new/* \"$2\"", [folder, "\(cluster.nodes[1].directory)/agent"])
                try await eventually("node02 is back") {
                    let status = try await cluster.amfleet(["status"]).output
                    return !status.contains("does not answer")
                        && !status.contains("no certificate of this node")
                }
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
            }
        }

        @Test(.long)
        func
            `with a key that lies elsewhere, a backup in its midst, and an agent that is killed in its swap`()
            async throws
        {
            try await withCluster(["node01", "node02"]) { cluster in
                let folder = cluster.coordinatorDirectory
                for node in cluster.nodes {
                    // Half a minute at a MiB a second.
                    try await script("head -c 30000000 /dev/urandom >\"$1/large\"", [node.data])
                }
                try changeJSON(cluster.clusterFile) { settings in
                    var limits = settings["limits"] as? [String: Any] ?? [:]
                    limits["sendMiBPerSecond"] = 1
                    settings["limits"] = limits
                }
                try await cluster.startAgents()
                try await script("mkdir \"$1/safe\"; mv \"$1/ca.key\" \"$1/safe/\"", [folder])
                let refused = try await cluster.amfleet(["authority", "renew"])
                #expect(refused.exit == 2 && refused.text.contains("--authority-key"), "\(refused)")
                #expect(try await certificates("\(folder)/ca.pem") == 1)

                let backup = try cluster.startAmfleet(["backup"])
                try await eventually("the backup runs") {
                    try await cluster.amfleet(["status"]).text.contains("running")
                        || !backup.isRunning
                }
                #expect(backup.isRunning, "the backup is over before the roll-over begins")
                let renewed = try await cluster.amfleet([
                    "authority", "renew", "--authority-key", "safe/ca.key",
                ])
                #expect(renewed.exit == 0, "\(renewed)")
                #expect(try await certificates("\(folder)/ca.pem") == 1)
                let ended = try await backup.end()
                #expect(ended.exit == 0, "\(ended)")

                // Once more, and node02's agent dies as soon as it believes two.
                let trusted = "\(cluster.nodes[1].directory)/agent/ca.pem"
                let again = try cluster.startAmfleet(["authority", "renew"])
                try await eventually("node02 believes both") {
                    try await certificates(trusted) == 2 || !again.isRunning
                }
                await cluster.nodes[1].kill()
                _ = try await again.end()
                try await cluster.nodes[1].start()
                try await eventually("the roll-over comes to its end") {
                    let renewed = try await cluster.amfleet(["authority", "renew"])
                    return renewed.exit == 0 && renewed.output.contains("the old authority is gone")
                }
                #expect(try await certificates(trusted) == 1)
                let status = try await cluster.amfleet(["status"])
                #expect(!status.output.contains("does not answer"), "\(status)")
                #expect(!status.output.contains("taking over"), "\(status)")
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
            }
        }

        @Test func `an authority renewed with its own key is the same cluster, here and on the nodes`()
            async throws
        {
            try await withCluster(["node01"]) { cluster in
                let folder = cluster.coordinatorDirectory
                try await cluster.startAgents()
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                try await script(Self.renewWithOwnKey, [folder])
                let status = try await cluster.amfleet(["status"])
                #expect(!status.text.contains("another cluster"), "\(status)")
                #expect(
                    status.output.contains("it does not believe the same authorities as ca.pem"), "\(status)")
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                try await cluster.expectSuccess(cluster.amfleet(["node", "renew", "--all"]))
                let after = try await cluster.amfleet(["status"])
                #expect(!after.output.contains("authorities as ca.pem"), "\(after)")
                // Old and new side by side, and a whole roll-over behind it.
                try await script("cat \"$1/ca.pem.old\" >> \"$1/ca.pem\"", [folder])
                try await cluster.expectSuccess(cluster.amfleet(["list"]))
                try await cluster.expectSuccess(cluster.amfleet(["authority", "renew"]))
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
            }
        }

        @Test(.long)
        func `a cluster of before gets its id, in the bucket and in cluster.json as it was written`()
            async throws
        {
            try await withCluster(["node01"]) { cluster in
                try await cluster.startAgents()
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
                try changeJSON(cluster.clusterFile) { $0["clusterID"] = nil }
                let text = try String(contentsOfFile: cluster.clusterFile, encoding: .utf8)
                try await script(
                    "cp \"$1\" \"$2\"", [cluster.clusterFile, "\(cluster.coordinatorDirectory)/before.json"])
                try await cluster.expectSuccess(cluster.amfleet(["list"]))
                let after = try String(contentsOfFile: cluster.clusterFile, encoding: .utf8)
                let lines = after.split(separator: "\n").filter { !$0.contains("clusterID") }
                #expect(lines == text.split(separator: "\n"), "\(after)")
                #expect(after.contains("\"clusterID\": \""))
                try await script(Self.renewWithOwnKey, [cluster.coordinatorDirectory])
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))
            }
        }

        private func withCluster(_ nodes: [String], _ body: (TestCluster) async throws -> Void) async throws {
            let cluster = try await TestCluster(nodes: nodes)
            do {
                try await cluster.configure([ConfigurationPlan(name: "vertica")])
                for node in cluster.nodes { try write("data of \(node.name)", to: "\(node.data)/file") }
                try await body(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func certificates(_ path: String) async throws -> Int {
            try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "-----BEGIN CERT").count
                - 1
        }

        /// What a coordinator leaves that is killed there: `coordinator.key` is the new one's, its certificate lies beside the old.
        private static let betweenKeyAndCertificate = """
            cd "$1"
            openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out next.key
            openssl x509 -x509toreq -copy_extensions copy -in coordinator.pem -signkey coordinator.key -out old.csr 2>/dev/null
            openssl x509 -req -copy_extensions copy -in old.csr -CA authority-next/ca.pem -CAkey authority-next/ca.key \\
                -force_pubkey <(openssl pkey -in next.key -pubout) -days 700 -out coordinator.pem.new 2>/dev/null
            mv next.key coordinator.key; rm old.csr
            """

        private static let renewWithOwnKey = """
            cd "$1"; cp ca.pem ca.pem.old
            openssl x509 -in ca.pem.old -signkey ca.key -set_serial 4711 -days 3000 -out ca.pem 2>/dev/null
            """
    }
}
