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
