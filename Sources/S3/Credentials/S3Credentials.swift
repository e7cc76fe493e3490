// SPDX-License-Identifier: Apache-2.0

public import Secret

/// What requests are signed with.
public struct S3Credentials: Sendable, Hashable {
    /// Public part; still not for logs.
    public let accessKeyID: String

    /// What signs.
    public let secretAccessKey: Secret

    /// Goes along with temporary credentials.
    public let sessionToken: Secret?

    /// Where they came from, for messages: `environment`, `/etc/amfleet/s3-credentials, profile default`.
    public let origin: String

    /// When they cease to count, in seconds since 1970; nil: not known, or never.
    public let expiresAt: Int64?

    /// Credentials from `origin`.
    public init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, origin: String,
        expiresAt: Int64? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.origin = origin
        self.expiresAt = expiresAt
    }

    /// What must not be shown, whoever repeats it.
    var secrets: [String] {
        [accessKeyID, secretAccessKey.plaintext, sessionToken?.plaintext].compactMap(\.self)
            .filter { !$0.isEmpty }
    }
}

/// Where a client gets credentials. It keeps what it got: see `CredentialCache`.
public protocol CredentialSource: Sendable {
    /// The credentials as they are now.
    func credentials() async throws -> S3Credentials
}
