// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A data configuration that joins a cluster which has been backed up already.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(SmallCluster.self), .timeLimit(.minutes(9)))
    struct AddedConfigurationTests {
        @Test
        func `until it is backed up it is a problem of each node, and the command that is named mends it`()
            async throws
        {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let node = cluster.nodes[0]
            try FileManager.default.createDirectory(
                atPath: "\(node.directory)/more", withIntermediateDirectories: true)
            try write("two\n", to: "\(node.directory)/more/file")
            try await node.configure(ConfigurationPlan(name: "added"), disks: ["\(node.directory)/more"])
            let file = try cluster.clusterFile("added") {
                $0.set("configurations", "data", to: ["vertica", "added"])
            }
            func status() async throws -> CommandResult {
                try await cluster.amfleet(["status", "--cluster", file])
            }

            let before = try await status()
            #expect(before.exit == 7, "\(before)")
            #expect(before.output.contains("  node01: added: it has never been backed up\n"), "\(before)")
            #expect(before.output.contains("    hint: 'amfleet backup' makes one.\n"), "\(before)")

            try cluster.expectSuccess(try await cluster.amfleet(["backup", "--cluster", file]))
            let after = try await status()
            #expect(!after.output.contains("never been backed up"), "\(after)")
        }
    }
}
