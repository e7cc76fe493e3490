// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import S3
import Sealing

/// The coordinator's files out of the bucket, opened, and judged before anything of them is used.
struct SealedCoordinator: Sendable {
    /// What lies under `authorities/` may be anybody's: so many are looked at.
    private static let authorityLimit = 64
    private static let certificateByteCountLimit = 1 << 16

    private let opened: OpenedBundle
    var bundle: SealedBundle { opened.bundle }

    /// - Throws: `RecoveryError.notSealed`, `SealingError`, `SealedBundleError`
    init(
        _ bucket: ClusterBucket, _ key: RecoveryKey, place: StorageURL, _ owner: PrefixOwner
    ) async throws {
        let name = bucket.layout.coordinatorSecrets
        guard let found = try await bucket.object(name, limit: CoordinatorSealing.objectLimit) else {
            if case .unmarked = owner { throw RecoveryError.noCluster(place: place.description) }
            throw RecoveryError.notSealed(place: place.description)
        }
        do {
            opened = try await runBlocking("open") { try SealedBundle.open(found.bytes, with: key) }
        } catch let fault as any Fault where fault.kind == .damaged {
            throw RecoveryError.damagedSeal(key: name, reason: fault.facts)
        }
    }

    /// By what it is believed.
    struct Trust: Sendable, Equatable {
        /// Fingerprint of the authority that has certified the signer.
        var authority: String
        /// The kit names it, or one that it followed from.
        var isPinned: Bool
        /// The signer's certificate was taken back, and the operator accepts it.
        var isRevoked = false
    }

    /// - Throws: `RecoveryError`, `SealedBundleError.foreignSigner`, `.ofAnother`
    func judged(
        by kit: RecoveryKit?, _ identity: ClusterIdentity?, _ bucket: ClusterBucket,
        acceptsRevokedSigner: Bool
    ) async throws -> Trust {
        let manifest = bundle.manifest
        if let identity, !manifest.isOf(identity.cluster, identity.clusterID) {
            throw RecoveryError.unusableSeal(
                reason:
                    "it is of cluster \(ClusterLabel.text(manifest.cluster, manifest.clusterID)), the prefix of "
                    + ClusterLabel.text(identity.cluster, identity.clusterID))
        }
        if let kit, !manifest.isOf(kit.cluster, kit.clusterID) {
            throw RecoveryError.otherCluster(
                what: "the sealed coordinator",
                found: ClusterLabel.text(manifest.cluster, manifest.clusterID),
                expected: ClusterLabel.text(kit.cluster, kit.clusterID))
        }
        let inside = certificatesInside
        let candidates = inside + (try await published(bucket))
        let authorities = try await runBlocking("authorities") {
            if let kit {
                return try PinnedAuthorities.believed(
                    kit.authorities, among: candidates, cluster: manifest.cluster)
            }
            // Nothing is pinned: what it says of itself must at least hold together.
            return try PinnedAuthorities.believed(
                inside.map(\.fingerprint), among: inside, cluster: manifest.cluster)
        }
        guard let authorities else {
            throw RecoveryError.unpinned(authorities: inside.map(\.fingerprint))
        }
        try opened.requireOwner(
            PeerName(cluster: manifest.cluster, role: .coordinator), authorities: authorities)
        let isRevoked = try await revocations(bucket, authorities).isRevoked(opened.signer.serial)
        if isRevoked, !acceptsRevokedSigner {
            throw RecoveryError.revokedSigner(serial: opened.signer.serial)
        }
        return Trust(
            authority: authorities.issuer(of: opened.signer)?.fingerprint ?? "", isPinned: kit != nil,
            isRevoked: isRevoked)
    }

    /// The authorities among the sealed files.
    private var certificatesInside: [CertificateFacts] {
        let texts = bundle.files.filter { $0.kind == .authority }.map {
            String(decoding: $0.content, as: UTF8.self)
        }
        return texts.flatMap { (try? AuthorityBundle(pem: $0, source: "a sealed file"))?.authorities ?? [] }
    }

    private func published(_ bucket: ClusterBucket) async throws -> [CertificateFacts] {
        let listing = try await bucket.client.list(
            prefix: bucket.layout.authorities, limit: Self.authorityLimit)
        var found: [CertificateFacts] = []
        for object in listing.objects where object.byteCount <= Self.certificateByteCountLimit {
            let text = try await bucket.object(object.key, limit: Self.certificateByteCountLimit)
            guard let text,
                let facts = try? CertificateFacts(pem: String(decoding: text.bytes, as: UTF8.self))
            else { continue }
            found.append(facts)
        }
        return found
    }

    /// What one of these authorities has taken back, by the bucket and by what is sealed.
    private func revocations(
        _ bucket: ClusterBucket, _ authorities: AuthorityBundle
    ) async throws -> RevocationLists {
        let stored = try await bucket.read(RevocationOrder.self, bucket.layout.revoked)?.value.lists
        let sealed = bundle.files.filter { $0.path.hasSuffix("/revoked.pem") }.map {
            String(decoding: $0.content, as: UTF8.self)
        }
        return ([stored].compactMap(\.self) + sealed).reduce(RevocationLists()) { lists, pem in
            let read = try? RevocationLists(pem: pem, authorities: authorities.pem())
            return read.map(lists.joined) ?? lists
        }
    }
}

extension SealedManifest {
    /// - Parameter id: nil: not known.
    fileprivate func isOf(_ name: String, _ id: String?) -> Bool {
        cluster == name && (clusterID == nil || id == nil || clusterID == id)
    }
}
