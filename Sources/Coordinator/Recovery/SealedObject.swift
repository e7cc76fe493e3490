// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3

/// One node's sealed secrets, as a run left them in the bucket.
struct SealedObject: Sendable, Hashable {
    let node: String
    let version: SealedVersion
    let key: String

    /// - Returns: nil for whatever else lies there.
    init?(_ key: String, below start: String) {
        let parts = key.dropFirst(start.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, ClusterName.nodeFault(String(parts[0])) == nil,
            let version = SealedVersion(fileName: parts[1])
        else { return nil }
        (node, self.version, self.key) = (String(parts[0]), version, key)
    }
}

extension SealedVersion {
    /// Of one node: three times as many as ten years have nights.
    static let listedLimit = 10_000

    /// Those of one node, in no order. A request a thousand objects.
    ///
    /// - Returns: also whether these are all that there are; else they are the oldest.
    static func all(
        of node: String, in bucket: ClusterBucket, limit: Int = listedLimit
    ) async throws -> (versions: [SealedVersion], areAll: Bool) {
        let folder = bucket.layout.nodeFolder(node)
        let listing = try await bucket.client.list(prefix: "\(folder)secrets-", limit: limit)
        return (
            listing.objects.compactMap { SealedVersion(key: $0.key, in: folder) }, listing.isComplete
        )
    }
}
