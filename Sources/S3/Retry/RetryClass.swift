// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// What a failed attempt calls for. The one table of it.
enum RetryClass: Equatable, CaseIterable {
    /// The store or the way to it failed: wait, sign anew, try again.
    case transient

    /// The store has too much to do: the same, with fewer requests at a time.
    case slowDown

    /// Our clock is off: once more with the store's.
    case clockSkew

    /// Key or token do not count any more: once more with fresh credentials, if there are others.
    case expiredCredentials

    /// The bytes changed on their way: again, three times at most.
    case changedInTransit

    /// Trying again changes nothing.
    case final
}

extension RetryClass {
    /// The class of an answer; `code` is the one in its `<Error>`, if there was a body.
    init(status: Int, code: String?) {
        self = code.flatMap { Self.ofCode[$0] } ?? Self.ofStatus[status] ?? Self.fallback(status)
    }

    /// The class of a request without an answer.
    init(_ error: HTTPTransportError) {
        switch error {
        case .connectionRefused, .nameNotResolved, .connectTimeout, .stalled, .timedOut, .cut, .malformed:
            self = .transient
        case .tlsPeerRefused, .tlsPeerUntrusted, .tls, .tooLong, .cancelled, .shutDown, .other:
            self = .final
        }
    }

    /// Source: "Error responses" in the S3 API reference; `TooManyRequests…` is what other stores say.
    private static let ofCode: [String: RetryClass] = [
        "SlowDown": .slowDown,
        "SlowDownRead": .slowDown,
        "SlowDownWrite": .slowDown,
        "Throttling": .slowDown,
        "ThrottlingException": .slowDown,
        "RequestLimitExceeded": .slowDown,
        "TooManyRequests": .slowDown,
        "BandwidthLimitExceeded": .slowDown,
        "InternalError": .transient,
        "ServiceUnavailable": .transient,
        "RequestTimeout": .transient,
        "IncompleteBody": .transient,
        "OperationAborted": .transient,
        "ConditionalRequestConflict": .transient,
        "RequestTimeTooSkewed": .clockSkew,
        "ExpiredToken": .expiredCredentials,
        "TokenRefreshRequired": .expiredCredentials,
        "InvalidToken": .expiredCredentials,
        "InvalidAccessKeyId": .expiredCredentials,
        "BadDigest": .changedInTransit,
        "XAmzContentChecksumMismatch": .changedInTransit,
        "XAmzContentSHA256Mismatch": .changedInTransit,
        "NotImplemented": .final,
        "BucketAlreadyExists": .final,
        "BucketAlreadyOwnedByYou": .final,
        "RestoreAlreadyInProgress": .final,
        "InvalidObjectState": .final,
        "PreconditionFailed": .final,
        "AccessDenied": .final,
    ]

    /// A 503 without a code is what HEAD gives for SlowDown; a 409 without one is a conflict of writers.
    private static let ofStatus: [Int: RetryClass] = [
        408: .transient, 409: .transient, 429: .slowDown, 500: .transient, 502: .transient, 503: .slowDown,
        504: .transient,
    ]

    /// An unknown error under status 200 came from a store that had already begun to answer: its own fault.
    private static func fallback(_ status: Int) -> RetryClass {
        status < 300 ? .transient : .final
    }
}
