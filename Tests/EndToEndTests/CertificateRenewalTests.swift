// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// What `status` says of a certificate that ends soon, done as it says.
    @Suite(.needs(Machine.cluster + ["openssl"]), .timeLimit(.minutes(5)))
    struct CertificateRenewalTests {
        @Test func `the hint's commands, typed as they stand, give the node a new certificate`() async throws
        {
            let cluster = try await TestCluster(nodes: ["node01"])
            do {
                try await renew(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func renew(_ cluster: TestCluster) async throws {
            let node = cluster.nodes[0]
            try await cluster.configure([ConfigurationPlan(name: "vertica")])
            try await script(Self.endSoon, [cluster.coordinatorDirectory, "\(node.directory)/agent/node01"])
            try await cluster.startAgents()
            let before = try await cluster.amfleet(["status"])
            #expect(before.output.contains("its certificate expires in 2 d"), "\(before)")
            let hint = try #require(
                before.output.split(separator: "\n").first { $0.contains("issue it anew: ") }, "\(before)")
            let commands = hint.split(separator: "'").enumerated().filter { $0.offset % 2 == 1 }.map(
                \.element)
            #expect(commands.count == 3, "\(hint)")
            for command in commands {
                try await script(
                    "cd \"$1\"; PATH=$2:$PATH; \(command)",
                    [cluster.coordinatorDirectory, Machine.programs])
            }
            for end in ["pem", "key"] {
                try await script(
                    "cp \"$1\" \"$2\"",
                    [
                        "\(cluster.coordinatorDirectory)/nodes/node01/node01.\(end)",
                        "\(node.directory)/agent/node01.\(end)",
                    ])
            }
            try await eventually("the agent shows its new certificate") {
                let after = try await cluster.amfleet(["status"])
                return after.output.contains("node01") && !after.output.contains("its certificate")
                    && !after.output.contains("does not answer")
            }
        }

        /// The same key and names, for three days.
        private static let endSoon = """
            openssl x509 -x509toreq -copy_extensions copy -in "$2.pem" -signkey "$2.key" 2>/dev/null |
                openssl x509 -req -copy_extensions copy -CA "$1/ca.pem" -CAkey "$1/ca.key" -days 3 -out "$2.new" 2>/dev/null
            mv "$2.new" "$2.pem"
            """
    }
}
