// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import Digest
import HTTPTransport

extension S3Client {
    /// Writes a small object whole.
    ///
    /// An attempt whose answer was lost may have written the object. When the next one then finds the condition
    /// unmet, the object is read: if it holds exactly `bytes`, it is ours.
    ///
    /// - Throws: `S3Error.preconditionFailed` if the condition does not hold; `.noConditionalWrites` if the store knows none.
    public func put(
        _ key: String, _ bytes: [UInt8], condition: WriteCondition = .none
    ) async throws -> S3ObjectVersion {
        var schedule = RetrySchedule(policy: retry)
        do {
            return try await put(key, .bytes(bytes), condition, isBulk: false, &schedule)
        } catch S3Error.preconditionFailed(let call) where schedule.hasUncertainAttempt {
            guard let version = try await version(of: key, holding: bytes) else {
                throw S3Error.preconditionFailed(call)
            }
            return version
        } catch S3Error.notFound(let call) where condition != .none {
            // What AWS answers to If-Match where there is nothing (any more).
            throw S3Error.preconditionFailed(call)
        }
    }

    /// Writes a block's bytes as one object, of the storage class for bulk data. The block is borrowed until this returns or throws.
    public func put(_ key: String, _ block: ByteBlock) async throws -> S3ObjectVersion {
        var schedule = RetrySchedule(policy: retry)
        return try await put(key, .block(block), .none, isBulk: true, &schedule)
    }

    private func put(
        _ key: String, _ body: HTTPBody, _ condition: WriteCondition, isBulk: Bool,
        _ schedule: inout RetrySchedule
    ) async throws -> S3ObjectVersion {
        let request = S3Request(
            action: "PutObject", method: "PUT", key: key,
            headers: condition.headers + keeping.headers(isBulk: isBulk), body: body,
            isSentOnce: condition != .none)
        let (response, _) = try await upload(request, UploadChecksum(of: body), &schedule)
        return S3ObjectVersion(response)
    }

    /// Sends a body with its checksums and compares what the store then has.
    func upload(
        _ request: S3Request, _ checksum: UploadChecksum, _ schedule: inout RetrySchedule
    ) async throws -> (HTTPResponse, isChecksummedByStore: Bool) {
        var sent = request
        sent.checksum = "CRC-32C \(checksum.crc32c.checksumText)"
        return try await repeated(sent, &schedule) { schedule in
            var request = request
            request.headers += try await checksum.headers(checksums)
            let response = try await attempt(request, schedule)
            let isChecksummed = try await checksum.compare(
                response, checksums, call: call(request), part: request.part)
            return (response, isChecksummed)
        }
    }

    /// Reads a small object whole; its CRC-32C is checked where the store gives one.
    ///
    /// - Throws: `S3Error.notFound` only where there definitely is none (`reading`); `.tooLong` if it has more than `limit` bytes.
    public func get(_ key: String, limit: Int) async throws -> (bytes: [UInt8], version: S3ObjectVersion) {
        let request = S3Request(
            action: "GetObject", method: "GET", key: key, headers: [Self.wantsChecksum],
            sink: .collect(limit: limit))
        let call = call(request)
        return try await reading(key) {
            try await perform(request) { response throws(AttemptFault) in
                var received = CRC32C()
                received.update(response.body)
                if let stored = response.fullObjectCRC32C, stored != received.value {
                    throw .corrupt(
                        .corruptObject(
                            call, expected: stored.checksumText, received: received.value.checksumText))
                }
                return (response.body, S3ObjectVersion(response))
            }
        }
    }

    /// Reads `range` of an object into `block`, from its beginning: exactly that many bytes, or an error.
    ///
    /// The block is borrowed until this returns or throws; what a failed attempt left in it is overwritten.
    ///
    /// - Parameter version: what the object must still be; otherwise `S3Error.preconditionFailed`.
    public func get(
        _ key: String, range: Range<Int64>, into block: ByteBlock, version: S3ObjectVersion? = nil
    ) async throws {
        precondition(range.lowerBound >= 0 && range.count <= block.capacity)
        block.count = 0
        if range.isEmpty { return }
        var request = S3Request(action: "GetObject", method: "GET", key: key, sink: .block(block))
        request.headers = [("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
        if let version { request.headers.append(("if-match", "\"\(version.etag)\"")) }
        let call = call(request)
        do {
            try await reading(key) {
                block.count = 0
                try await perform(request) { response throws(AttemptFault) in
                    try Self.check(response, gives: range, call: call)
                }
            }
        } catch S3Error.refused(let call, 416, _) {
            throw S3Error.wrongLength(call, expected: Int64(range.count), actual: 0)
        } catch S3Error.tooLong(let call, _) {
            throw S3Error.malformedAnswer(call, reason: "more bytes than the range that was asked for")
        }
    }

    /// `Content-Range` decides: `rclone serve s3` answers a range with status 200.
    private static func check(
        _ response: HTTPResponse, gives range: Range<Int64>, call: S3Call
    ) throws(AttemptFault) {
        guard let given = response.header("content-range") else {
            throw .malformed(
                reason: "status \(response.status) without a range to a request for one",
                requestID: response.header("x-amz-request-id"))
        }
        let expected = "bytes \(range.lowerBound)-\(range.upperBound - 1)/"
        guard given.hasPrefix(expected), response.bodyByteCount == range.count else {
            throw .corrupt(
                .wrongLength(call, expected: Int64(range.count), actual: Int64(response.bodyByteCount)))
        }
    }

    /// Removes an object; that there is none is fine.
    public func delete(_ key: String) async throws {
        do {
            _ = try await perform(S3Request(action: "DeleteObject", method: "DELETE", key: key))
        } catch S3Error.notFound {
            return
        }
    }

    /// Asks for the checksum that the store keeps.
    static let wantsChecksum = (name: "x-amz-checksum-mode", value: "ENABLED")
}
