// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import Sealing
public import Secret

/// What the operator keeps where nothing else of the cluster is: the recovery key, where everything lies, and what to do.
///
/// Its text is made to be printed (`text`), and read again from a file (`init(parsing:)`), as people have left it.
public struct RecoveryKit: Sendable, Hashable {
    public var cluster: String
    public var clusterID: String?
    public var bucket: String
    public var prefix: String
    public var region: String
    public var endpoint: String?
    public var addressing: StorageAddress.Addressing?
    /// Fingerprints of the cluster's authorities when it was made, the newest first: whoever may write into the bucket could seal to the
    /// recovery certificate, so what is inside counts only if a peer of one of these has signed it, or of one that followed by
    /// endorsement.
    public var authorities: [String]
    /// When it was made; to the second in its text.
    public var date: Date
    public var certificatePEM: String
    /// PKCS#8, behind its passphrase if it has one.
    public var keyPEM: Secret

    public init(
        cluster: String, clusterID: String?, storage: StorageAddress, authorities: [String], date: Date,
        certificatePEM: String, keyPEM: Secret
    ) {
        self.cluster = cluster
        self.clusterID = clusterID
        bucket = storage.bucket
        prefix = storage.prefix
        region = storage.region
        endpoint = storage.endpoint
        addressing = storage.addressing
        self.authorities = authorities
        self.date = date
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }

    public var storage: StorageAddress {
        StorageAddress(
            bucket: bucket, prefix: prefix, region: region, endpoint: endpoint, addressing: addressing)
    }

    /// What is printed beside each value.
    enum Field: String, CaseIterable {
        case cluster
        case clusterID = "cluster id"
        case bucket, prefix, region, endpoint, addressing, authority, date
    }

    static let title = "AMFLEET RECOVERY KIT"
}

/// What can be wrong with a recovery kit.
public enum RecoveryKitError: Fault, Hashable {
    /// A text without the heading of a kit.
    case noKit(source: String)
    case missing(source: String, field: String)
    case badValue(source: String, field: String, reason: String)
    /// What is named as a kit or a key is no file that can be read as text.
    case unreadable(path: String, reason: FaultText)

    public var kind: FaultKind { .configuration }

    public var facts: String {
        switch self {
        case .noKit(let source): "\(source) is no recovery kit"
        case .missing(let source, let field): "\(source): the recovery kit lacks its \(field)"
        case .badValue(let source, let field, let reason):
            "\(source): the recovery kit's \(field) cannot be read: \(reason)"
        case .unreadable(let path, let reason): "cannot read the recovery key '\(path)': \(reason.facts)"
        }
    }

    public var hint: String? {
        switch self {
        case .noKit: nil
        case .missing, .badValue: "compare the file with the printed sheet, or give the key alone."
        case .unreadable(_, let reason):
            reason.hint ?? "name the recovery kit, or its key in PEM, with --recovery-key FILE."
        }
    }
}
