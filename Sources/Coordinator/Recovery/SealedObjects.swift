// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import S3

/// Every sealed version of every node that there is.
struct SealedObjects: Sendable {
    /// By node, the oldest first.
    private(set) var objects: [SealedObject] = []
    /// Nodes that have more than anybody seals: of them the oldest alone are here, and nobody knows what else lies there.
    private(set) var cut: [String] = []

    private static let width = 8

    /// A request a thousand objects, of which one page is in memory besides. Each node may write into its own folder as much as it
    /// likes: where that makes one listing too long, each folder is listed by itself, as far as `limit`.
    ///
    /// - Parameters:
    ///   - most: that one listing holds.
    ///   - limit: of one node.
    init(
        in bucket: ClusterBucket, atMost most: Int = S3Client.listingLimit,
        ofEach limit: Int = SealedVersion.listedLimit
    ) async throws {
        do {
            try await listAtOnce(bucket, most, limit)
        } catch S3Error.tooMany {
            (objects, cut) = ([], [])
            try await listEach(bucket, limit)
        }
        objects.sort { ($0.node, $0.version) < ($1.node, $1.version) }
        cut.sort()
    }

    private mutating func listAtOnce(_ bucket: ClusterBucket, _ most: Int, _ limit: Int) async throws {
        let start = bucket.layout.nodes
        var counts: [String: Int] = [:]
        var found: [SealedObject] = []
        try await bucket.client.forEachPage(prefix: start, delimiter: nil, atMost: most) { page in
            for object in page.objects.compactMap({ SealedObject($0.key, below: start) }) {
                counts[object.node, default: 0] += 1
                if counts[object.node] ?? 0 <= limit { found.append(object) }
            }
        }
        objects = found
        cut = counts.filter { $0.value > limit }.map(\.key)
    }

    private mutating func listEach(_ bucket: ClusterBucket, _ limit: Int) async throws {
        let start = bucket.layout.nodes
        let folders = try await bucket.client.list(prefix: start, delimiter: "/").commonPrefixes
        let names = folders.map { String($0.dropFirst(start.count).dropLast()) }.filter {
            ClusterName.nodeFault($0) == nil
        }
        let found = try await onEvery(names, width: Self.width) { node in
            try await SealedVersion.all(of: node, in: bucket, limit: limit)
        }
        for (node, listed) in zip(names, found) {
            objects += listed.versions.compactMap {
                SealedObject(bucket.layout.nodeSecrets(node, $0), below: start)
            }
            if !listed.areAll { cut.append(node) }
        }
    }
}

extension WireError {
    /// There are more of a node's sealed versions than anybody looks at.
    static func tooManyVersions(of node: String, in bucket: ClusterBucket) -> WireError {
        WireError(
            .failed, node: node,
            "more than \(SealedVersion.listedLimit) sealed versions lie below '\(bucket.layout.nodeFolder(node))': only the oldest "
                + "were looked at",
            hint: "see who has put them there, and delete what no run of the node names; then run it again.")
    }
}
