// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates

/// The lists of revoked certificates in the bucket: for a coordinator on another machine, and for one that was lost.
struct RevocationBucket {
    let cluster: Cluster
    private var bucket: ClusterBucket { cluster.impatientBucket }

    /// Takes what is newer there.
    ///
    /// - Returns: the document; nil: there is none yet.
    func read() async throws -> ClusterBucket.Stored<RevocationOrder>? {
        _ = try await cluster.clusterGuard(bucket).check()
        guard let stored = try await bucket.read(RevocationOrder.self, bucket.layout.revoked) else {
            return nil
        }
        if !stored.value.lists.isEmpty { try await cluster.revocations.take(stored.value.lists) }
        return stored
    }

    /// Puts what is kept here there, on the condition that nobody else has put anything since `found` was read.
    ///
    /// - Returns: whether it is there now.
    func write(over found: ClusterBucket.Stored<RevocationOrder>?) async throws -> Bool {
        let document = RevocationOrder(lists: cluster.revocations.lists.pem)
        guard let found else { return try await bucket.create(document, bucket.layout.revoked) != nil }
        guard found.value != document else { return true }
        return try await bucket.change(found, to: document, bucket.layout.revoked) != nil
    }
}
