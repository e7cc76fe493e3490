// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput
import XML

/// Why one attempt failed.
enum AttemptFault: Error {
    /// No answer.
    case transport(HTTPTransportError)

    /// The store's own error.
    case service(ServiceFault)

    /// No credentials to sign with, for now.
    case credentials(S3Error)

    /// What was sent or received changed on its way.
    case corrupt(S3Error)

    /// An answer that contradicts S3's definition; perhaps damaged, so it is asked for again like corrupt bytes.
    case malformed(reason: String, requestID: String?, words: StoreWords? = nil)

    /// A success that is not the store's, as a portal's page or what a proxy has packed.
    case interposed(reason: String, words: StoreWords)

    /// What came in place of a document of S3's, with the text in it.
    static func foreign(_ response: HTTPResponse, reason: String) -> AttemptFault {
        .malformed(
            reason: reason.forLog, requestID: response.header("x-amz-request-id"),
            words: StoreWords(response, error: nil))
    }

    /// The store said that it has done what was asked; its answer did not fit.
    var followsSuccess: Bool {
        switch self {
        case .corrupt, .malformed, .interposed: true
        case .transport, .service, .credentials: false
        }
    }

    var retryClass: RetryClass {
        switch self {
        case .transport(let error): RetryClass(error)
        case .service(let fault): fault.meaning.retryClass
        case .credentials: .transient
        case .corrupt, .malformed: .changedInTransit
        case .interposed: .foreign
        }
    }
}

/// An S3 error as the store gave it.
struct ServiceFault: Equatable {
    let words: StoreWords
    let requestID: String?
    /// The region that the store says the bucket is in.
    let region: String?
    /// The store's clock, in seconds since 1970.
    let date: Int64?
    /// Of the object, where the error names it.
    let storageClass: String?
    /// What the request was signed with; nil where the store took them.
    let credentials: S3Credentials?

    var status: Int { words.status }
    /// nil: no body, as with HEAD, or one that is not S3's.
    var code: String? { words.code }
    var meaning: AnswerMeaning { AnswerMeaning(status: status, code: code, region: region) }
}

extension ServiceFault {
    /// The error of an answer; nil if it is none.
    ///
    /// - Parameter mayHideError: an `<Error>` under status 200 is an error too. Not so for the contents of an object.
    init?(_ response: HTTPResponse, mayHideError: Bool, signedWith credentials: S3Credentials) {
        let isSuccess = (200..<300).contains(response.status)
        if isSuccess, !mayHideError || response.body.isEmpty { return nil }
        let error = StoreWords.error(in: response.body)
        if isSuccess, error == nil { return nil }
        self.credentials = credentials
        words = StoreWords(response, error: error, hiding: credentials.secrets)
        requestID = error?["RequestId"] ?? response.header("x-amz-request-id")
        region = error?["Region"] ?? response.header("x-amz-bucket-region")
        date = response.date
        storageClass = error?["StorageClass"]
    }

    /// The error of one key in an answer about many.
    init(ofKey error: XMLElement, in response: HTTPResponse) {
        words = StoreWords(response, error: error)
        requestID = response.header("x-amz-request-id")
        region = nil
        date = response.date
        storageClass = nil
        credentials = nil
    }
}

extension S3Error {
    /// The error to report for the last attempt of `request`.
    init(_ fault: AttemptFault, of request: S3Request, call: S3Call, attempts: Int) {
        switch fault {
        case .corrupt(let error), .credentials(let error):
            self = error
        case .malformed(let reason, let requestID, let words):
            self = .malformedAnswer(call.with(requestID: requestID, words: words), reason: reason)
        case .interposed(let reason, let words):
            self = .malformedAnswer(call.with(requestID: nil, words: words), reason: reason)
        case .transport(let error):
            self = Self.of(error, call: call, attempts: attempts)
        case .service(let fault):
            let call = call.with(requestID: fault.requestID, words: fault.words)
            self = Self.of(fault, request, call: call, attempts: attempts)
        }
    }

    private static func of(_ error: HTTPTransportError, call: S3Call, attempts: Int) -> S3Error {
        switch error {
        case .tlsPeerRefused(_, let text):
            .untrusted(call, reason: text, isOurs: true)
        case .tlsPeerUntrusted(_, let text), .tls(_, let text):
            .untrusted(call, reason: text)
        case .tooLong(_, let limit):
            .tooLong(call, limit: limit)
        case .proxyFailed(_, _, let isPassing):
            .proxyFailed(call, reason: error.description, isPassing: isPassing, attempts: attempts)
        default:
            .unreachable(call, reason: error.description, attempts: attempts)
        }
    }

    private static func of(
        _ fault: ServiceFault, _ request: S3Request, call: S3Call, attempts: Int
    ) -> S3Error {
        switch fault.meaning {
        case .denied where request.isConditionalWrite && fault.refusesConditions,
            .refused where request.isConditionalWrite && fault.refusesConditions:
            .noConditionalWrites(call, .refused(fault.words.text))
        case .storeFailed: .unavailable(call, attempts: attempts)
        case .slowDown: .slowDown(call, attempts: attempts)
        case .clockSkew: .clockSkew(call, seconds: Int(fault.date.map { WallClock.now - Double($0) } ?? 0))
        case .expiredToken: .expiredToken(call)
        case .unknownKey: .invalidAccessKey(call)
        case .badSignature: .signatureMismatch(call)
        case .changedInTransit:
            .corruptPart(
                call, part: request.part, sent: request.checksum ?? "with its checksum", stored: "nothing")
        case .otherRegion: .wrongRegion(call, expected: fault.region)
        case .noBucket: .noSuchBucket(call)
        case .denied: .accessDenied(call)
        case .noObject: .notFound(call)
        case .noUpload: .noSuchUpload(call)
        case .conditionUnmet: .preconditionFailed(call)
        case .archived where call.action == "GetObject":
            .archived(call, storageClass: fault.storageClass ?? "of a class that is not named")
        case .archived, .refused: .refused(call, status: fault.status, code: fault.code ?? "")
        }
    }
}

extension S3Call {
    func with(requestID: String?, words: StoreWords? = nil) -> S3Call {
        var call = self
        call.requestID = requestID
        call.words = words
        return call
    }
}
