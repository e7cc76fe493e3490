// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults

/// What a request was about, for messages. Never holds a secret.
public struct S3Call: Sendable, Hashable {
    /// S3's name of the operation, e.g. `PutObject`.
    public let action: String

    /// `https://host[:port]`
    public let endpoint: String

    /// The bucket.
    public let bucket: String

    /// The object's key; nil where the request is about the bucket.
    public let key: String?

    /// Where the credentials came from, e.g. `environment`; nil if none were needed yet.
    var credentialsOrigin: String?

    /// The proxy on the way there, without its password.
    var proxy: String?

    /// The store's id of the request, for its support.
    var requestID: String?

    /// What the store said, where it answered.
    var words: StoreWords?
}

/// Why the store did not do what was asked.
public enum S3Error: Fault, Equatable {
    /// A bucket, region or endpoint that cannot be one.
    case invalidLocation(String, hint: String? = nil)

    /// No credentials anywhere; the places that were looked at, in order.
    case noCredentials(lookedIn: [String])

    /// Credentials that cannot be used; what is wrong, and where.
    case invalidCredentials(origin: String, reason: String, hint: String? = nil)

    /// A service that gives credentials did not answer, and there are none from before; tried again like the store.
    case credentialsUnavailable(origin: String, reason: String)

    /// The credentials are good, but not for this.
    case accessDenied(S3Call)

    /// The store does not know the access key.
    case invalidAccessKey(S3Call)

    /// The secret key does not belong to the access key.
    case signatureMismatch(S3Call)

    /// This machine's clock is `seconds` ahead (negative: behind) of the store's.
    case clockSkew(S3Call, seconds: Int)

    /// The session token has expired and there was no newer one.
    case expiredToken(S3Call)

    /// There is no such bucket.
    case noSuchBucket(S3Call)

    /// The bucket is in another region.
    case wrongRegion(S3Call, expected: String?)

    /// A definite 404 for the object.
    case notFound(S3Call)

    /// There is no such multipart upload (any more).
    case noSuchUpload(S3Call)

    /// The object is not in the state that the request demanded.
    case preconditionFailed(S3Call)

    /// The store cannot keep two writers apart.
    case noConditionalWrites(S3Call, ConditionFault)

    /// The store asked to slow down until our patience ended.
    case slowDown(S3Call, attempts: Int)

    /// The store answered, but with errors of its own until our patience ended.
    case unavailable(S3Call, attempts: Int)

    /// No answer until our patience ended.
    case unreachable(S3Call, reason: String, attempts: Int)

    /// A proxy on the way to the store let nothing through. `isPassing`: until our patience ended; else for good.
    case proxyFailed(S3Call, reason: String, isPassing: Bool, attempts: Int)

    /// TLS with the store failed; not retried. `isOurs`: it was the store that refused our certificate, or the lack of one.
    case untrusted(S3Call, reason: String, isOurs: Bool = false)

    /// What arrived is not what was sent, each time; checksums as the store writes them.
    case corruptPart(S3Call, part: Int?, sent: String, stored: String)

    /// What was read is not what the store's checksum says, and came so twice: it is damaged where it lies.
    case corruptObject(S3Call, expected: String, received: String)

    /// What was read differed each time, on connections of their own.
    case changesOnTheWay(S3Call, readings: Int)

    /// Fewer bytes than asked for, or more.
    case wrongLength(S3Call, expected: Int64, actual: Int64)

    /// The object is longer than the caller takes.
    case tooLong(S3Call, limit: Int)

    /// More objects lie under a prefix than the caller takes.
    case tooMany(S3Call, prefix: String, limit: Int)

    /// The store said that an upload is complete, and the object does not prove it.
    case completionFailed(S3Call, reason: String)

    /// An answer that is not as S3 defines it.
    case malformedAnswer(S3Call, reason: String)

    /// The object is in an archive and was not brought back.
    case archived(S3Call, storageClass: String)

    /// Somebody else keeps the object that lets one writer in at a time.
    case locked(bucket: String, key: String, holder: String)

    /// The bucket has as many lifecycle rules as S3 allows.
    case lifecycleFull(bucket: String, label: String)

    /// Our lifecycle rule was not seen to stand, several times over: most likely somebody else rewrites the configuration.
    case lifecycleLost(bucket: String)

    /// What is thawed was not readable in time.
    case thawTooSlow(count: Int, after: Duration)

    /// Any other refusal; the status and the code are the store's.
    case refused(S3Call, status: Int, code: String)
}

extension S3Error {
    /// What else would meet the same: the one place where that is decided. What is not listed is of that one request.
    public var reach: FaultReach {
        switch self {
        case .invalidLocation, .noCredentials, .invalidCredentials, .credentialsUnavailable,
            .invalidAccessKey,
            .signatureMismatch, .clockSkew, .expiredToken, .noSuchBucket, .wrongRegion, .slowDown,
            .unavailable,
            .unreachable, .proxyFailed, .untrusted:
            .wholeStore
        default: .itself
        }
    }

    public var kind: FaultKind {
        switch self {
        case .unreachable, .unavailable, .slowDown, .untrusted, .credentialsUnavailable,
            .proxyFailed(_, _, true, _):
            .storageUnreachable
        case .noCredentials, .invalidCredentials, .accessDenied, .invalidAccessKey, .signatureMismatch,
            .clockSkew, .expiredToken, .noSuchBucket, .wrongRegion, .invalidLocation, .refused,
            .noConditionalWrites, .proxyFailed(_, _, false, _):
            .storageRefused
        case .notFound, .corruptObject, .corruptPart, .wrongLength: .damaged
        default: .failed
        }
    }

    /// The store could not be reached, or did nothing but fail, for as long as it was given.
    public var isUnreachable: Bool { kind == .storageUnreachable }
}
