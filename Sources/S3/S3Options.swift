// SPDX-License-Identifier: Apache-2.0

public import HTTPTransport

/// How a client's requests travel.
public struct S3Way: Sendable {
    /// A proxy for this store alone; it goes before `proxies` and their exceptions. nil: none.
    public var proxy: HTTPProxy?

    /// What the environment says of proxies.
    public var proxies = HTTPProxies.none

    /// False: each request has a connection of its own.
    public var reusesConnections = true

    /// Caps on everything that is sent, shared with other clients.
    public var sendLimiters: [RateLimiter] = []

    /// Caps on everything that is received, shared with other clients.
    public var receiveLimiters: [RateLimiter] = []

    /// Straight to the store, connections used again, no cap.
    public init() {}
}

/// How the store is to keep what a client writes.
public struct S3Keeping: Sendable, Hashable {
    /// Encryption by the store.
    public enum Encryption: Sendable, Hashable {
        /// With keys of its own (SSE-S3).
        case storesKeys
        /// With a key of its key service (SSE-KMS); nil: the account's key for S3.
        case keyService(keyID: String?)
    }

    /// Storage class of multipart objects and blocks, e.g. `STANDARD_IA`; what is written by `put` of bytes, such as
    /// labels and headers, stays in the bucket's own, so that it can be read at any time. nil: the bucket's own.
    public var storageClass: String?

    /// Encryption of everything that is written; nil: the bucket's own.
    public var encryption: Encryption?

    /// As the bucket's own settings say.
    public init(storageClass: String? = nil, encryption: Encryption? = nil) {
        self.storageClass = storageClass
        self.encryption = encryption
    }

    /// What goes with a request that makes an object.
    func headers(isBulk: Bool) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if isBulk, let storageClass { headers.append(("x-amz-storage-class", storageClass)) }
        switch encryption {
        case nil: break
        case .storesKeys: headers.append(("x-amz-server-side-encryption", "AES256"))
        case .keyService(let keyID):
            headers.append(("x-amz-server-side-encryption", "aws:kms"))
            if let keyID { headers.append(("x-amz-server-side-encryption-aws-kms-key-id", keyID)) }
        }
        return headers
    }
}
