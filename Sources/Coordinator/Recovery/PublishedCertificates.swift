// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import S3
import Sealing

/// What anybody may read of a cluster, and what must lie in its bucket for as long as something is sealed: its authorities, old ones
/// and endorsements too, and the recovery certificates, each under its fingerprint. A node that comes back without a coordinator
/// believes its own sealed keys by these alone.
struct PublishedCertificates: Sendable {
    /// More than a cluster of ours has had; what lies there besides is looked at no further.
    private static let listingLimit = 1_000
    private static let byteCountLimit = 1 << 16

    /// PEM, by key.
    private let wanted: [(key: String, pem: String)]
    private let bucket: ClusterBucket

    /// Blocks.
    init(_ file: ClusterFile, _ recipients: [RecoveryCertificate], in bucket: ClusterBucket) throws {
        let authorities =
            try file.believedAuthorities().authorities
            + [AuthorityRollOver.current(file)].compactMap(\.self).flatMap { rollOver in
                [
                    try CertificateFacts(pem: rollOver.authority.certificatePEM),
                    try CertificateFacts(pem: rollOver.endorsement),
                ]
            }
        let layout = bucket.layout
        wanted =
            try authorities.map { (layout.authority($0.fingerprint), try $0.pem()) }
            + recipients.map { (layout.recoveryCertificate($0.fingerprint), $0.pem) }
        self.bucket = bucket
    }

    /// Keys of what is not there, or has another length. Two requests.
    func missing() async throws -> [String] {
        var lengths: [String: Int64] = [:]
        for prefix in [bucket.layout.authorities, bucket.layout.recovery] {
            for object in try await bucket.client.list(prefix: prefix, limit: Self.listingLimit).objects {
                lengths[object.key] = object.byteCount
            }
        }
        return wanted.filter { lengths[$0.key] != Int64($0.pem.utf8.count) }.map(\.key)
    }

    /// Puts there what is missing. Two requests where nothing is.
    func publish() async throws {
        let missing = Set(try await missing())
        for (key, pem) in wanted where missing.contains(key) {
            let found = try await bucket.object(key, limit: Self.byteCountLimit)
            guard found?.bytes != Array(pem.utf8) else { continue }
            _ = try await bucket.put(Array(pem.utf8), key, over: found)
        }
    }
}
