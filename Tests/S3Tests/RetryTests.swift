// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Testing

@testable import S3

/// The table of retry classes, a test a class, and the course of attempts.
@Suite struct RetryTests {
    @Test(arguments: [
        (500, "InternalError"), (500, nil), (502, nil), (504, nil), (503, "ServiceUnavailable"),
        (400, "RequestTimeout"), (408, nil), (409, "OperationAborted"), (409, "ConditionalRequestConflict"),
        (409, nil), (400, "IncompleteBody"), (200, "InternalError"), (200, "Whatever"),
        (530, nil), (505, nil), (507, "Whatever"), (599, "NoSuch"), (425, nil), (400, "ClientDisconnect"),
        (503, "XMinioServerNotInitialized"), (0, nil), (700, nil),
    ])
    func `a fault of the store is tried again`(status: Int, code: String?) {
        #expect(AnswerMeaning(status: status, code: code).retryClass == .transient)
    }

    @Test(arguments: [
        (503, "SlowDown"), (503, nil), (429, nil), (400, "RequestLimitExceeded"), (200, "SlowDown"),
    ])
    func `a store with too much to do is asked less often`(status: Int, code: String?) {
        #expect(AnswerMeaning(status: status, code: code).retryClass == .slowDown)
    }

    @Test func `a clock that is off is corrected once`() {
        #expect(AnswerMeaning(status: 403, code: "RequestTimeTooSkewed").retryClass == .clockSkew)
        var schedule = RetrySchedule(policy: RetryPolicy())
        #expect(schedule.next(after: .clockSkew) == .retry(after: .zero))
        #expect(schedule.next(after: .clockSkew) == .giveUp)
    }

    @Test func `an expired token is renewed once`() {
        #expect(AnswerMeaning(status: 400, code: "ExpiredToken").retryClass == .expiredCredentials)
        var schedule = RetrySchedule(policy: RetryPolicy())
        #expect(schedule.next(after: .expiredCredentials) == .retry(after: .zero))
        #expect(schedule.next(after: .expiredCredentials) == .giveUp)
    }

    @Test func `bytes that arrived changed are sent three times at most`() {
        #expect(AnswerMeaning(status: 400, code: "BadDigest").retryClass == .changedInTransit)
        var schedule = RetrySchedule(policy: RetryPolicy())
        #expect(schedule.next(after: .changedInTransit) == .retry(after: .zero))
        #expect(schedule.next(after: .changedInTransit) == .retry(after: .zero))
        #expect(schedule.next(after: .changedInTransit) == .giveUp)
    }

    @Test(arguments: [
        (403, "AccessDenied"), (403, nil), (404, "NoSuchKey"), (404, nil), (412, "PreconditionFailed"),
        (412, nil),
        (501, "NotImplemented"), (400, "InvalidPart"), (403, "SignatureDoesNotMatch"), (416, "InvalidRange"),
        (301, "PermanentRedirect"), (418, nil), (418, "Teapot"), (413, nil), (499, "Whatever"), (302, nil),
        (501, "Whatever"), (507, "XMinioStorageFull"), (403, "QuotaExceeded"), (403, "Whatever"),
    ])
    func `a refusal is not tried again`(status: Int, code: String?) {
        #expect(AnswerMeaning(status: status, code: code).retryClass == .final)
        var schedule = RetrySchedule(policy: RetryPolicy())
        #expect(schedule.next(after: .final) == .giveUp)
    }

    @Test func `a lost connection is tried again`() {
        let errors: [HTTPTransportError] = [
            .connectionRefused(url: "", text: ""), .nameNotResolved(url: "", text: ""),
            .connectTimeout(url: "", text: ""), .stalled(url: "", after: .zero), .timedOut(url: "", text: ""),
            .cut(url: "", received: 0, text: ""), .malformed(url: "", text: ""),
        ]
        for error in errors + [5, 7, 16, 52, 92, 97, 999].map({ .other(url: "", code: $0, text: "") }) {
            #expect(RetryClass(error) == .transient)
        }
    }

    @Test func `TLS that fails is not tried again`() {
        let errors: [HTTPTransportError] = [
            .tlsPeerRefused(url: "", text: ""), .tlsPeerUntrusted(url: "", text: ""), .tls(url: "", text: ""),
            .tooLong(url: "", limit: 0), .cancelled, .shutDown, .other(url: "", code: 2, text: ""),
        ]
        for error in errors {
            #expect(RetryClass(error) == .final)
        }
    }

    @Test func `waits double, with jitter, up to the cap, until patience ends`() {
        let policy = RetryPolicy(
            storageOutage: .seconds(60), firstDelay: .seconds(1), longestDelay: .seconds(8))
        var schedule = RetrySchedule(policy: policy)
        let start = ContinuousClock.now
        #expect(schedule.next(after: .transient, now: start, random: 0) == .retry(after: .seconds(0.5)))
        #expect(schedule.next(after: .transient, now: start, random: 1) == .retry(after: .seconds(2)))
        #expect(schedule.next(after: .slowDown, now: start, random: 1) == .retry(after: .seconds(4)))
        #expect(schedule.next(after: .transient, now: start, random: 1) == .retry(after: .seconds(8)))
        #expect(schedule.next(after: .transient, now: start, random: 1) == .retry(after: .seconds(8)))
        #expect(schedule.remaining(now: start + .seconds(50)) == .seconds(10))
        #expect(schedule.next(after: .transient, now: start + .seconds(55), random: 1) == .giveUp)
        #expect(schedule.failureCount == 6)
    }

    @Test func `an attempt that may have taken effect is remembered`() {
        for failure in RetryClass.allCases {
            var schedule = RetrySchedule(policy: RetryPolicy())
            _ = schedule.next(after: failure)
            let isUncertain = [.transient, .slowDown].contains(failure)
            #expect(schedule.hasUncertainAttempt == isUncertain, "\(failure)")
        }
    }
}
