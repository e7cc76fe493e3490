// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Two nodes, backed up, lost and brought back: one keeps extended attributes and has much, the other keeps none.
struct LostAndRestored: Arrangement {
    static let (smallFileCount, bigFileMebibytes, partSize) = LongTests.whole(
        (20_000, 3072, "500 megabytes"), or: (1_000, 100, "20 megabytes"),
        leavingOut: "19,000 small files and all but 100 MiB of the 3 GiB of RoundTripTests")

    let cluster: TestCluster
    let backup: CommandResult
    let restore: CommandResult
    /// Of each node, before the loss and after the restore: data, and the data configuration's directory.
    let data: [(before: TreeManifest, after: TreeManifest)]
    let catalogs: [(before: TreeManifest, after: TreeManifest)]
    let settings: [(before: String, after: String)]

    static func arrange() async throws -> LostAndRestored {
        let cluster = try await TestCluster(nodes: ["node01", "node02"])
        do {
            return try await loseAndRestore(cluster)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    private static func loseAndRestore(_ cluster: TestCluster) async throws -> LostAndRestored {
        let (rich, plain) = (cluster.nodes[0], cluster.nodes[1])
        for node in cluster.nodes { try await SourceTree.make("\(node.data)/tree", bytes: 4 << 20) }
        try SourceTree.writeSmallFiles("\(rich.data)/small", count: smallFileCount)
        try await SourceTree.writeFile("\(rich.data)/big", mebibytes: bigFileMebibytes, randomMebibytes: 1)
        try await cluster.configure(
            [ConfigurationPlan(name: "vertica", compress: "client fast", partSize: partSize)],
            on: [rich])
        try await cluster.configure([ConfigurationPlan(name: "vertica", keepsAttributes: false)], on: [plain])

        try await cluster.startAgents()
        let backup = try await cluster.amfleet(["backup"], limit: Duration.hang * 3)
        LongTests.tell("the round trip is backed up")
        let before = try await describe(cluster)
        try await cluster.stopAgents()
        for node in cluster.nodes { try node.wipe() }
        try await cluster.startAgents()
        LongTests.tell("the round trip is restored from here on")
        let restore = try await cluster.amfleet(["restore"], limit: Duration.hang * 3)
        LongTests.tell("the round trip is restored")
        let after = try await describe(cluster)
        return LostAndRestored(
            cluster: cluster, backup: backup, restore: restore,
            data: zip(before, after).map { ($0.data, $1.data) },
            catalogs: zip(before, after).map { ($0.catalog, $1.catalog) },
            settings: zip(before, after).map { ($0.settings, $1.settings) })
    }

    private static func describe(
        _ cluster: TestCluster
    ) async throws -> [(data: TreeManifest, catalog: TreeManifest, settings: String)] {
        var described: [(data: TreeManifest, catalog: TreeManifest, settings: String)] = []
        for node in cluster.nodes {
            // A node that did not come back is a finding, not the end of the tests.
            for path in [node.data, node.directory(of: "vertica")] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            let settings = "\(node.directory(of: ConfigurationPlan.selfBackup.name))/amanda.conf"
            described.append(
                (
                    try await TreeManifest(of: node.data),
                    try await TreeManifest(of: node.directory(of: "vertica")),
                    (try? String(contentsOfFile: settings, encoding: .utf8)) ?? ""
                ))
        }
        return described
    }

    func remove() async { await cluster.remove() }
}

extension EndToEnd {
    /// The main job: back up, lose everything but the identities, restore.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(LostAndRestored.self), .timeLimit(.minutes(5)))
    struct RoundTripTests {
        @Test func `backup and restore are complete`() throws {
            let made = try Arranged.as(LostAndRestored.self)
            #expect(made.backup.exit == 0, "\(made.backup)")
            #expect(made.restore.exit == 0, "\(made.restore)")
        }

        @Test func `thousands of small files, a large one and everything odd come back identical`() throws {
            let data = try #require(Arranged.as(LostAndRestored.self).data.first)
            #expect(data.before.entryCount > LostAndRestored.smallFileCount)
            #expect(data.before.difference(from: data.after) == "")
        }

        @Test func `without XATTRS everything comes back, times to the second`() throws {
            let data = try #require(Arranged.as(LostAndRestored.self).data.last)
            #expect(data.before.withoutAttributes.difference(from: data.after.withoutAttributes) == "")
            #expect(data.after.hasWholeSecondsOnly)
        }

        @Test func `a node's Amanda configuration and catalog come back with the self-backup`() throws {
            let made = try Arranged.as(LostAndRestored.self)
            for (catalog, settings) in zip(made.catalogs, made.settings) {
                #expect(catalog.before.difference(from: catalog.after) == "")
                #expect(settings.before == settings.after && !settings.after.isEmpty)
            }
        }
    }
}
