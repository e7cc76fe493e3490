// SPDX-License-Identifier: Apache-2.0

/// What an answer that is no success means. The one table of it, which Docs/OPERATIONS.md shows to operators.
///
/// A code that is known counts before the status, one that is not falls to the status; a status that is not known is the
/// store's own trouble from 500 on and under 300, and below that the concern of that one request.
enum AnswerMeaning: CaseIterable {
    /// It is in trouble, or two writers met: again.
    case storeFailed
    case slowDown
    case clockSkew
    case expiredToken
    case unknownKey
    case badSignature
    case changedInTransit
    case otherRegion
    case noBucket
    case denied
    case noObject
    case noUpload
    case conditionUnmet
    case archived
    /// It will not do that, whatever it is.
    case refused

    /// - Parameters:
    ///   - code: of the answer's `<Error>`; nil: it has none.
    ///   - region: in which the answer says that the bucket is.
    init(status: Int, code: String?, region: String? = nil) {
        let known = code.flatMap { Self.ofCode[$0] } ?? Self.ofStatus[status] ?? Self.unlisted(status)
        switch known {
        case .refused where Self.isRedirect(status) && region != nil: self = .otherRegion
        case .badSignature where code == "AuthorizationHeaderMalformed" && region != nil: self = .otherRegion
        default: self = known
        }
    }

    /// What it calls for.
    var retryClass: RetryClass {
        switch self {
        case .storeFailed: .transient
        case .slowDown: .slowDown
        case .clockSkew: .clockSkew
        case .expiredToken, .unknownKey: .expiredCredentials
        case .changedInTransit: .changedInTransit
        case .badSignature, .otherRegion, .noBucket, .denied, .noObject, .noUpload, .conditionUnmet,
            .archived,
            .refused:
            .final
        }
    }

    /// The known codes of each meaning.
    ///
    /// Source: "Error responses" in the S3 API reference, and the lists of MinIO (`XMinio…`), Ceph (`QuotaExceeded`,
    /// `UserSuspended`) and R2 (`Unauthorized`, `TooManyRequests`, `ClientDisconnect`).
    static let codes: [AnswerMeaning: [String]] = [
        .storeFailed: [
            "InternalError", "InternalFailure", "ServiceUnavailable", "ServiceFailure", "RequestTimeout",
            "RequestTimeoutException", "RequestAbortedException", "ConnectionClosedByRequester",
            "ClientDisconnect",
            "ClientDisconnected", "IncompleteBody", "OperationAborted", "ConditionalRequestConflict",
            "XMinioServerNotInitialized", "XMinioReadQuorum", "XMinioWriteQuorum",
        ],
        .slowDown: [
            "SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException",
            "RequestThrottled", "KMS.ThrottlingException", "RequestLimitExceeded", "RateLimitExceeded",
            "TooManyRequests", "TooManyRequestsException", "BandwidthLimitExceeded", "Busy",
        ],
        .clockSkew: ["RequestTimeTooSkewed"],
        .expiredToken: [
            "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken",
        ],
        .unknownKey: ["InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSecurity", "Unauthorized"],
        .badSignature: ["SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "IncompleteSignature"],
        .changedInTransit: ["BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"],
        .otherRegion: [
            "PermanentRedirect", "TemporaryRedirect", "Redirect", "IncorrectEndpoint", "InvalidRegion",
            "IllegalLocationConstraintException",
        ],
        .noBucket: ["NoSuchBucket"],
        .denied: ["AccessDenied", "AllAccessDisabled", "AccountProblem", "NotSignedUp", "UserSuspended"],
        .noObject: ["NoSuchKey"],
        .noUpload: ["NoSuchUpload"],
        .conditionUnmet: ["PreconditionFailed"],
        .archived: ["InvalidObjectState"],
        .refused: [
            "NotImplemented", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded",
            "InsufficientCapacity", "EntityTooLarge", "InvalidArgument", "InvalidRequest", "InvalidRange",
            "MethodNotAllowed", "NoSuchLifecycleConfiguration", "BucketAlreadyExists",
            "BucketAlreadyOwnedByYou",
            "InvalidBucketState", "RestoreAlreadyInProgress", "XMinioObjectExistsAsDirectory",
        ],
    ]

    /// The known statuses of each meaning, for answers without a known code.
    ///
    /// A 503 without a code is what HEAD gives for SlowDown; a 409 without one is a conflict of writers.
    static let statuses: [AnswerMeaning: [Int]] = [
        .storeFailed: [408, 409, 425, 500, 502, 504], .slowDown: [429, 503], .denied: [403],
        .conditionUnmet: [412], .refused: [501],
    ]

    /// Whether the table has the code: one with a turned bit is not in it.
    static func knows(_ code: String) -> Bool { ofCode[code] != nil }

    private static let ofCode = inverted(codes)
    private static let ofStatus = inverted(statuses)

    private static func inverted<Key: Hashable>(_ table: [AnswerMeaning: [Key]]) -> [Key: AnswerMeaning] {
        Dictionary(uniqueKeysWithValues: table.flatMap { meaning, keys in keys.map { ($0, meaning) } })
    }

    /// An error under a status of success came from a store that had already begun to answer: its own trouble.
    private static func unlisted(_ status: Int) -> AnswerMeaning {
        (300..<500).contains(status) ? .refused : .storeFailed
    }

    private static func isRedirect(_ status: Int) -> Bool { (300..<400).contains(status) }
}
