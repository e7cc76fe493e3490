// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Digest
import HTTPTransport
import Logging
import XML

extension S3Client {
    /// S3's limit for one request.
    private static let keysPerRequest = 1000
    /// Requests at a time where each key needs its own.
    private static let singleWidth = 16

    /// Removes objects by exactly these keys, 1,000 a request (DeleteObjects); that there is none of a key is fine.
    ///
    /// The answer names the keys that stay: those that the store could not delete just now are asked for again; those that it
    /// refused get a request of their own, whose error says why. So does every key where the store knows no such request.
    ///
    /// - Throws: `S3Error` of a key that stays; others may be gone.
    public func delete(_ keys: [String]) async throws {
        for start in stride(from: 0, to: keys.count, by: Self.keysPerRequest) {
            let batch = Array(keys[start..<min(start + Self.keysPerRequest, keys.count)])
            try await deleteSingly(deletions.isSingle ? batch : deleteTogether(batch))
        }
    }

    private func deleteSingly(_ keys: [String]) async throws {
        _ = try await onEvery(keys, width: Self.singleWidth) { key in try await self.delete(key) }
    }

    /// - Returns: the keys that still need a request of their own.
    private func deleteTogether(_ keys: [String]) async throws -> [String] {
        var left = keys.filter { $0.xmlText != nil }
        var single = keys.filter { $0.xmlText == nil }
        guard left.count > 1 else { return keys }
        var schedule = RetrySchedule(policy: retry)
        do {
            try await repeated(Self.deletion(of: left), &schedule) { schedule in
                let failures = try DeletionFailures(try await attempt(Self.deletion(of: left), schedule))
                single += failures.refused
                left = failures.transient.map(\.key)
                if let fault = failures.transient.first?.fault { throw AttemptFault.service(fault) }
            }
            return single
        } catch let error as S3Error where error.isRefusedDeletion {
            deletions.noteRefusal()
            logger.info("objects are deleted one by one", metadata: ["reason": "\(error)"])
            return left + single
        }
    }

    private static func deletion(of keys: [String]) -> S3Request {
        let objects = keys.compactMap(\.xmlText).map { "<Object><Key>\($0)</Key></Object>" }
        let body = Array(
            ("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(objects.joined())<Quiet>true</Quiet></Delete>")
                .utf8)
        return S3Request(
            action: "DeleteObjects", method: "POST", query: [("delete", "")],
            headers: [
                ("content-type", "application/xml"), ("content-md5", MD5.digest(body).base64),
                ("x-amz-checksum-crc32c", UploadChecksum(of: .bytes(body)).crc32c.checksumText),
            ], body: .bytes(body))
    }
}

/// What an answer to DeleteObjects says of the keys that stay; a quiet one says nothing of the others.
struct DeletionFailures {
    /// Worth another try together.
    private(set) var transient: [(key: String, fault: ServiceFault)] = []
    /// Their own request says why.
    private(set) var refused: [String] = []

    init(_ response: HTTPResponse) throws(AttemptFault) {
        for entry in try response.xml("DeleteResult").all("Error") {
            guard let key = entry["Key"] else {
                throw .malformed(
                    reason: "an error without a key", requestID: response.header("x-amz-request-id"))
            }
            // An unknown code is a refusal of that key.
            let meaning = AnswerMeaning(status: 400, code: entry["Code"])
            switch meaning.retryClass {
            case .transient, .slowDown: transient.append((key, ServiceFault(ofKey: entry, in: response)))
            case .clockSkew, .expiredCredentials, .changedInTransit, .foreign, .final:
                if meaning != .noObject { refused.append(key) }
            }
        }
    }
}

extension S3Error {
    /// The store does not do this, or not for us: what a single deletion answers, decides.
    fileprivate var isRefusedDeletion: Bool {
        switch self {
        case .accessDenied, .refused, .malformedAnswer, .notFound: true
        default: false
        }
    }
}
