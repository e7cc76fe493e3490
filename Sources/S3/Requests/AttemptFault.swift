// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
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
    case malformed(reason: String, requestID: String?)

    var retryClass: RetryClass {
        switch self {
        case .transport(let error): RetryClass(error)
        case .service(let fault): RetryClass(status: fault.status, code: fault.code)
        case .credentials: .transient
        case .corrupt, .malformed: .changedInTransit
        }
    }
}

/// An S3 error as the store gave it.
struct ServiceFault: Equatable {
    let status: Int
    /// nil: no body, as with HEAD.
    let code: String?
    let message: String
    let requestID: String?
    /// The region that the store says the bucket is in.
    let region: String?
    /// The store's clock, in seconds since 1970.
    let date: Int64?
    /// Of the object, where the error names it.
    let storageClass: String?
    /// What the request was signed with.
    var credentials: S3Credentials?

    /// The error of an answer; nil if it is none.
    ///
    /// - Parameter mayHideError: an `<Error>` under status 200 is an error too. Not so for the contents of an object.
    init?(_ response: HTTPResponse, mayHideError: Bool) {
        let isSuccess = (200..<300).contains(response.status)
        if isSuccess, !mayHideError || response.body.isEmpty { return nil }
        let body = try? XMLElement(parsing: response.body)
        let error = body.flatMap { $0.name == "Error" ? $0 : nil }
        if isSuccess, error == nil { return nil }
        status = response.status
        code = error?["Code"]
        message = error?["Message"] ?? ""
        requestID = error?["RequestId"] ?? response.header("x-amz-request-id")
        region = error?["Region"] ?? response.header("x-amz-bucket-region")
        date = response.date
        storageClass = error?["StorageClass"]
    }
}

extension S3Error {
    /// The error to report for the last attempt of `request`.
    init(_ fault: AttemptFault, of request: S3Request, call: S3Call, attempts: Int) {
        switch fault {
        case .corrupt(let error), .credentials(let error):
            self = error
        case .malformed(let reason, let requestID):
            self = .malformedAnswer(call.with(requestID: requestID), reason: reason)
        case .transport(let error):
            self = Self.of(error, call: call, attempts: attempts)
        case .service(let fault):
            self = Self.of(fault, request, call: call.with(requestID: fault.requestID), attempts: attempts)
        }
    }

    private static func of(_ error: HTTPTransportError, call: S3Call, attempts: Int) -> S3Error {
        switch error {
        case .tlsPeerRefused(_, let text), .tlsPeerUntrusted(_, let text), .tls(_, let text):
            .untrusted(call, reason: text)
        case .tooLong(_, let limit):
            .tooLong(call, limit: limit)
        default:
            .unreachable(call, reason: error.description, attempts: attempts)
        }
    }

    private static func of(
        _ fault: ServiceFault, _ request: S3Request, call: S3Call, attempts: Int
    ) -> S3Error {
        switch RetryClass(status: fault.status, code: fault.code) {
        case .slowDown:
            return .slowDown(call, attempts: attempts)
        case .transient:
            return .unavailable(call, status: fault.status, code: fault.code ?? "", attempts: attempts)
        case .clockSkew:
            let offset = fault.date.map { WallClock.now - Double($0) } ?? 0
            return .clockSkew(call, seconds: Int(offset))
        case .expiredCredentials:
            return fault.code == "InvalidAccessKeyId" ? .invalidAccessKey(call) : .expiredToken(call)
        case .changedInTransit:
            return .corruptPart(
                call, part: request.part, sent: request.checksum ?? "with its checksum",
                stored: "nothing (\(fault.code ?? ""))")
        case .final:
            return refusal(fault, call: call)
        }
    }

    private static func refusal(_ fault: ServiceFault, call: S3Call) -> S3Error {
        switch (fault.code, fault.status) {
        case ("SignatureDoesNotMatch", _): .signatureMismatch(call)
        case ("NoSuchBucket", _): .noSuchBucket(call)
        case ("NoSuchUpload", _): .noSuchUpload(call)
        case ("NoSuchKey", _): .notFound(call)
        case ("InvalidObjectState", _) where call.action == "GetObject":
            .archived(call, storageClass: fault.storageClass ?? "of a class that is not named")
        case ("AuthorizationHeaderMalformed", _) where fault.region != nil, ("PermanentRedirect", _),
            (_, 301), (_, 307):
            .wrongRegion(call, expected: fault.region)
        case ("AccessDenied", _), ("AllAccessDisabled", _), (nil, 403): .accessDenied(call)
        case ("PreconditionFailed", _), (nil, 412): .preconditionFailed(call)
        default: .refused(call, status: fault.status, code: fault.code ?? "", message: fault.message)
        }
    }
}

extension S3Call {
    func with(requestID: String?) -> S3Call {
        var call = self
        call.requestID = requestID
        return call
    }
}
