// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Digest
import FoundationEssentials
import S3

/// Keeps two clusters out of one prefix: the first writes its identity there, once and for all.
struct ClusterGuard: Sendable {
    let bucket: ClusterBucket
    let identity: ClusterIdentity

    /// Reads who owns the prefix. Proves at once that the store answers and the credentials may read.
    ///
    /// - Returns: whether the prefix is ours; false: nobody's yet.
    /// - Throws: `CoordinatorError.foreignPrefix`.
    func check() async throws -> Bool {
        guard let owner = try await bucket.read(ClusterIdentity.self, bucket.layout.cluster)?.value else {
            return false
        }
        try judge(owner)
        return true
    }

    /// Makes the prefix ours unless it is somebody else's.
    func claim() async throws {
        guard try await !check() else { return }
        if try await bucket.create(identity, bucket.layout.cluster) == nil {
            // Somebody was faster, perhaps ourselves with an answer that was lost.
            _ = try await check()
        }
    }

    func judge(_ owner: ClusterIdentity) throws(CoordinatorError) {
        let isNamesake = owner.cluster == identity.cluster
        guard isNamesake, owner.authorityFingerprint == identity.authorityFingerprint else {
            throw .foreignPrefix(
                prefix: bucket.layout.prefix, owner: owner.cluster, isNamesake: isNamesake)
        }
    }
}

extension Cluster {
    /// Before anything of the prefix is read as ours, or written. That the store does not answer is told by whoever asks it next.
    ///
    /// - Throws: `CoordinatorError.foreignPrefix`, `CancellationError`.
    func refuseForeignPrefix() async throws {
        do {
            _ = try await clusterGuard(impatientBucket).check()
        } catch let error as CoordinatorError {
            throw error
        } catch {
            try Task.checkCancellation()
        }
    }
}

extension ClusterIdentity {
    /// - Parameter authorityPEM: the cluster's CA certificate; its first block counts.
    /// - Returns: nil where the text holds no PEM block.
    init?(cluster: String, authorityPEM: String, createdAt: Date) {
        guard let der = Self.firstBlock(of: authorityPEM) else { return nil }
        self.init(
            cluster: cluster, authorityFingerprint: SHA256.digest(der).hexadecimal,
            createdAt: createdAt.wholeSecond)
    }

    private static func firstBlock(of pem: String) -> [UInt8]? {
        var isInside = false
        var base64 = ""
        for line in pem.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN ") {
                isInside = true
            } else if line.hasPrefix("-----END ") {
                break
            } else if isInside {
                base64 += line.filter { !$0.isWhitespace }
            }
        }
        return base64.isEmpty ? nil : [UInt8](base64: base64)
    }
}
