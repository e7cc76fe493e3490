// SPDX-License-Identifier: Apache-2.0

/// Where the cluster's data lies. Travels with every job; never carries a secret.
public struct StorageAddress: Codable, Sendable, Hashable {
    public var bucket: String
    /// Without slashes at either end; may hold some inside. Empty means the bucket's root.
    public var prefix: String
    public var region: String
    /// `https://host[:port]` or `http://…`; nil means AWS itself.
    public var endpoint: String?
    /// `path` or `virtualHost`; nil means virtual host on AWS and path elsewhere.
    public var addressing: Addressing?
    /// The key of the store's key service for configurations that encrypt with `aws:kms`; nil: the account's own.
    public var kmsKeyID: String?

    public enum Addressing: String, Codable, Sendable, CaseIterable {
        case path
        case virtualHost
    }

    public init(
        bucket: String, prefix: String, region: String, endpoint: String? = nil,
        addressing: Addressing? = nil, kmsKeyID: String? = nil
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.region = region
        self.endpoint = endpoint
        self.addressing = addressing
        self.kmsKeyID = kmsKeyID
    }
}
