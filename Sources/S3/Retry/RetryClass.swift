// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// What a failed attempt calls for; of an answer `AnswerMeaning` says it.
enum RetryClass: Equatable, CaseIterable {
    /// The store or the way to it failed: wait, sign anew, try again.
    case transient

    /// The store has too much to do: the same, with fewer requests at a time.
    case slowDown

    /// Our clock is off: once more with the store's.
    case clockSkew

    /// Key or token do not count any more: once more with fresh credentials, if there are others.
    case expiredCredentials

    /// The bytes changed on their way: again on a new connection, three times at most.
    case changedInTransit

    /// What answered is not the store, or an answer lacks what S3 gives: wait, again on a new connection, eight times at most.
    case foreign

    /// Trying again changes nothing.
    case final
}

extension RetryClass {
    /// The class of a request without an answer.
    init(_ error: HTTPTransportError) {
        switch error {
        case .connectionRefused, .nameNotResolved, .shortage, .silentFile, .connectTimeout, .stalled,
            .timedOut, .cut,
            .malformed:
            self = .transient
        case .proxyFailed(_, _, let isPassing):
            self = isPassing ? .transient : .final
        case .other(_, let code, _):
            self = Self.ownMistakes.contains(code) ? .final : .transient
        case .tlsPeerRefused, .tlsPeerUntrusted, .tlsPeerRevoked, .tls, .tooLong, .cancelled, .shutDown:
            self = .final
        }
    }

    /// libcurl's codes for a request that cannot be sent as it is; 0: it was refused before it was. Whatever else it reports is
    /// a connection that was lost.
    ///
    /// Source: libcurl-errors(3): FAILED_INIT, URL_MALFORMAT, NOT_BUILT_IN, WRITE_ERROR, READ_ERROR,
    /// BAD_FUNCTION_ARGUMENT, UNKNOWN_OPTION, SETOPT_OPTION_SYNTAX.
    private static let ownMistakes: Set = [0, 2, 3, 4, 23, 26, 43, 48, 49]
}
