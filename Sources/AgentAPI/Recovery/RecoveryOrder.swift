// SPDX-License-Identifier: Apache-2.0

public import Sealing

/// To whom a node seals its secrets. It comes with the job, from `cluster.json`, and never from the bucket: whoever may write there
/// could have them sealed to himself.
public struct RecoveryOrder: Codable, Sendable, Equatable {
    /// PEM, one each.
    public var certificates: [String]
    /// Of the cluster, so that what is sealed names it; nil: it has none, or an older coordinator sent this.
    public var clusterID: String?

    /// More have no use, and each makes every object longer.
    public static let certificateLimit = 16

    public init(certificates: [String], clusterID: String? = nil) {
        self.certificates = certificates
        self.clusterID = clusterID
    }

    public init(_ certificates: [RecoveryCertificate], clusterID: String? = nil) {
        self.init(certificates: certificates.map(\.pem), clusterID: clusterID)
    }

    /// - Throws: `SealingError`
    public func recipients() throws(SealingError) -> [RecoveryCertificate] {
        guard certificates.count <= Self.certificateLimit else {
            throw .unreadable(
                source: "the job", kind: "set of recovery certificates",
                reason: "it has more than \(Self.certificateLimit)")
        }
        var recipients: [RecoveryCertificate] = []
        for pem in certificates {
            recipients.append(try RecoveryCertificate(pem: pem, source: "the job's recovery certificate"))
        }
        return recipients
    }
}
