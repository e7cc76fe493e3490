// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

extension S3Client {
    /// What the store says of an object; nil only if there definitely is none.
    ///
    /// HEAD has no body and so tells a missing key from a missing bucket or an expired token by nothing: when it
    /// fails without a code, one byte is asked for by GET, whose error says which; once, where the store did nothing but fail.
    public func head(_ key: String) async throws -> S3ObjectInfo? {
        let request = S3Request(action: "HeadObject", method: "HEAD", key: key, headers: [Self.wantsChecksum])
        do {
            return try await info(request)
        } catch let error as S3Error where error.isFinalAnswer {
            guard try await isPresent(key) else { return nil }
            return try await info(request)
        } catch let error as S3Error where error.isTrouble {
            throw try await told(error, of: Self.oneByte(of: key))
        }
    }

    /// - Returns: `error` with what the store says to `request`, which is sent once.
    private func told(_ error: S3Error, of request: S3Request) async throws -> S3Error {
        var schedule = RetrySchedule(policy: RetryPolicy(storageOutage: .zero))
        do {
            _ = try await repeated(request, &schedule) { try await attempt(request, $0) }
        } catch let other as S3Error {
            return error.inWords(of: other)
        }
        return error
    }

    private func info(_ request: S3Request) async throws -> S3ObjectInfo {
        return try await perform(request) { response throws(AttemptFault) in
            guard let byteCount = response.header("content-length").flatMap(S3ObjectInfo.byteCount) else {
                throw .malformed(
                    reason: "no Content-Length that an object can have",
                    requestID: response.header("x-amz-request-id"))
            }
            return S3ObjectInfo(
                byteCount: byteCount, etag: response.entityTag ?? "", crc32c: response.fullObjectCRC32C,
                lastModified: response.header("last-modified").flatMap(HTTPDate.secondsSince1970),
                storageClass: response.header("x-amz-storage-class"), archiveState: S3ArchiveState(response),
                expiry: response.header("x-amz-expiration").flatMap(S3ObjectExpiry.init(header:)),
                date: response.date)
        }
    }

    private static func oneByte(of key: String) -> S3Request {
        S3Request(action: "GetObject", method: "GET", key: key, headers: [("range", "bytes=0-0")])
    }

    private func isPresent(_ key: String) async throws -> Bool {
        do {
            _ = try await reading(key) { try await perform(Self.oneByte(of: key)) }
            return true
        } catch S3Error.notFound {
            return false
        } catch S3Error.refused(_, 416, _) {
            return true
        }
    }
}

extension S3Error {
    /// An answer to HEAD that trying again does not change, and whose reason only a body can tell.
    fileprivate var isFinalAnswer: Bool {
        switch self {
        case .refused, .accessDenied: true
        default: false
        }
    }

    /// Answers, each of which said that the store has failed.
    fileprivate var isTrouble: Bool {
        switch self {
        case .unavailable, .slowDown: true
        default: false
        }
    }

    fileprivate func inWords(of other: S3Error) -> S3Error {
        switch (self, other) {
        case (.unavailable(let call, let attempts), .unavailable(let said, _)),
            (.slowDown(let call, let attempts), .unavailable(let said, _)):
            .unavailable(call.with(requestID: said.requestID, words: said.words), attempts: attempts)
        case (.slowDown(let call, let attempts), .slowDown(let said, _)),
            (.unavailable(let call, let attempts), .slowDown(let said, _)):
            .slowDown(call.with(requestID: said.requestID, words: said.words), attempts: attempts)
        default: self
        }
    }
}
