// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import FoundationEssentials
import HiddenCharacters
import Logging
import S3

/// Keeps two clusters out of one prefix: the first writes its identity there, once and for all.
///
/// What counts is the id, where both sides have one: authorities come and go. A side that has none yet, of an older version, is known
/// by its authority, and gets the id then.
struct ClusterGuard: Sendable {
    let bucket: ClusterBucket
    let file: ClusterFile
    /// What we would write: with our id where we have one, and all our authorities.
    let identity: ClusterIdentity
    let logger: Logger

    /// Reads who owns the prefix. Proves at once that the store answers and the credentials may read.
    ///
    /// A prefix of ours without an id gets one, and so does our `cluster.json`; where that cannot be written, it is tried again the
    /// next time.
    ///
    /// - Returns: whether the prefix is ours; false: nobody's yet.
    /// - Throws: `CoordinatorError.foreignPrefix`.
    func check() async throws -> Bool {
        guard let owner = try await owner() else { return false }
        try judge(owner.value)
        try await takeOver(owner)
        return true
    }

    /// Makes the prefix ours unless it is somebody else's. What the bucket says of our authorities is brought up to date.
    func claim() async throws {
        if let owner = try await owner() {
            try judge(owner.value)
            return try await takeOver(owner, updatesAuthorities: true)
        }
        var new = identity
        new.clusterID = identity.clusterID ?? ClusterID.make()
        guard let stored = try await bucket.create(new, bucket.layout.cluster) else {
            // Somebody was faster, perhaps ourselves with an answer that was lost.
            _ = try await check()
            return
        }
        await keep(stored.value.clusterID)
    }

    /// - Throws: also for one that cannot be read, with the way out: nothing but the name of the cluster is lost with it.
    private func owner() async throws -> ClusterBucket.Stored<ClusterIdentity>? {
        do {
            return try await bucket.read(ClusterIdentity.self, bucket.layout.cluster)
        } catch let error as WireJSONError {
            if error.isOfOtherFormat {
                throw WireError(
                    .damaged, "the mark that says whose the prefix is: \(error.facts)",
                    hint: "a newer amfleet has written it: use that one here too, and leave the mark alone.")
            }
            let endpoint =
                file.settings.storage.address.endpoint.map { "--endpoint-url \($0.shellWord) " } ?? ""
            let object = "s3://\(bucket.bucket)/\(bucket.layout.cluster)".shellWord
            throw WireError(
                .damaged, "the mark that says whose the prefix is: \(error.facts)",
                hint:
                    "if the prefix is this cluster's, take it away, and the next backup writes it again: 'aws s3 rm \(endpoint)\(object)'."
            )
        }
    }

    func judge(_ owner: ClusterIdentity) throws(CoordinatorError) {
        let isNamesake = owner.cluster == identity.cluster
        let isSame: Bool =
            if let theirs = owner.clusterID, let ours = identity.clusterID {
                theirs == ours
            } else {
                !Set(owner.fingerprints + [owner.authorityFingerprint]).isDisjoint(
                    with: identity.fingerprints)
            }
        guard isNamesake, isSame else {
            throw .foreignPrefix(
                prefix: bucket.layout.prefix, owner: owner.cluster, isNamesake: isNamesake)
        }
    }

    /// Only on the very document that was judged ours.
    private func takeOver(
        _ owner: ClusterBucket.Stored<ClusterIdentity>, updatesAuthorities: Bool = false
    ) async throws {
        var wanted = owner.value
        wanted.clusterID = owner.value.clusterID ?? identity.clusterID ?? ClusterID.make()
        if updatesAuthorities {
            wanted.authorityFingerprint = identity.authorityFingerprint
            wanted.authorities = identity.authorities
        }
        guard wanted != owner.value else { return await keep(wanted.clusterID) }
        do {
            guard try await bucket.change(owner, to: wanted, bucket.layout.cluster) != nil else { return }
            await keep(wanted.clusterID)
        } catch {
            try Task.checkCancellation()
            logger.info("the bucket's cluster.json stays as it is", metadata: ["reason": "\(error)"])
        }
    }

    private func keep(_ clusterID: String?) async {
        guard identity.clusterID == nil, let clusterID else { return }
        do {
            try await runBlocking("cluster") { try file.enter(clusterID: clusterID) }
        } catch {
            logger.info("cluster.json has no clusterID yet", metadata: ["reason": "\(error)"])
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
