// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Machines that are replaced, one by name and several by a list, with real agents.
    @Suite(.needs(Machine.cluster), .timeLimit(.minutes(9)))
    struct NodeReplacementTests {
        @Test func `a new machine takes a node's name, and the old one is not spoken to any more`()
            async throws
        {
            try await withCluster { cluster in
                let node = cluster.nodes[1]
                let port = FreePort.find()
                let replaced = try await cluster.expectSuccess(
                    cluster.amfleet(["node", "replace", "node02", "127.0.0.1:\(port)"]))
                #expect(
                    replaced.output.contains("replaces the machine at 127.0.0.1:\(node.port)"), "\(replaced)")
                #expect(replaced.output.contains("revoked: serial "), "\(replaced)")
                #expect(replaced.output.contains("nodes/node02.old"), "\(replaced)")
                // The old identity at the new address.
                try await node.stop()
                try changeJSON(node.settings) { $0["listen"] = "127.0.0.1:\(port)" }
                try await node.start()
                let old = try await cluster.amfleet(["status"])
                #expect(old.output.contains("shows a certificate that is revoked"), "\(old)")
                // What 'next' says: the new folder's files; they are read without a restart.
                try await script(
                    "cp \"$1\"/nodes/node02/node02.* \"$1\"/nodes/node02/ca.pem \"$2/agent\"",
                    [cluster.coordinatorDirectory, node.directory])
                try await eventually("node02 is spoken to again") {
                    !(try await cluster.amfleet(["status"]).output.contains("revoked"))
                }
                try await cluster.expectSuccess(cluster.amfleet(["backup"]))

                // The same as a list: nothing changes any more.
                let list = "node01 127.0.0.1:\(cluster.nodes[0].port)\nnode02 127.0.0.1:\(port)\n"
                try write(list, to: "\(cluster.coordinatorDirectory)/nodes.txt")
                let file = try String(contentsOfFile: cluster.clusterFile, encoding: .utf8)
                let again = try await cluster.expectSuccess(
                    cluster.amfleet(["node", "add", "--from", "nodes.txt", "--json"]))
                #expect(again.output.split(separator: "\"action\" : \"stays\"").count == 3, "\(again)")
                #expect(try String(contentsOfFile: cluster.clusterFile, encoding: .utf8) == file)
                for arguments in [["--from", "nodes.txt", "node03"], ["node03"], []] {
                    let refused = try await cluster.amfleet(["node", "add"] + arguments)
                    #expect(refused.exit == 2, "\(refused)")
                }
                let unknown = try await cluster.amfleet(["node", "replace", "node2", "127.0.0.1:\(port)"])
                #expect(unknown.exit == 2 && unknown.errors.contains("did you mean 'node02'?"), "\(unknown)")
            }
        }

        @Test
        func `a list replaces machines also while neither bucket nor nodes answer, and says what is left`()
            async throws
        {
            try await withCluster { cluster in
                let (here, proxy) = (cluster.coordinatorDirectory, try #require(cluster.store.proxy))
                try await cluster.stopAgents()
                for method in ["GET", "PUT"] {
                    proxy.inject(
                        .error(status: 403, code: "AccessDenied"), method: method, target: "_amfleet/",
                        times: 999)
                }
                let port = FreePort.find()
                try write(
                    "node02 127.0.0.1:\(port) # the new one\nnode03 127.0.0.1:\(port - 1)\n",
                    to: "\(here)/nodes.txt")
                let moved = try await cluster.amfleet(["node", "add", "--from", "nodes.txt"])
                #expect(moved.exit == 3, "\(moved)")
                #expect(moved.output.contains("the list is not in the bucket: "), "\(moved)")
                #expect(moved.output.contains("node01 gets the list with its next contact"), "\(moved)")
                #expect(moved.output.contains("replaces the machine at 127.0.0.1:\(cluster.nodes[1].port)"))
                #expect(FileManager.default.fileExists(atPath: "\(here)/revoked.pem"))
                #expect(FileManager.default.fileExists(atPath: "\(here)/nodes/node03/agent.json"))
                let listed = try await cluster.amfleet(["node", "list"])
                #expect(listed.output.contains("127.0.0.1:\(port)\n"), "\(listed)")
                proxy.clear()
                try await cluster.nodes[0].start()
                _ = try await cluster.amfleet(["status"])
                #expect(try await cluster.store.keys("demo/_amfleet/revoked.json").count == 1)
                let status = try await cluster.amfleet(["status"])
                #expect(!status.output.contains("has not got the newest list"), "\(status)")
            }
        }

        private func withCluster(_ body: (TestCluster) async throws -> Void) async throws {
            let cluster = try await TestCluster(nodes: ["node01", "node02"], isBehindProxy: true)
            do {
                try await cluster.configure([ConfigurationPlan(name: "vertica")])
                try await cluster.startAgents()
                try await body(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }
    }
}
