// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// The oracle must be able to do by itself what the suites ask of it.
    @Suite(
        .serialized, .needs(Machine.cluster + Machine.amanda), .arranged(LoneNode.self),
        .timeLimit(.minutes(5)))
    struct HarnessTests {
        @Test func `stock Amanda backs up with the shim and gets its own dump back`() async throws {
            let lone = try Arranged.as(LoneNode.self)
            let disk = lone.node.data
            let plan = ConfigurationPlan(name: StockAmanda.newName("gzip"), compress: "client fast")
            try await SourceTree.make("\(disk)/tree", bytes: 8 << 20)
            try await lone.node.configure(plan, disks: [disk])
            let amanda = try await StockAmanda(plan.name, of: lone.node, work: "\(lone.directory)/stock")
            defer { amanda.remove() }

            try await amanda.dump()

            let source = try await TreeManifest(of: disk)
            let fetched = try await TreeManifest(of: amanda.unpack(amanda.fetchDump(disk)))
            let restored = try await TreeManifest(of: amanda.unpack(amanda.restore(disk, slot: "slot-01")))
            #expect(try await amanda.find().contains(disk))
            #expect(source.difference(from: fetched) == "")
            #expect(source.difference(from: restored) == "")
        }
    }
}

extension EndToEnd {
    /// The comparison must see what it is trusted to see.
    @Suite(.needs(["python3", "setcap"]), .timeLimit(.minutes(5)))
    struct TreeManifestTests {
        private static let changes = [
            "printf X >>plain", "chmod 600 plain", "chown 1 plain", "touch -d @5 plain", "rm 'dangling link'",
            "setfattr -n user.note -v other attributes", "setcap -r capable", "cp plain other",
            "rm 'second name of plain' && cp -p plain 'second name of plain'", "chmod u-s setuid",
        ]

        @Test func `every kind of difference shows`() async throws {
            let directory = try TestCluster.newDirectory()
            defer { TestCluster.removeDirectory(directory) }
            try await SourceTree.make("\(directory)/tree")
            let before = try await TreeManifest(of: "\(directory)/tree")
            #expect(try await before.difference(from: TreeManifest(of: "\(directory)/tree")) == "")

            for change in Self.changes {
                try await script(
                    "rm -rf \"$1/copy\"; cp -a \"$1/tree\" \"$1/copy\"; cd \"$1/copy/odd\"; eval \"$2\"",
                    [directory, change])
                let after = try await TreeManifest(of: "\(directory)/copy")
                #expect(before.difference(from: after) != "", "\(change)")
                #expect(before.difference(from: after).split(separator: "\n").count <= 6, "\(change)")
            }
        }
    }
}

/// A store and one node of it, without agent or coordinator.
private struct LoneNode: Arrangement {
    let directory: String
    let store: ClusterStore
    let node: ClusterNode

    static func arrange() async throws -> LoneNode {
        let directory = try TestCluster.newDirectory()
        let store = try await ClusterStore.start(prefix: "demo", nodes: ["node01"])
        let access = StoreAccess(
            host: store.host, bucket: ClusterStore.bucket, prefix: "demo",
            accessKey: store.accessKey(of: "node01"), secretKey: store.secretKey(of: "node01"))
        let node = try ClusterNode(name: "node01", directory: "\(directory)/node01", store: access, port: 0)
        return LoneNode(directory: directory, store: store, node: node)
    }

    func remove() async {
        await store.stop()
        TestCluster.removeDirectory(directory)
    }
}
