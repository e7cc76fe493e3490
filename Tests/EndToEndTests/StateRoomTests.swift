// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A node whose `stateDirectory` is a small file system of its own.
    @Suite(.serialized, .needs(Machine.cluster), .timeLimit(.minutes(9)))
    struct StateRoomTests {
        @Test(.long)
        func
            `too little room is a problem beforehand, costs the disk before its upload, and is mended by room`()
            async throws
        {
            let cluster = try await TestCluster(nodes: ["node01"])
            do {
                try await watch(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func watch(_ cluster: TestCluster) async throws {
            let node = cluster.nodes[0]
            try await script(
                "cd \"$1\"; seq -f 'the-rather-long-name-of-a-document-that-is-kept-%05.0f' 6000 | xargs touch",
                [node.data])
            try await cluster.configure([ConfigurationPlan(name: "vertica", tapecycle: 9, isRecorded: true)])
            try await node.start(through: [
                "/bin/sh", "-c",
                "mkdir -p \"$0\" && mount -t tmpfs -o size=8m amfleet-test \"$0\" && exec \"$@\"", node.state,
            ])
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            try await node.inNamespace(
                "free=$(df --output=avail -B1 \"$1\" | tail -n 1); head -c $((free - 500000)) /dev/zero >\"$1/filler\"",
                [node.state])
            let before = try await dataObjects(cluster)

            let status = try await cluster.amfleet(["status"])
            #expect(status.exit == 7, "\(status)")
            #expect(
                status.output.contains("'\(node.data)': '\(node.state)' is too small: 0.4 MiB free"),
                "\(status)")
            let backup = try await cluster.amfleet(["backup"])
            #expect(backup.exit == 1, "\(backup)")
            #expect(backup.text.contains("'\(node.state)' is too small: "), "\(backup)")
            #expect(backup.text.contains("hint: make room there"), "\(backup)")
            let after = try await dataObjects(cluster)
            #expect(after.count { $0.contains("/vertica/") } == before.count { $0.contains("/vertica/") })
            #expect(after.count > before.count, "the self-backup goes all the same")

            try await node.inNamespace("rm \"$1/filler\"", [node.state])
            let mended = try await cluster.amfleet(["backup"])
            #expect(mended.exit == 0, "\(mended)")
        }

        private func dataObjects(_ cluster: TestCluster) async throws -> [String] {
            try await cluster.store.keys("\(TestCluster.prefix)/node01/").filter { $0.hasSuffix("-mp.data") }
        }
    }
}
