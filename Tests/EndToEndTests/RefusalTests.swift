// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One configured node whose agent runs.
struct SmallCluster: Arrangement {
    let cluster: TestCluster

    var node: ClusterNode { cluster.nodes[0] }

    static func arrange() async throws -> SmallCluster {
        let cluster = try await TestCluster(nodes: ["node01"])
        do {
            try write("one\n", to: "\(cluster.nodes[0].data)/file")
            try await cluster.configure([ConfigurationPlan(name: "vertica")])
            try await cluster.startAgents()
            return SmallCluster(cluster: cluster)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async { await cluster.remove() }
}

extension EndToEnd {
    /// What is refused before the first byte, and how it is said.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(SmallCluster.self), .timeLimit(.minutes(9)))
    struct SmallClusterTests {
        @Test func `a small backup is complete and status says so`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let backup = try await cluster.amfleet(["backup"])
            #expect(backup.exit == 0, "\(backup)")
            let status = try await cluster.amfleet(["status"])
            #expect(status.exit == 0 || status.exit == 7, "\(status)")
            #expect(status.output.contains("node01"), "\(status)")
        }
    }
}

extension EndToEnd.SmallClusterTests {
    @Suite(.serialized) struct RefusalTests {
        @Test(.long) func `an absent store ends the command with 6 within a minute and says what to do`()
            async throws
        {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let file = try cluster.clusterFile("absent") {
                $0.set("storage", "endpoint", to: "http://127.0.0.1:\(FreePort.find())")
            }
            let result = try await cluster.amfleet(["backup", "--cluster", file], limit: .seconds(100))
            #expect(result.exit == 6, "\(result)")
            #expect(result.errors.contains("hint:"), "\(result)")
        }

        @Test func `another cluster's coordinator is refused with 5`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let foreign = try await cluster.foreignIdentities()
            let file = try cluster.clusterFile("foreign") {
                for (key, end) in [
                    ("authority", "ca.pem"), ("certificate", "coordinator.pem"),
                    ("privateKey", "coordinator.key"),
                ] {
                    $0.set("tls", key, to: "\(foreign)/\(end)")
                }
            }
            let result = try await cluster.amfleet(["backup", "--cluster", file])
            #expect(result.exit == 5, "\(result)")
            #expect(result.errors.contains("certificate"), "\(result)")
        }

        @Test func `another cluster's agent is refused with 5`() async throws {
            let made = try Arranged.as(SmallCluster.self)
            let foreign = try await made.cluster.foreignIdentities()
            try await made.node.stop()
            let impostor = try RunningProgram(
                ["\(Machine.programs)/amfleetd", "--config", "\(foreign)/nodes/node01/agent.json"],
                output: "\(foreign)/agent")
            defer { impostor.send(SIGKILL) }
            try await eventually("the other cluster's agent listens: \(impostor.text)") {
                impostor.text.contains("listening on")
            }

            let result = try await made.cluster.amfleet(["backup"])

            await impostor.kill()
            try await made.node.start()
            #expect(result.exit == 5, "\(result)")
            #expect(result.errors.contains("node01") && result.errors.contains("certificate"), "\(result)")
        }

        @Test func `refused credentials end the command with 6`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            try write(
                "[default]\naws_access_key_id = nobody\naws_secret_access_key = wrong\n",
                to: "\(cluster.coordinatorDirectory)/refused", mode: 0o600)
            let file = try cluster.clusterFile("refused") {
                $0.set("storage", "credentialsFile", to: "refused")
            }
            let result = try await cluster.amfleet(["backup", "--cluster", file])
            #expect(result.exit == 6, "\(result)")
            #expect(
                result.errors.contains("coordinator/refused") && result.errors.contains("hint:"), "\(result)")
            #expect(!result.text.contains("wrong"), "\(result)")
        }

        @Test func `a bucket that does not exist ends the command with 6 and is named`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let file = try cluster.clusterFile("bucketless") {
                $0.set("storage", "bucket", to: "no-such-bucket")
            }
            let result = try await cluster.amfleet(["backup", "--cluster", file])
            #expect(result.exit == 6, "\(result)")
            #expect(result.errors.contains("no-such-bucket") && result.errors.contains("hint:"), "\(result)")
        }
    }
}

extension TestCluster {
    /// A cluster of the same name and nodes with an authority of its own: the folder that `amfleet init` made.
    func foreignIdentities() async throws -> String {
        let folder = "\(directory)/foreign-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for arguments in [
            [
                "init", "demo", "--bucket", ClusterStore.bucket, "--prefix", Self.prefix, "--region",
                "us-east-1",
                "--endpoint", store.endpoint, "--self", ConfigurationPlan.selfBackup.name, "--data",
                "vertica",
            ], ["node", "add", nodes[0].name, "127.0.0.1:\(nodes[0].port)"],
        ] {
            try await successful(["\(Machine.programs)/amfleet"] + arguments, directory: folder)
        }
        try changeJSON("\(folder)/nodes/\(nodes[0].name)/agent.json") {
            $0["stateDirectory"] = "\(folder)/state"
            $0["amandaDirectory"] = nodes[0].amandaDirectory
        }
        return folder
    }
}
