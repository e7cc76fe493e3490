// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A coordinator that may have fewer descriptors than there are nodes. The agents are played by one program, the test runner
    /// itself (`PlayedAgents`), each with its own certificate and port; `ci/bench coordinator` does the same with a thousand.
    @Suite(.serialized, .needs(Machine.cluster), .timeLimit(.minutes(9)))
    struct ManyNodesTests {
        private static let nodeCount = 60

        @Test(.long) func `more nodes than descriptors are asked, and followed, in turns`() async throws {
            let cluster = try await TestCluster(nodes: [])
            do {
                try await askAll(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func askAll(_ cluster: TestCluster) async throws {
            var ports: Set<Int> = []
            while ports.count < Self.nodeCount { ports.insert(FreePort.find()) }
            for (number, port) in zip(1..., ports) {
                let name = "node\(number < 10 ? "0" : "")\(number)"
                try await cluster.expectSuccess(
                    cluster.amfleet(["node", "add", name, "127.0.0.1:\(port)"]))
                try write(
                    cluster.store.credentials(of: "coordinator"),
                    to: "\(cluster.coordinatorDirectory)/nodes/\(name)/s3-credentials", mode: 0o600)
            }
            let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            var environment = ProcessInfo.processInfo.environment
            environment["AMFLEET_PLAYED"] = cluster.coordinatorDirectory
            let agents = try RunningProgram(
                [runner, "--testing-library", "swift-testing", "--filter", "^AgentTests\\..*PlayedAgents"],
                environment: environment, output: "\(cluster.directory)/played")
            try await eventually("all agents listen: \(agents.text)") {
                FileManager.default.fileExists(atPath: "\(cluster.coordinatorDirectory)/ready")
            }
            for arguments in [["plan"], ["backup"], ["restore", "--to", "/tmp/nothing"]] {
                let result = try await command(
                    ["/bin/sh", "-c", "ulimit -n 64; exec \"$@\"", "sh", "\(Machine.programs)/amfleet"]
                        + arguments + ["--cluster", cluster.clusterFile])
                #expect(result.exit == 0, "\(arguments): \(result)")
            }
            let status = try await command(
                ["/bin/sh", "-c", "ulimit -n 64; exec \"$@\"", "sh", "\(Machine.programs)/amfleet", "status"]
                    + ["--cluster", cluster.clusterFile])
            #expect(!status.text.contains("no answer"), "\(status)")
            #expect(!status.text.contains("descriptors"), "\(status)")
            await agents.kill()
        }
    }
}
